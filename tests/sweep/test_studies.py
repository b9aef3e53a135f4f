"""The shipped studies: complete, planned as documented, and in the words of the paper."""

from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from actwise.models import make_describe
from actwise.spec import TrainSettings, load_study, shipped_studies
from actwise.sweep.plan import Plan, make_plan

DESCRIBE = make_describe(None)
NUM_CELLS = {
    "cifar-mini": 24,
    "demo": 12,
    "depth": 24,
    "depth-mini": 24,
    "identity": 16,
    "paper": 24,
    "paper-standard": 24,
    "race-bank": 288,
    "signal-identity": 16,
    "tuning": 18,
}


@cache
def plan_of(name: str) -> Plan:
    return make_plan(load_study(name), DESCRIBE)


def test_every_shipped_study_is_known_to_these_tests() -> None:
    assert shipped_studies() == sorted(NUM_CELLS)


@pytest.mark.parametrize("name", NUM_CELLS)
def test_a_study_has_its_cells_and_none_is_trained_twice(name: str) -> None:
    study = load_study(name)
    plan = plan_of(name)
    assert study.name == name
    assert len(plan.cells) == len(plan.distinct_cells) == NUM_CELLS[name]
    assert len(plan.runs) == NUM_CELLS[name] * len(study.seeds)


@pytest.mark.parametrize("name", NUM_CELLS)
def test_a_study_says_what_it_asks_what_it_costs_and_what_to_expect(name: str) -> None:
    text = Path(str(resources.files("actwise") / "studies" / f"{name}.toml")).read_text("utf-8")
    assert text.startswith(f"# {name}: ")
    header = text[: text.index("name = ")]
    assert all(f"# {word} " in header for word in ("Asks", "Cost", "Expect"))
    study = load_study(name)
    assert f"{NUM_CELLS[name] * len(study.seeds)} runs" in header
    assert f"{NUM_CELLS[name] * len(study.seeds)} runs, estimated" in study.description


def test_the_paper_is_trained_by_the_default_protocol() -> None:
    assert load_study("paper").train == TrainSettings()
    assert load_study("paper-standard").train == TrainSettings()


def test_the_paper_and_its_small_form_have_the_same_cells() -> None:
    paper, mini = load_study("paper"), load_study("cifar-mini")
    assert paper.factors == mini.factors


def test_the_small_studies_share_one_schedule() -> None:
    schedule = load_study("cifar-mini").train
    assert load_study("identity").train == schedule
    assert load_study("tuning").train.model_copy(update={"learning_rate": 0.1}) == schedule


def test_identity_mapping_is_all_that_differs_between_the_backbones_of_depth() -> None:
    plan = plan_of("depth")
    parameters = {run.spec.model: run.parameters for run in plan.cells}
    for layers in (20, 32, 56, 110):
        residual, plain = (
            next(run for run in plan.cells if run.spec.model == f"{kind}{layers}")
            for kind in ("resnet", "plain")
        )
        assert residual.parameters == plain.parameters
    assert parameters["resnet110"] > parameters["resnet56"]


def test_stated_costs_follow_from_the_multiply_accumulates() -> None:
    num_images = 200 * 50_000
    for name, petaflop_per_seed in (("paper", 320), ("paper-standard", 625), ("depth", 176)):
        plan = plan_of(name)
        macs = sum(plan.description(run).macs for run in plan.cells)
        assert 3 * 2 * macs * num_images / 1e15 == pytest.approx(petaflop_per_seed, rel=0.01)
        assert f"{petaflop_per_seed} PFLOP a seed" in plan.study.description
