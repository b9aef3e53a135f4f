"""What a record has of a training: every number of it, and what was observed of what was asked."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch

from actwise.engine import Device, TrainResult
from actwise.spec import ObserveSpec
from actwise.store.records import (
    LAST_ONLY,
    EpochRecord,
    RunRecord,
    hash_predictions,
    observed_probes,
    unpack_predictions,
)
from actwise.sweep import make_plan
from actwise.sweep.worker import make_assignment
from actwise.sweep.worker.recording import make_record, numerics_of, where_trained
from made.plans import describe, study
from small_runs import DATASET

(RUN, *_) = make_plan(study(), describe).runs
CPU = Device(torch.device("cpu"), threads=3, memory_format="contiguous")
NUMBERS: dict[str, Any] = {
    "test_accuracy": 1.0,
    "test_loss": 2.0,
    "best_test_accuracy": 3.0,
    "reestimated_accuracy": 4.0,
    "validation_accuracy": 5.0,
    "train_accuracy": 6.0,
    "train_seconds": 7.0,
    "images_per_second": 8.0,
    "weights_sha256": "9" * 64,
}


def epoch(number: int, **values: float) -> EpochRecord:
    known = {"train_loss": 1.0, "train_accuracy": 2.0, "learning_rate": 0.1, "seconds": 3.0}
    return EpochRecord(epoch=number, **known | values)


def recorded(
    observe: dict[str, Any] | None = None, *, epochs: Any = (), status: Any = "finished", **of: Any
) -> RunRecord:
    assignment = make_assignment(RUN, observe=ObserveSpec.model_validate(observe or {}))
    values = {"train_seconds": 1.0, "images_per_second": None} | of
    result = TrainResult(status=status, epochs=tuple(epochs), **values)
    return make_record(assignment, result, DATASET, {"host": "here"})


def test_a_record_has_every_number_of_a_training() -> None:
    epochs = (epoch(1), epoch(2, test_accuracy=3.0))
    predictions_N = np.arange(40) % 4
    record = recorded(epochs=epochs, **NUMBERS, predictions_N=predictions_N)
    taken = {field.name for field in fields(TrainResult)} - {"status", "epochs", "predictions_N"}
    assert {name: getattr(record, name) for name in taken} == NUMBERS
    assert (record.run_id, record.status, record.epochs) == (RUN.run_id, "finished", epochs)
    assert record.predictions_sha256 == hash_predictions(predictions_N)
    assert record.predictions is not None
    assert unpack_predictions(record.predictions).tolist() == predictions_N.tolist()
    assert record.answers is not None
    assert (record.environment, record.probes, record.traceback) == ({"host": "here"}, None, None)


def test_without_predictions_there_are_no_answers_either() -> None:
    record = recorded(status="diverged")
    assert record.status == "diverged"
    assert (record.predictions, record.predictions_sha256, record.answers) == (None, None, None)


TESTED, VALIDATED = {"test_accuracy": 1.0}, {"validation_accuracy": 1.0}


@pytest.mark.parametrize(
    ("observe", "of", "observed"),
    [
        ({}, {"epochs": [epoch(1, **TESTED)]}, ()),
        (
            {"test_curve": True},
            {"epochs": [epoch(1, **TESTED), epoch(2, **TESTED)]},
            ("test_curve",),
        ),
        ({"test_curve": True}, {"epochs": [epoch(1), epoch(2, **TESTED)]}, ()),
        ({"test_curve": True}, {"epochs": [epoch(1, **TESTED), epoch(2)]}, ()),
        ({"keep_weights": True}, {}, ("keep_weights",)),
        ({"reestimated": True}, {"reestimated_accuracy": 0.0}, ("reestimated",)),
        ({"reestimated": True}, {}, ()),
        ({"reestimated": True}, {"status": "diverged"}, ("reestimated",)),
        ({}, {"reestimated_accuracy": 1.0}, ()),
        ({}, {"epochs": [epoch(1), epoch(2, **VALIDATED)], **VALIDATED}, (LAST_ONLY,)),
        ({}, {"epochs": [epoch(1, **VALIDATED), epoch(2, **VALIDATED)], **VALIDATED}, ()),
        ({}, {"epochs": [epoch(1), epoch(2)]}, ()),
    ],
)
def test_what_was_asked_for_and_is_there_was_observed(
    observe: dict[str, Any], of: dict[str, Any], observed: tuple[str, ...]
) -> None:
    assert recorded(observe, **of).observed == observed


def test_probes_stand_behind_all_else_that_was_observed() -> None:
    record = recorded({"probes": True, "keep_weights": True})
    asked = ObserveSpec.model_validate({"probes": True}).probes
    assert asked is not None
    assert record.observed == ("keep_weights", observed_probes(asked))
    assert record.probes is not None


def test_a_record_tells_the_numerics_and_whether_they_changed() -> None:
    numerics = numerics_of(CPU)
    device = {name: numerics[name] for name in ("device", "threads", "memory_format")}
    assert device == {"device": "cpu", "threads": "3", "memory_format": "contiguous"}
    same, changed = (where_trained(CPU, is_changed=is_changed) for is_changed in (False, True))
    assert same["fingerprint"] == numerics
    assert "environment_changed" not in same
    assert changed == same | {"environment_changed": True}
