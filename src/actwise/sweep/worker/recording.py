"""From a training to its record: what it gave, what was observed, where it happened."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...datasets import Dataset
from ...engine import Device, TrainResult
from ...store.records import (
    LAST_ONLY,
    Answers,
    ProbeRow,
    RunRecord,
    environment,
    fingerprint,
    hash_predictions,
    observed_probes,
    pack_predictions,
    pack_probes,
)
from .protocol import Assignment


def make_record(
    assignment: Assignment,
    result: TrainResult,
    dataset: Dataset,
    where: dict[str, Any],
    *,
    probes: Sequence[ProbeRow] = (),
) -> RunRecord:
    """The record of a run that finished or diverged, trained on ``dataset`` at ``where``."""
    assert result.status != "stopped"
    predictions_N = result.predictions_N
    return RunRecord(
        run_id=assignment.run_id,
        status=result.status,
        epochs=result.epochs,
        test_accuracy=result.test_accuracy,
        test_loss=result.test_loss,
        best_test_accuracy=result.best_test_accuracy,
        reestimated_accuracy=result.reestimated_accuracy,
        validation_accuracy=result.validation_accuracy,
        train_accuracy=result.train_accuracy,
        train_seconds=result.train_seconds,
        images_per_second=result.images_per_second,
        weights_sha256=result.weights_sha256,
        predictions_sha256=None if predictions_N is None else hash_predictions(predictions_N),
        predictions=None if predictions_N is None else pack_predictions(predictions_N),
        answers=None if predictions_N is None else _answers(dataset),
        environment=where,
        observed=_observed(assignment, result),
        probes=None if assignment.observe.probes is None else pack_probes(probes),
    )


def numerics_of(device: Device) -> dict[str, str]:
    """The numerics fingerprint of this process on a device."""
    return fingerprint(
        device=device.torch_device.type, threads=device.threads, memory_format=device.memory_format
    )


def where_trained(device: Device, *, is_changed: bool) -> dict[str, Any]:
    """Where a run was trained; marked if it went on from another numerics fingerprint."""
    mark = {"environment_changed": True} if is_changed else {}
    return {**environment(), "fingerprint": numerics_of(device), **mark}


def _answers(dataset: Dataset) -> Answers:
    return Answers.of(np.asarray(dataset.test_labels_N), dataset.info.num_classes)


def _observed(assignment: Assignment, result: TrainResult) -> tuple[str, ...]:
    """What was asked for and is there: a curve that began after a resume has gaps."""
    asked = assignment.observe
    has_curve = asked.test_curve and all(e.test_accuracy is not None for e in result.epochs)
    is_last_only = result.validation_accuracy is not None and any(
        e.validation_accuracy is None for e in result.epochs
    )
    found = {
        "test_curve": has_curve,
        "reestimated": asked.reestimated
        and (result.reestimated_accuracy is not None or result.status == "diverged"),
        "keep_weights": asked.keep_weights,
        LAST_ONLY: is_last_only,
    }
    names = [name for name, is_there in found.items() if is_there]
    return (*names, *([observed_probes(asked.probes)] if asked.probes else ()))
