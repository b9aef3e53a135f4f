"""What a training gives back is read as numbers, or refused in one sentence that says why."""

from typing import Any

import numpy as np
import pytest
import torch

from actwise.tasks import Returned, ReturnedError


def returned(*, is_percent: bool = True) -> Returned:
    return Returned("m:train", response="accuracy", is_percent=is_percent, settings=("depth",))


@pytest.mark.parametrize(
    "value",
    [93, 93.0, np.float32(93), np.array(93), torch.tensor(93.0), torch.tensor([93.0])],
    ids=repr,
)
def test_one_number_is_the_response(value: Any) -> None:
    for given in (value, {"accuracy": value}):
        found = returned()
        found.take(given)
        assert found.metrics() == {"accuracy": (93.0,)}


def test_the_response_comes_first_and_numbers_that_are_not_finite_are_none() -> None:
    found = returned()
    assert list(found.take({"loss": float("inf"), "accuracy": 1})) == ["accuracy", "loss"]
    assert found.metrics() == {"accuracy": (1.0,), "loss": (None,)}


def test_epochs_are_one_number_each_whatever_keys_they_have() -> None:
    found = returned()
    for value in ({"loss": 2}, {"accuracy": 5}, {"accuracy": 6, "loss": 1}):
        found.take(value, is_epoch=True)
    assert found.num_epochs == 3
    assert found.metrics() == {"accuracy": (None, 5.0, 6.0), "loss": (2.0, None, 1.0)}


WRONG = [
    (None, "m:train returned nothing; expected a number, or a dict of numbers with 'accuracy'"),
    ("high", "m:train returned accuracy='high'; expected a number"),
    (True, "m:train returned accuracy=True; expected a number"),
    ([1.0], r"m:train returned accuracy=\[1.0\]; expected a number"),
    (torch.zeros(2), "m:train returned accuracy=tensor"),
    ({}, "m:train returned an empty dict"),
    ({"accuracy": "high"}, "m:train returned accuracy='high'"),
    ({3: 1.0}, "m:train names a number 3; expected letters, digits"),
    ({"a\nb": 1.0}, r"m:train names a number 'a\\nb'"),
    ({"accuracy": 1.0, "depth": 2}, "'depth', which is one of its settings"),
    ({f"a{n}": 1.0 for n in range(101)}, "more than 100 names"),
]


@pytest.mark.parametrize(("value", "sentence"), WRONG, ids=[s for _, s in WRONG])
def test_what_is_no_result_is_one_sentence(value: Any, sentence: str) -> None:
    with pytest.raises(ReturnedError, match=sentence) as refusal:
        returned().take(value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "ended without yielding a dict"),
        ([{"acc": 3}], "last yielded no number named 'accuracy', .*; there is acc"),
        ([{"accuracy": 3}, {"loss": 3}], "last yielded no number named 'accuracy'"),
        ([{"accuracy": float("nan")}], "accuracy is not finite at the end; where a training div"),
        ([{"accuracy": 101}], 'accuracy=101 is no percentage from 0 to 100; write unit = "none"'),
    ],
)
def test_a_training_must_end_with_its_response(values: list[Any], sentence: str) -> None:
    found = returned()
    for value in values:
        found.take(value, is_epoch=True)
    with pytest.raises(ReturnedError, match=sentence):
        found.metrics()


def test_a_response_that_is_no_percentage_may_be_any_number() -> None:
    found = returned(is_percent=False)
    found.take(-1e6)
    assert found.metrics() == {"accuracy": (-1e6,)}
