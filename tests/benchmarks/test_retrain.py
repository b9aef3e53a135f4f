"""What benchmarks/findings/retrain.py calls reproduced."""

import json
from typing import Any

import pytest

from actwise.spec import ENGINE_VERSION
from benchmarks.findings import retrain

ACCURACIES = {0: 70.0, 1: 71.0, 2: 72.0}


def row(seed: int, accuracy: float, **others: Any) -> dict[str, Any]:
    usual = {
        "spec": json.dumps({"activation": "relu", "seed": seed}),
        "test_accuracy": accuracy,
        "weights_sha256": "a",
        "environment": "here",
        "engine_version": ENGINE_VERSION,
        "device": "cpu",
    }
    return usual | others


def judged(again: dict[str, Any], **recorded: Any) -> bool:
    """Whether seed 1, with mean 71 and run SD 1, came out as recorded."""
    rows = [row(seed, accuracy, **recorded) for seed, accuracy in ACCURACIES.items()]
    return retrain.is_reproduced(rows[1], again, rows)


@pytest.mark.parametrize(("weights", "is_reproduced"), [("a", True), ("b", False)])
def test_the_same_processor_must_give_the_same_weights(weights: str, is_reproduced: bool) -> None:
    assert judged(row(1, 71.0, weights_sha256=weights)) is is_reproduced


@pytest.mark.parametrize(
    "recorded",
    [
        {"environment": "there"},
        {"engine_version": ENGINE_VERSION - 1},
        {"device": "cuda"},
    ],
)
@pytest.mark.parametrize(("accuracy", "is_reproduced"), [(73.9, True), (67.9, False)])
def test_elsewhere_and_on_cuda_the_accuracy_decides(
    recorded: dict[str, Any],
    accuracy: float,
    is_reproduced: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    again = row(1, accuracy, weights_sha256="b", device=recorded.get("device", "cpu"))
    assert judged(again, **recorded) is is_reproduced
    assert ("on CUDA" in capsys.readouterr().out) is ("device" in recorded)
