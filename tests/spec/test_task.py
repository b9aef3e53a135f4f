"""``[task]``: what a study of the user's own trainings may say, and what makes two runs one."""

from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.spec import StudySpec, load_study, parse_stored_study
from made import own_training
from made.tasks import task_plan, task_study, task_values

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"width": 0.5}, r"width has no effect on a training of your own"),
    ({"train": {"epochs": 2}}, r"\[train\] has no effect on a training of your own"),
    ({"observe": {}}, r"\[observe\] has no effect on a training of your own"),
    ({"factors": {"train.epochs": [1]}}, r"'train.epochs' is no name of an argument in Python"),
    ({"factors": {"seed": [1]}}, "the factor 'seed' is given to every training"),
    ({"factors": {"lambda": [1]}}, "the factor 'lambda' is no name of an argument"),
    ({"factors": {"depth": []}}, "the factor 'depth' has no levels"),
    ({"factors": {"depth": [1, 1]}}, "the factor 'depth' lists a level twice"),
    ({"factors": {"depth": [2, 1, True]}}, "'depth' has the levels 1 and true, which are equal in"),
    ({"factors": {"depth": [0.0, False]}}, "'depth' has the levels 0.0 and false, which are equal"),
    ({"factors": {"depth": [1, 1.0]}}, "'depth' has the levels 1 and 1.0, which are equal in"),
    ({"factors": {"depth": [[1]]}}, r"factors.depth: \[1\] is no level; write a text, a number"),
    ({"factors": {"model": [1]}}, "factors.model: 1 is no level; write a text"),
    ({"factors": {"activation": []}}, "there is no level of the factor 'activation'"),
    ({"exclude": [{"depth": 1}]}, "exclude names depth, but the factors are activation"),
    ({"analysis": {"strata": ["dataset"]}}, "no factor is named 'dataset'"),
    ({"task": {"train": "mine"}}, "task.train: 'mine' does not name a function; write package"),
    ({"task": {"train": "m:f(2)"}}, r"task.train: 'm:f\(2\)' does not name a function"),
    ({"task": {"train": lambda: 1}}, "'<lambda>' is not at the top of a module"),
    ({"task": {"respons": "x"}}, "no setting is named 'respons'; did you mean response"),
    ({"task": {"response": "a\nb"}}, "is no name of a number"),
    ({"task": {"response": "test_loss"}}, "has the name of an error or a loss; write higher_is"),
    ({"task": {"unit": "points"}}, "task.unit='points'"),
    ({"factors": {"accuracy": [1]}}, "task.response=accuracy is the name of a factor too, and no"),
    (
        {"task": {"response": "lr", "settings": {"lr": 0.1}}},
        "task.response=lr is the name of a setting too, and no training may give back",
    ),
    ({"task": {"settings": {"activation": 1}}}, "the setting 'activation' is given to every"),
    ({"task": {"settings": {"a": {}}}}, "a={} is no text, number or truth value"),
    ({"task": {"settings": {"a": float("inf")}}}, "a=inf is not a finite number"),
    ({"factors": {"a": [2**63]}}, "a=9223372036854775808 is no whole number of 64 bits"),
    ({"task": {"settings": {"a": "x" * 6000}}}, "has more than 5,000 letters"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED, ids=[s for _, s in REFUSED])
def test_what_is_wrong_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence) as refusal:
        task_study(**changes)
    assert "\n" not in str(refusal.value)


def test_cells_are_the_product_of_the_users_factors() -> None:
    study = task_study(factors={"depth": [1, 2]}, task={"settings": {"depth": 5, "lr": 0.1}})
    cells = [(c.activation, c.task.settings) for c in study.cells() if c.task]
    assert cells[:2] == [("relu", {"depth": 1, "lr": 0.1}), ("relu", {"depth": 2, "lr": 0.1})]
    assert len(cells) == 4
    (first, *_) = study.cells()
    assert (first.dataset, first.model, first.regularization) == (
        "task",
        "made.own_training:gives",
        "none",
    )


def test_data_set_model_and_regularization_may_be_factors_of_the_users() -> None:
    study = task_study(factors={"dataset": ["wine"], "model": ["my net"]})
    (cell, *_) = study.cells()
    assert cell.task is not None
    assert (cell.dataset, cell.model) == ("wine", "my net")
    assert cell.task.settings == {"dataset": "wine", "model": "my net"}


def test_a_stored_study_is_the_study() -> None:
    study = task_study(
        factors={"depth": [1, 2.0, "auto"], "skip": [True, False]},
        task={"settings": {"a": [1, "b"]}},
    )
    assert parse_stored_study(study.model_dump_json(exclude_defaults=True)) == study


def ids(study: StudySpec) -> list[str]:
    return [run.run_id for run in task_plan(study)]


def test_an_id_is_factors_settings_code_and_seed() -> None:
    usual = ids(task_study())
    assert (
        ids(task_study(task={"response": "x", "unit": "none", "higher_is_better": False})) == usual
    )
    assert ids(task_study(name="other")) == usual
    assert not {*ids(task_study(task={"settings": {"what": "number"}}))} & {*usual}
    one = task_study(factors={"depth": [1]}), task_study(task={"settings": {"depth": 1}})
    assert ids(one[0]) == ids(one[1])
    assert not {*ids(one[0])} & {*ids(task_study(factors={"depth": [2]}))}


def test_golden_ids_do_not_change() -> None:
    study = task_study(factors={"depth": [1]}, task={"settings": {"lr": 0.1, "sizes": [1, 2]}})
    assert ids(study)[0] == "1952e889aa11452a569a"


def test_a_study_may_be_a_dict_with_the_function_itself() -> None:
    values = task_values(task={"train": own_training.gives})
    assert load_study(values) == task_study()
    changed = load_study(values, ["factors.depth=1,2", "task.settings.lr=0.1"])
    assert len(list(changed.cells())) == 4
    assert values == task_values(task={"train": own_training.gives})
