"""What counts as a number in rows at hand."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

import actwise as aw
from actwise.errors import DataError


def rows_of(values: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"activation": "relu" if k < 3 else "elu", "seed": k % 3, "test_accuracy": value}
        for k, value in enumerate(values)
    ]


ACCURACIES = (88.0, 90.1, 92.0, 89.1, 91.0, 93.0)


@pytest.mark.parametrize("kind", [torch.tensor, Fraction, np.float32, str])
@pytest.mark.parametrize("share", [1.0, 0.01])
def test_a_number_of_any_kind_is_that_number(kind: Callable[[float], Any], share: float) -> None:
    cells = aw.analyze(rows_of([kind(share * value) for value in ACCURACIES])).to_rows()
    means = [cell["mean"] for cell in cells]
    assert means == pytest.approx([90.0333, 91.0333], abs=1e-3)


@pytest.mark.parametrize("kind", [bool, np.bool_, torch.tensor])
def test_a_truth_value_is_no_accuracy(kind: Callable[[bool], Any]) -> None:
    with pytest.raises(DataError, match="is not a finite number"):
        aw.analyze(rows_of([kind(value > 90) for value in ACCURACIES]))


def test_a_slip_of_the_pen_is_no_number() -> None:
    with pytest.raises(DataError, match="'88_0' is not a finite number"):
        aw.analyze(rows_of(["88_0", *map(str, ACCURACIES[1:])]))


def test_a_tensor_of_two_numbers_is_none() -> None:
    with pytest.raises(DataError, match="is not a finite number"):
        aw.analyze(rows_of([torch.ones(2)] * 6))


def test_what_cannot_be_squared_is_too_large() -> None:
    with pytest.raises(DataError, match="too large; expected at most 1e100"):
        aw.analyze(rows_of([1e200 * value for value in ACCURACIES]), response="test_accuracy")
