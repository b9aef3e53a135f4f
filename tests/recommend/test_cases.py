"""What can be raced, and what is refused with one sentence before anything is written."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import ActwiseError
from actwise.recommend.case import Case, make_case
from actwise.recommend.request import RaceRequest
from actwise.spec import StudySpec
from actwise.sweep.executors import Describer, Nursery
from made.own_networks import Net

NET = "made.own_networks:Net"
STUDY: dict[str, Any] = {
    "name": "mine",
    "factors": {
        "dataset": ["digits"],
        "model": ["convnet"],
        "regularization": ["bn"],
        "activation": ["relu", "elu"],
    },
    "train": {"schedule": "cosine", "epochs": 12},
}


Make = Callable[..., Case]


@pytest.fixture(scope="module")
def case() -> Iterator[Make]:
    """Makes cases; one process looks at all users' code."""
    with Nursery() as nursery, Describer(None, nursery) as describe:

        def case(model: Any = "convnet", dataset: str | None = "digits", **changes: Any) -> Case:
            return make_case(RaceRequest(model, dataset, **changes), describe)

        yield case


def study_with(**changes: Any) -> dict[str, Any]:
    return STUDY | changes


def task_with(**changes: Any) -> dict[str, Any]:
    task = {"train": "made.races_in_tasks:scores", "unit": "percent"}
    return {"name": "own", "factors": {"activation": ["relu", "elu"]}, "task": task | changes}


def levels(study: StudySpec) -> dict[str, Any]:
    return {name: list(found) for name, found in study.factors.items()}


def test_a_model_and_a_data_set_are_raced_as_usual(case: Make) -> None:
    found = case()
    assert levels(found.study) == {
        "dataset": ["digits"],
        "model": ["convnet"],
        "regularization": ["bn"],
        "activation": ["relu", "prelu", "elu", "gelu", "silu", "mish"],
        "train.epochs": [9, 27],
    }
    (train,) = {cell.train.model_copy(update={"epochs": 0}) for cell in found.study.cells()}
    assert (train.schedule, train.learning_rate, train.batch_size) == ("onecycle", 0.1, 128)
    assert train.validation_fraction == 0.2
    assert found.study.observe.validation_curve == "last"


def test_overrides_are_those_of_a_run(case: Make) -> None:
    found = case(overrides=["width=0.25", "factors.regularization=bn+aug", "train.epochs=15"])
    cell = next(found.study.cells())
    assert (cell.width, cell.regularization, found.epochs) == (0.25, "bn+aug", 15)
    assert found.study.factors["train.epochs"] == (5, 15)


@pytest.mark.parametrize("model", [NET, Net])
def test_a_network_with_its_own_layers_keeps_them(case: Make, model: Any) -> None:
    found = case(model)
    assert levels(found.study)["regularization"] == ["own"]
    assert levels(found.study)["model"] == [NET]


def test_a_study_gives_candidates_length_and_protocol(case: Make) -> None:
    found = case(STUDY, dataset=None)
    assert (found.candidates, found.epochs) == (("relu", "elu"), 12)
    assert {cell.train.schedule for cell in found.study.cells()} == {"cosine"}
    assert case(STUDY, dataset=None, epochs=9, candidates=["relu", "silu"]).candidates == (
        "relu",
        "silu",
    )


def test_a_path_is_a_study(case: Make, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\n[factors]\ndataset = ["digits"]\nmodel = ["convnet"]\n'
        'regularization = ["bn"]\nactivation = ["relu", "elu"]\n'
        '[train]\nschedule = "cosine"\nepochs = 12\n'
    )
    assert case(file, dataset=None).study == case(STUDY, dataset=None).study


@pytest.mark.parametrize(
    ("changes", "unlike"),
    [
        ([], None),
        (["factors.regularization=aug+bn", "train.train_size=5000"], None),
        (["train.train_size=30000", "train.epochs=81"], None),
        (["width=1"], "width"),
        (["factors.regularization=none"], "regularization"),
        (["train.optimizer=adamw", "train.learning_rate=0.001"], None),
        (["train.schedule=cosine"], "schedule"),
        (["train.train_size=30080"], "images"),
        (["train.train_size=640"], "images"),
        (["train.epochs=82"], "epochs"),
        (["train.epochs=200", "width=1"], "width, epochs"),
    ],
)
def test_what_the_bank_has_no_condition_of_widens_and_is_named(
    case: Make, changes: list[str], unlike: str | None
) -> None:
    overrides = ["width=0.25", "train.train_size=10000", *changes]
    found = case("resnet18-table2", "cifar10", overrides=overrides)
    assert found.is_of_the_bank == (unlike is None)
    assert found.notes == ((f"no condition of the bank has this {unlike}",) if unlike else ())
    race = found.race(full_runs=None, margin=None)
    assert race.settings.is_widened == (unlike is not None)


def test_an_optimizer_is_known_of_the_networks_that_it_trained(case: Make) -> None:
    overrides = ["width=0.25", "train.train_size=10000", "train.optimizer=adamw"]
    found = case("vgg16-table1", "cifar10", overrides=overrides)
    assert found.notes == ("no condition of the bank has this optimizer",)
    assert case("vgg16-table1", "cifar10", overrides=overrides[:2]).is_of_the_bank


