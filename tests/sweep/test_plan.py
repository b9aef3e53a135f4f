"""Plans: which runs a study asks for, which of them are the same, what they will take."""

import json
from dataclasses import replace
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.models import make_describe
from actwise.spec import Description, RunSpec
from actwise.sweep import Plan, RunOptions, make_plan
from actwise.sweep.plan import (
    ASSUMED_FLOPS,
    LEAST_STEP_SECONDS,
    LEAST_STEP_SECONDS_PER_SITE,
    RUN_SECONDS,
    RUN_SECONDS_PER_SITE,
    START_SECONDS,
    assumed_flops,
    check_study,
    estimate,
    evaluated_images,
    make_label,
    makespan,
    obstacles,
    training_images,
)
from made.plans import describe, study
from made.sweeps import small_study


@pytest.fixture
def plan() -> Plan:
    return make_plan(study(), describe)


def large(spec: RunSpec) -> Description:
    """Networks whose operations take longer than the calls of a step."""
    found = describe(spec)
    return replace(found, macs=10_000 * found.macs, activation_sites=2)


def seconds_of_runs(plan: Plan, **options: Any) -> float:
    """The estimate without the start of the command."""
    found = estimate(plan, **options).seconds
    assert found is not None
    return found - START_SECONDS


def test_all_cells_come_at_the_first_seed_before_any_at_the_second(plan: Plan) -> None:
    assert [run.spec.seed for run in plan.runs] == [0] * 8 + [5] * 8
    first, second = plan.runs[:8], plan.runs[8:]
    assert [run.cell_hash for run in first] == [run.cell_hash for run in second]
    assert len(plan.cells) == 8


def test_labels_of_one_network_share_a_run_and_are_marked(plan: Plan) -> None:
    aliased = [run for run in plan.runs if run.is_aliased]
    assert {run.spec.model for run in aliased} == {"residual"}
    assert len(aliased) == 8
    assert len({run.run_id for run in aliased}) == 4
    assert len(plan.distinct_runs) == 12
    assert len(plan.runs) == 16
    groups = plan.aliases.values()
    assert [[spec.regularization for spec in group] for group in groups] == [
        ["bn", "bn+dropout"]
    ] * 2


def test_distinct_runs_keep_the_order_of_the_plan(plan: Plan) -> None:
    assert [run.run_id for run in plan.distinct_runs] == list(
        dict.fromkeys(run.run_id for run in plan.runs)
    )
    assert plan.distinct_cells == plan.distinct_runs[:6]


def test_a_run_knows_its_seed_and_is_another_at_another_seed(plan: Plan) -> None:
    assert plan.runs[0].run_id != plan.runs[8].run_id
    assert plan.runs[8].spec == plan.runs[0].spec.model_copy(update={"seed": 5})


def test_networks_are_described_once_a_cell() -> None:
    asked: list[RunSpec] = []

    def count(spec: RunSpec) -> Description:
        asked.append(spec)
        return describe(spec)

    make_plan(study(seeds="0..99"), count)
    assert len(asked) == 8


def test_a_hundred_thousand_runs_can_be_planned() -> None:
    large = make_plan(study(seeds="0..12499"), describe)
    assert len(large.runs) == 100_000
    assert len(large.distinct_runs) == 75_000


def test_excluded_combinations_are_counted_and_not_planned() -> None:
    rule = {"model": "stack", "regularization": "bn"}
    plan = make_plan(study(exclude=[rule]), describe)
    assert plan.num_excluded == 2
    assert len(plan.cells) == 6


