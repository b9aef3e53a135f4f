"""Sentences with which a study is refused, to the last word, and what is just not refused."""

from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.spec import ProbesSpec, StudySpec, load_study, parse_stored_study

FACTORS: dict[str, Any] = {
    "dataset": ["digits"],
    "model": ["mlp"],
    "regularization": ["none"],
    "activation": ["relu", "elu"],
}
LAST: dict[str, Any] = {"validation_curve": "last"}


def study(*overrides: str, **settings: Any) -> StudySpec:
    return load_study({"name": "s", "factors": FACTORS, **settings}, overrides)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"seeds": 2},
            "study 's': seeds=2 may mean the one seed 2 or 2 seeds; write seeds = [2] or "
            'seeds = "0..1"',
        ),
        ({"seeds": True}, "study 's': seeds: a number is expected, not true"),
        ({"seeds": -1}, "study 's': seeds must be numbers from 0 to 2**63 - 1"),
        (
            {"exclude": [{"activatoin": "relu"}]},
            "study 's': no factor is named 'activatoin'; did you mean activation?",
        ),
        (
            {"exclude": [{"speed": 1}]},
            "study 's': no factor is named 'speed'; known are dataset, model, regularization, "
            "activation, width, train.epochs, train.batch_size, train.optimizer, "
            "train.learning_rate, train.momentum, train.nesterov, train.weight_decay, "
            "train.schedule, train.plateau_patience, train.plateau_monitor, train.decay_factor, "
            "train.step_milestones, train.warmup_epochs, train.gradient_clip, "
            "train.validation_fraction and 4 more",
        ),
        (
            {
                "observe": LAST,
                "train": {"plateau_monitor": "validation_loss", "validation_fraction": 0.2},
            },
            "study 's': observe.validation_curve=last does not go with "
            "plateau_monitor=validation_loss, which needs the validation loss of every epoch; "
            "write every",
        ),
        (
            {"observe": LAST},
            "study 's': observe.validation_curve=last has no effect without "
            "train.validation_fraction; leave it out",
        ),
        (
            {"observe": {"probes": "often"}},
            "study 's': observe.probes: true, false or a table such as "
            "{every = 5, images = 256} (in a command observe.probes.every=5), not 'often'",
        ),
        (
            {"observe": {"probes": 5}},
            "study 's': observe.probes: true, false or a table such as "
            "{every = 5, images = 256} (in a command observe.probes.every=5), not 5",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_what_to_write(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        study(**settings)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("name.first=x", "override 'name.first=x': 'name' is not a table"),
        (
            "train.epochs.first.second=x",
            "override 'train.epochs.first.second=x': 'epochs' is not a table",
        ),
        ("epochs", "override 'epochs' is not key=value, such as train.epochs=10"),
        ("=3", "override '=3' is not key=value, such as train.epochs=10"),
        (
            "observe.probes=often",
            "study 's': observe.probes: true, false or a table such as "
            "{every = 5, images = 256} (in a command observe.probes.every=5), not 'often'",
        ),
    ],
)
def test_an_override_that_cannot_be_is_refused_with_its_text(override: str, sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        study(override, train={"epochs": 3})
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(("seeds", "expected"), [(0, (0,)), (1, (1,)), ([2], (2,))])
def test_a_number_that_can_be_no_count_is_the_seed(seeds: Any, expected: tuple[int, ...]) -> None:
    assert study(seeds=seeds).seeds == expected


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        (None, None),
        (False, None),
        (True, ProbesSpec(every=5, images=256)),
        ({"every": 2}, ProbesSpec(every=2, images=256)),
        (ProbesSpec(images=3), ProbesSpec(every=5, images=3)),
    ],
)
def test_probes_are_on_off_or_a_table(probes: Any, expected: ProbesSpec | None) -> None:
    assert study(observe={"probes": probes}).observe.probes == expected


def test_the_last_validation_alone_goes_with_a_fold_and_another_schedule() -> None:
    train = {"validation_fraction": 0.2, "schedule": "cosine"}
    assert study(observe=LAST, train=train).observe.validation_curve == "last"


@pytest.mark.parametrize("override", ["exclude=none", " exclude = none "])
def test_all_rules_are_dropped_by_none(override: str) -> None:
    rules = [{"activation": "relu"}, {"activation": "elu"}]
    assert study(override, exclude=rules) == study()


@pytest.mark.parametrize(
    ("num_characters", "sentence"),
    [
        (32_000_000, "a stored study is damaged: Invalid JSON"),
        (32_000_001, "a stored study has 32,000,001 characters, more than any study takes"),
    ],
)
def test_a_stored_study_is_read_up_to_a_length(num_characters: int, sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        parse_stored_study(" " * num_characters)
    assert str(refusal.value).partition(": EOF")[0] == sentence


def test_one_training_decides_whether_the_last_validation_alone_is_refused() -> None:
    folds = {"train.validation_fraction": [0.0, 0.2]}
    train = {"schedule": "cosine"}
    assert study(factors=FACTORS | folds, train=train, observe=LAST).observe.validation_curve
    monitors = {"train.plateau_monitor": ["train_loss", "validation_loss"]}
    with pytest.raises(SpecError, match="does not go with plateau_monitor=validation_loss"):
        study(factors=FACTORS | monitors, train={"validation_fraction": 0.2}, observe=LAST)
