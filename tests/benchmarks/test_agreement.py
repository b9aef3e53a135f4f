"""How two trainings of the same runs are compared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.findings.agreement import agreement, rows_of, seeds_spread, table


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


def test_every_network_has_a_line_of_its_own() -> None:
    def row(model: str, seed: int, activation: str, accuracy: float) -> dict[str, Any]:
        spec = {"model": model, "activation": activation, "seed": seed}
        return {
            "run_id": json.dumps(spec),
            "spec": json.dumps(spec),
            "model": model,
            "device": "cpu",
            "test_accuracy": accuracy,
            "weights_sha256": str(accuracy),
        }

    def seed(number: int, *accuracies: float) -> list[dict[str, Any]]:
        cells = [(model, level) for model in ("vgg", "resnet") for level in ("relu", "elu")]
        return [
            row(model, number, level, accuracy)
            for (model, level), accuracy in zip(cells, accuracies, strict=True)
        ]

    first, again = seed(0, 60, 62, 80, 82), seed(0, 61, 62, 80, 82)
    first.append(row("only here", 0, "relu", 10))
    study = [*first, *seed(1, 60, 62, 82, 84)]
    _, _, everything, resnet, vgg = table(first, again, study=study).splitlines()
    assert everything.split("|")[1:5] == [
        " all     ",
        "    4 ",
        "             3 ",
        "           +0.25 ",
    ]
    # Two seeds of a ResNet differ by 2, of a VGG not at all; the trainings differ the other way.
    assert [cell.strip() for cell in resnet.split("|")[6:8]] == ["0.00", "2.00"]
    assert [cell.strip() for cell in vgg.split("|")[6:8]] == ["0.71", "0.00"]


def test_a_piece_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no file .*runs\.parquet"):
        rows_of(tmp_path)
    (tmp_path / "runs.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(SystemExit, match=r"runs\.parquet cannot be read"):
        rows_of(tmp_path)