def test_the_estimate_is_six_operations_per_mac_and_image(plan: Plan) -> None:
    cost = estimate(plan, workers=2)
    images = 10 * (1000 // 128) * 128
    # Four stacks of 5,000 MACs and two residual networks of 3,000, at two seeds.
    expected = 2 * 6 * images * (4 * 5000 + 2 * 3000)
    assert cost.floating_point_operations == expected
    assert cost.basis == "assumed: 83 GFLOP/s per core, 3.5 s to start"
    assert (cost.is_upper_bound, cost.is_measured) == (True, False)
    assert (cost.num_cells, cost.num_distinct_cells, cost.num_runs) == (8, 6, 12)
    assert (cost.num_labelled_runs, cost.num_aliased_groups) == (16, 2)
    assert cost.macs_per_image == (3000, 5000)
    assert json.loads(json.dumps(cost.to_json()))["memory_bytes"] == 4000


def test_the_assumed_time_counts_evaluations_and_what_workers_wait() -> None:
    plan = make_plan(study(), large)
    images = 10 * (1000 // 128) * 128 + 300 / 3
    beside = RUN_SECONDS + 2 * RUN_SECONDS_PER_SITE
    stack, residual = (6 * macs * images / assumed_flops(1.0) + beside for macs in (5e7, 3e7))
    run = plan.runs[0]
    assert evaluated_images(plan, run) == 300
    assert seconds_of_runs(plan, workers=1) == pytest.approx(8 * stack + 4 * residual)
    assert seconds_of_runs(plan, workers=12) == pytest.approx(stack)
    assert seconds_of_runs(plan, workers=16) == seconds_of_runs(plan, workers=12)


def test_tiny_networks_take_the_time_of_their_calls_and_of_their_start(plan: Plan) -> None:
    steps = (10 * (1000 // 128) * 128 + 300 / 3) / 128
    run = steps * LEAST_STEP_SECONDS + RUN_SECONDS
    assert seconds_of_runs(plan, workers=1) == pytest.approx(12 * run)
    deep = make_plan(study(), lambda spec: replace(describe(spec), activation_sites=100))
    more = 100 * (steps * LEAST_STEP_SECONDS_PER_SITE + RUN_SECONDS_PER_SITE)
    assert seconds_of_runs(deep, workers=1) == pytest.approx(12 * (run + more))


def test_the_assumed_time_knows_the_cores_that_runs_share() -> None:
    plan = make_plan(study(), large)
    alone = seconds_of_runs(plan, workers=1)
    assert seconds_of_runs(plan, workers=1, threads=2) == pytest.approx(alone / 2, rel=1e-2)
    assert seconds_of_runs(plan, workers=1, threads=2, cores=1) == pytest.approx(alone)
    twelve_at_once = seconds_of_runs(plan, workers=12)
    shared = seconds_of_runs(plan, workers=12, cores=3)
    assert shared == pytest.approx(4 * twelve_at_once, rel=1e-2)


def test_held_out_images_are_evaluated_after_every_epoch() -> None:
    train = {"epochs": 10, "validation_fraction": 0.1}
    held_out = make_plan(study(train=train), describe)
    assert evaluated_images(held_out, held_out.runs[0]) == 10 * 100 + 300
    curve = make_plan(study(train=train, observe={"test_curve": True}), describe)
    assert evaluated_images(curve, curve.runs[0]) == 10 * 400


def test_workers_take_the_next_run_when_they_are_free() -> None:
    assert makespan([3.0, 1.0, 1.0, 1.0], workers=2) == 3.0
    assert makespan([1.0, 1.0, 3.0], workers=2) == 4.0
    assert makespan([2.0, 2.0], workers=1) == 4.0
    assert makespan([], workers=2) == 0.0


def test_narrow_networks_are_reckoned_with_fewer_operations_a_second() -> None:
    assert [assumed_flops(width) for width, _ in ASSUMED_FLOPS] == pytest.approx(
        [rate for _, rate in ASSUMED_FLOPS]
    )
    widths = (0.01, 0.125, 0.2, 0.25, 0.5, 1.0)
    rates = [assumed_flops(width) for width in widths]
    assert rates == sorted(set(rates))
    assert assumed_flops(0.0625) == pytest.approx(assumed_flops(0.125) / 2)
    assert assumed_flops(4.0) == assumed_flops(1.0)


def test_cells_of_different_widths_add_up_at_their_own_rates() -> None:
    def seconds(*widths: float) -> float:
        factors = study().factors | {"width": widths}
        return seconds_of_runs(make_plan(study(factors=factors), large), workers=1)

    assert seconds(0.125) > 1.9 * seconds(0.25)
    assert seconds(0.125, 1.0) == pytest.approx(seconds(0.125) + seconds(1.0))


def test_no_time_is_made_up_for_a_cuda_device(plan: Plan) -> None:
    cost = estimate(plan, workers=1, device="cuda")
    assert cost.seconds is None
    assert cost.floating_point_operations > 0


def test_only_a_plateau_may_end_before_its_last_epoch() -> None:
    plan = make_plan(study(train={"epochs": 10, "schedule": "cosine"}), describe)
    assert not estimate(plan, workers=1).is_upper_bound


@pytest.mark.parametrize(
    ("train", "images"),
    [
        ({"epochs": 2, "batch_size": 100}, 2000),
        ({"epochs": 1, "batch_size": 300}, 900),
        ({"epochs": 1, "batch_size": 100, "train_size": 250}, 200),
        ({"epochs": 1, "batch_size": 100, "validation_fraction": 0.1}, 900),
    ],
)
def test_an_epoch_is_full_batches_of_what_is_trained_on(train: dict[str, Any], images: int) -> None:
    run = make_plan(study(train=train), describe).runs[0]
    assert training_images(run.spec, describe(run.spec)) == images


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"train_size": 1001}, "train_size=1001 is more than the 1000 images"),
        ({"train_size": 950, "validation_fraction": 0.1}, "more than the 900 images"),
        ({"batch_size": 1001}, "batch_size=1001 is more than the 1000 images"),
        ({"train_size": 100}, "batch_size=128 is more than the 100 images"),
    ],
)
def test_sizes_that_the_data_do_not_have_are_refused(train: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        make_plan(study(train=train), describe)


def test_levels_written_differently_are_one_cell() -> None:
    asked = small_study(activation=("elu", "elu(1)", "elu(alpha=1.0)"), seeds=(0,))
    plan = make_plan(asked, make_describe(None))
    assert len(plan.distinct_runs) == 1
    assert [run.spec.activation for run in plan.runs] == ["elu", "elu(1)", "elu(alpha=1.0)"]
    assert all(run.is_aliased for run in plan.runs)


def test_a_run_is_named_by_the_levels_that_vary() -> None:
    factors = study().factors | {"width": [0.5, 1.0], "train.learning_rate": [0.1]}
    made = study(factors=factors | {"model": ["stack"], "regularization": ["bn"]}, seeds=[7])
    label = make_label(made)
    assert [label(run) for run in make_plan(made, describe).runs] == [
        f"{activation} width={width} seed 7"
        for activation in ("relu", "elu")
        for width in ("0.5", "1")
    ]


def test_a_study_that_a_race_has_noted_is_not_run() -> None:
    noted = study(race={"full_runs": 3.5})
    with pytest.raises(SpecError) as refusal:
        check_study(noted)
    sentence = (
        "study 'made': [race] is what `actwise recommend` notes of its runs; leave it out, or give "
        "the study to `recommend`"
    )
    assert str(refusal.value) == sentence
    first, *_ = obstacles(make_plan(noted, describe), RunOptions(), workers=1, device="cuda")
    assert first == f"`run` would refuse: {sentence}"
