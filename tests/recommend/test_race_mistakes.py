"""What no race can be run with is refused in one sentence."""

import math
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.recommend import Race, Trial

TWO = ["relu", "elu"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"candidates": ["relu"]}, "expected two or more to choose from"),
        ({"candidates": []}, "expected two or more to choose from"),
        ({"candidates": "relu,elu"}, "expected a list of names"),
        ({"candidates": ["relu", 3]}, "expected a list of names"),
        ({"candidates": None}, "expected a list of names"),
        ({"candidates": 3}, "candidates=3: expected a list of names"),
        ({"candidates": ["relu", "elu", "elu"]}, "'elu' given more than once"),
        ({"epochs": 8}, "epochs=8: expected at least 9"),
        ({"epochs": 27.0}, "epochs=27.0: expected a whole number"),
        ({"epochs": True}, "epochs=True: expected a whole number"),
        ({"incumbent": "mish"}, "incumbent='mish' is none of the candidates relu, elu"),
        ({"candidates": ["gelu", "elu"]}, "incumbent='relu' is none of the candidates gelu, elu"),
        ({"incumbent": "mish"}, "or name no incumbent (--incumbent none, in Python None)"),
        ({"num_classes": 1}, "num_classes=1: expected a whole number from 2 on"),
        ({"num_classes": "ten"}, "num_classes='ten': expected a whole number from 2 on"),
        ({"margin": 0}, "margin=0: expected a number of points above 0"),
        ({"margin": math.nan}, "margin=nan: expected"),
        ({"margin": "wide"}, "margin='wide': expected"),
        ({"full_runs": -1}, "full_runs=-1: expected a number above 0"),
        ({"full_runs": math.inf}, "full_runs=inf: expected"),
        ({"full_runs": 0.5}, "a budget of 0.50 full runs is too small"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: dict[str, Any], said: str) -> None:
    whole = {"candidates": TWO, "epochs": 27, **arguments}
    with pytest.raises(SpecError) as raised:
        Race(whole.pop("candidates"), **whole)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.71, "expected an accuracy in percent, 0 or from 1 to 100; below 1 it would be a fract"),
        (-3.0, "expected an accuracy in percent"),
        (101, "expected an accuracy in percent"),
        (math.nan, 'expected a finite number, or "diverged"'),
        (None, 'expected a finite number, or "diverged"'),
        ("lost", 'expected a number or "diverged"'),
    ],
)
def test_a_value_is_an_accuracy_in_percent(value: Any, said: str) -> None:
    race = Race(TWO, epochs=27)
    trial = race.ask()
    assert trial is not None
    with pytest.raises(SpecError) as raised:
        race.tell(trial, value)
    assert said in str(raised.value)
    race.tell(trial, 70.0)


def test_a_trial_is_told_once_and_only_if_it_was_asked() -> None:
    race = Race(TWO, epochs=27)
    trial = race.ask()
    assert trial is not None
    race.tell(trial, 70.0)
    with pytest.raises(SpecError, match="told before"):
        race.tell(trial, 70.0)
    with pytest.raises(SpecError, match="was not asked"):
        race.tell(Trial(1, "elu", 0, 0, 9, is_full=False), 70.0)


def test_there_is_no_advice_before_every_short_run_is_told() -> None:
    race = Race(TWO, epochs=27)
    with pytest.raises(SpecError, match="0 of 2 short runs are told"):
        race.advice()
