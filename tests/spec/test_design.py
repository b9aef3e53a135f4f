"""What a study may exclude, and settings that go together only with its factors."""

from pathlib import Path
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.spec import StudySpec, TrainSpec, load_study, parse_study

FACTORS: dict[str, Any] = {
    "dataset": ["digits"],
    "model": ["mlp"],
    "regularization": ["none", "bn + aug"],
    "activation": ["relu", "elu"],
}


def study(factors: dict[str, Any] | None = None, **settings: Any) -> StudySpec:
    return parse_study(
        {"name": "s", "factors": FACTORS | (factors or {}), **settings}, source="test"
    )


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({}, "an exclude rule is empty"),
        ({"width": 0.25}, "exclude names width, but the factors are dataset, model"),
        ({"train.epochs": 3}, "exclude names train.epochs, but the factors are"),
        ({"activatoin": "relu"}, "did you mean activation"),
        ({"activation": "elu(1)"}, r"activation=elu\(1\), but the levels of activation are relu"),
        ({"activation": "elu", "model": "vgg16"}, "model=vgg16, but the levels of model are mlp"),
        ({"activation": 3}, "activation=3: .*string"),
        ({"dataset": "digits"}, "leave no cell"),
    ],
)
def test_a_rule_without_effect_is_refused(rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        study(exclude=[rule])


def test_a_rule_names_a_value_however_it_is_written() -> None:
    widths = {"width": [0.25, 1.0], "train.learning_rate": [1, 0.1]}
    excluded = [{"width": 1}, {"train.learning_rate": "1.0", "regularization": " bn+aug"}]
    cells = list(study(widths, exclude=excluded).cells())
    assert len(cells) == 6
    assert {cell.width for cell in cells} == {0.25}
    kept = {(c.train.learning_rate, c.regularization) for c in cells}
    assert kept == {(1.0, "none"), (0.1, "none"), (0.1, "bn + aug")}


def test_an_override_can_drop_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    factors = "\n".join(f"{name} = {levels}" for name, levels in FACTORS.items())
    path.write_text(
        f"name = 's'\nexclude = [{{activation = 'elu'}}]\n[factors]\n{factors}\n", encoding="utf-8"
    )
    assert len(list(load_study(str(path)).cells())) == 2
    with pytest.raises(SpecError, match="exclude=none"):
        load_study(str(path), ["factors.activation=relu,gelu"])
    changed = load_study(str(path), ["factors.activation=relu,gelu", "exclude=none"])
    assert len(list(changed.cells())) == 4


@pytest.mark.parametrize(
    ("train", "factors"),
    [
        ({"step_milestones": [0.3, 0.6]}, {"train.schedule": ["step"]}),
        ({"plateau_monitor": "validation_loss"}, {"train.validation_fraction": [0.1]}),
        ({"warmup_epochs": 5, "epochs": 3}, {"train.epochs": [10, 20]}),
    ],
)
def test_settings_need_to_go_together_only_with_the_factors(
    train: dict[str, Any], factors: dict[str, Any]
) -> None:
    cells = list(study(factors, train=train).cells())
    (factor, levels), *_ = factors.items()
    assert [getattr(c.train, factor.removeprefix("train.")) for c in cells[: len(levels)]] == levels
    assert all(isinstance(cell.train, TrainSpec) for cell in cells)


@pytest.mark.parametrize(
    ("train", "factors", "complaint"),
    [
        ({"nesterov": True}, {"train.optimizer": ["sgd", "adamw"]}, "nesterov has no effect"),
        ({"step_milestones": [0.3]}, {}, "train: step_milestones has no effect"),
        ({"warmup_epochs": 5}, {"train.epochs": [10, 5]}, "train: warmup_epochs=5 must be below"),
        ({"epoch": 5}, {"train.epochs": [10]}, "did you mean epochs"),
        ({"epochs": "x"}, {"train.epochs": [10]}, "train.epochs='x'"),
    ],
)
def test_settings_that_do_not_go_together_in_a_cell_are_refused_at_once(
    train: dict[str, Any], factors: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SpecError, match=complaint):
        study(factors, train=train)


def test_what_an_excluded_cell_would_have_been_does_not_matter() -> None:
    factors = {"train.optimizer": ["sgd", "adamw"], "train.nesterov": [False, True]}
    rule = {"train.optimizer": "adamw", "train.nesterov": True}
    cells = list(study(factors, exclude=[rule]).cells())
    assert {(c.train.optimizer, c.train.nesterov) for c in cells} == {
        ("sgd", False),
        ("sgd", True),
        ("adamw", False),
    }


def test_a_study_with_a_protocol_as_a_factor_returns_from_its_json() -> None:
    made = study({"train.schedule": ["step"]}, train={"step_milestones": [0.3, 0.6]})
    assert StudySpec.model_validate_json(made.model_dump_json()) == made
    whole = StudySpec(name="s", factors=made.factors, train=TrainSpec(schedule="step", epochs=7))
    assert StudySpec.model_validate_json(whole.model_dump_json()).train.epochs == 7


def test_a_study_file_that_no_reader_can_hold_is_refused(tmp_path: Path) -> None:
    for text in (f"seeds = {'1' * 5000}", "seeds = " + "[" * 5000):
        (tmp_path / "s.toml").write_text(text)
        with pytest.raises(SpecError, match="not valid TOML"):
            load_study(str(tmp_path / "s.toml"))


@pytest.mark.parametrize(
    ("train", "reason"),
    [
        ({}, "has no effect without train.validation_fraction"),
        (
            {"plateau_monitor": "validation_loss", "validation_fraction": 0.2},
            "needs the validation loss of every epoch",
        ),
    ],
)
def test_the_last_validation_alone_is_refused_where_it_cannot_be(
    train: dict[str, object], reason: str
) -> None:
    with pytest.raises(SpecError, match=reason):
        study(train=train, observe={"validation_curve": "last"})


def test_seeds_that_may_be_a_count_are_refused_with_both_ways_to_write_them() -> None:
    for number in (2, 5):
        with pytest.raises(SpecError, match=rf"\[{number}\] or seeds = \"0..{number - 1}\""):
            study(seeds=number)