def test_the_same_case_has_the_same_name_and_no_other_case_has(case: Make) -> None:
    names = [
        case(**changes).study.name
        for changes in ({}, {}, {"epochs": 9}, {"overrides": ["width=0.5"]})
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_a_training_of_one_s_own_is_called_with_folds_where_it_takes_them(case: Make) -> None:
    folds = case(task_with(), dataset=None, epochs=9)
    assert levels(folds.study) == {
        "activation": ["relu", "elu"],
        "epochs": [3, 9],
        "fold": [0, 1, 2, 3, 4],
    }
    plain = case(task_with(train="made.races_in_tasks:errors"), dataset=None)
    assert levels(plain.study) == {"activation": ["relu", "elu"], "epochs": [9, 27]}


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    ("convnet", {"dataset": None}, "recommend 'convnet' needs a data set: --dataset"),
    ("convnet", {"epochs": 7}, "epochs=7: expected at least 9 (--epochs 9)"),
    ("convnet", {"candidates": ["relu"]}, "expected two or more"),
    ("convnet", {"candidates": ["elu", "prelu"]}, "incumbent='relu' is none of the candidates"),
    ("convnet", {"candidates": ["relu", "relu"]}, "'relu' given more than once"),
    ("convnet", {"candidates": []}, "expected two or more"),
    ("convnet", {"candidates": "relu,elu"}, "candidates='relu,elu': expected a list of names"),
    ("convnet", {"epochs": 0}, "epochs=0"),
    ("convnet", {"overrides": ["seeds=0..2"]}, "'seeds=0..2' has no effect: a race takes"),
    ("convnet", {"overrides": ["looks=3"]}, "has no effect"),
    ("convnet", {"overrides": ["train.epochs=9"], "epochs": 9}, "say it twice"),
    ("convnet", {"overrides": ["factors.train.epochs=9"], "epochs": 9}, "say it twice"),
    (
        "convnet",
        {"overrides": ["factors.activation=relu,tanh"], "candidates": ["relu", "elu"]},
        "--candidates and 'factors.activation=relu,tanh' say it twice",
    ),
    ("convnet", {"overrides": ["factors.dataset=cifar10"]}, "--dataset and 'factors.dataset=cif"),
    (STUDY, {"overrides": ["factors.activation=elu"], "incumbent": None}, "expected two or more"),
    (task_with(), {"dataset": None, "overrides": ["factors.epochs=9"], "epochs": 9}, "say it twi"),
    ("convnet", {"overrides": ["observe.validation_curve=every"]}, "looks at the held-out images"),
    ("convnet", {"overrides": ["train.schedule=plateau"]}, "write train.schedule=onecycle"),
    ("convnet", {"overrides": ["train.schedule=step"]}, "train.schedule=step"),
    ("convnet", {"overrides": ["train.validation_fraction=0.5"]}, "folds of a fifth"),
    ("convnet", {"overrides": ["train.validation_fraction=0"]}, "folds of a fifth"),
    ("convnet", {"overrides": ["observe.test_curve=on"]}, "leaves alone before its advice"),
    (
        "convnet",
        {"overrides": ["factors.model=mlp"]},
        "is 'convnet': leave out 'factors.model=mlp'",
    ),
    ("convnet", {"overrides": ["train.epoch=9"]}, "did you mean epochs"),
    ("nowhere.toml", {}, "No such file"),
    ("made.own_networks:Nat", {}, "did you mean Net"),
    ("race-bank", {"dataset": None}, "the factor dataset has 2 levels (cifar10, cifar100)"),
    (study_with(train={"epochs": 9}), {}, "train.schedule=plateau"),
    (study_with(exclude=[{"activation": "elu"}]), {}, "exclude of study 'mine' has no effect"),
    (study_with(looks=[2]), {}, "looks of study 'mine' has no effect"),
    (study_with(race={"full_runs": 3.0}), {}, "[race] is what `actwise recommend` notes itself"),
    (task_with(), {}, "--dataset digits has no effect on a training of your own"),
    (task_with(unit="none"), {"dataset": None}, 'write unit = "percent"'),
    (task_with(settings={"fold": 1}), {"dataset": None}, "'fold' is what a race gives"),
    (task_with(settings={"epochs": "ten"}), {"dataset": None}, "epochs='ten' of the training"),
    (task_with(train="made.own_training:gives"), {"dataset": None}, "epochs"),
    (Net(10), {}, "every training needs a new one"),
    (lambda: None, {}, "is not at the top of a module"),
]


@pytest.mark.parametrize(("subject", "changes", "complaint"), WRONG)
def test_what_no_race_can_be_about_is_refused_in_one_sentence(
    case: Make, subject: Any, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ActwiseError) as refused:
        case(subject, **changes)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_forty_candidates_are_raced(case: Make) -> None:
    many = ["relu", *(f"elu({1 + number / 100:g})" for number in range(39))]
    assert case(candidates=many).candidates == tuple(many)
