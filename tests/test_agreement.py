"""How two trainings of the same runs are compared."""

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from agreement import agreement, render, seeds_spread


def rows(accuracies: list[float], *, weights: str, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"run_id": str(first + i), "test_accuracy": accuracy, "weights_sha256": f"{weights}{i}"}
        for i, accuracy in enumerate(accuracies)
    ]


def test_the_interval_is_that_of_a_paired_t_test() -> None:
    old, new = [70.0, 50.0, 60.0, 40.0], [71.0, 50.5, 60.0, 43.0]
    found = agreement(rows(old, weights="a"), rows(new, weights="b")[::-1])
    expected = stats.ttest_rel(new, old).confidence_interval(0.95)
    assert found.mean == pytest.approx(1.125)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx(expected)
    assert found.deviation == pytest.approx(np.std([1, 0.5, 0, 3], ddof=1))
    assert (found.num_runs, found.num_equal) == (4, 0)


def test_only_runs_in_both_count() -> None:
    found = agreement(rows([1.0, 2, 3], weights="a"), rows([2.0, 3, 9], weights="a", first=1))
    assert (found.num_runs, found.mean, found.num_equal) == (2, 0, 0)
    with pytest.raises(SystemExit, match="runs in both: 1"):
        agreement(rows([1.0, 2, 3], weights="a"), rows([2.0], weights="a"))


def test_equal_weights_are_counted() -> None:
    assert agreement(rows([1.0, 2], weights="a"), rows([1.0, 2], weights="a")).num_equal == 2


def test_the_reference_leaves_out_what_devices_differ_by() -> None:
    def row(seed: int, device: str, accuracy: float) -> dict[str, Any]:
        spec = json.dumps({"activation": "relu", "seed": seed})
        return {"spec": spec, "device": device, "test_accuracy": accuracy}

    here = [row(0, "cpu", 70.0), row(1, "cpu", 72.0)]
    there = [row(2, "cuda", 80.0), row(3, "cuda", 82.0)]
    # Two seeds differ by 2 on each device: variance 2 each, so 2 of a run and 4 of a difference.
    assert seeds_spread([*here, *there]) == pytest.approx(2)


def test_what_is_printed_says_both_spreads() -> None:
    found = agreement(rows([70.0, 50.0], weights="a"), rows([71.0, 50.0], weights="b"))
    text = render(found, 1.5)
    assert "2 runs, 0 of them with equal weights" in text
    assert "+0.50 points" in text and "SD of the differences 0.71" in text and "cell 1.50" in text
