"""Studies, plans and results made up for the tests of the store; nothing is trained."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Float, Text, update

from actwise.spec import (
    ENGINE_VERSION,
    Description,
    PlannedRun,
    ProbesSpec,
    RunSpec,
    StudySpec,
    canonical_settings,
    cell_hash,
    run_id,
    spec_hash,
)
from actwise.store import Lease, Owner, RunStore
from actwise.store.database.schema import leases, marks
from actwise.store.records import (
    Answers,
    EpochRecord,
    ProbeRow,
    RunRecord,
    hash_predictions,
    pack_predictions,
    unpack_predictions,
)

ME = Owner.here()
FINGERPRINT = {"device": "cpu", "threads": "1", "memory_format": "contiguous"}
PROBES = ProbesSpec(every=2, images=100)
ANSWERS = Answers.of(np.arange(10), 10)
ENVIRONMENT = {"host": "here", "fingerprint": FINGERPRINT}


def made_probe(epoch: int, name: str = "act1", **values: Any) -> ProbeRow:
    """A site after some epochs, as PROBES would have it."""
    known = {"place": "site", "images": PROBES.images, "function": "relu", "units": 8, "dead": 0}
    return ProbeRow(epoch=epoch, name=name, **{**known, **values})


def made_study(
    name: str = "made",
    *,
    regularization: Sequence[str] = ("bn",),
    activation: Sequence[str] = ("relu", "elu"),
    seeds: str = "0..1",
    **settings: Any,
) -> StudySpec:
    factors = {
        "dataset": ["digits"],
        "model": ["mlp"],
        "regularization": list(regularization),
        "activation": list(activation),
    }
    factors |= settings.pop("factors", {})
    return StudySpec.model_validate({"name": name, "seeds": seeds, "factors": factors, **settings})


def made_plan(study: StudySpec, *, engine_version: int = ENGINE_VERSION) -> list[PlannedRun]:
    """Every cell at every seed; dropout has no site in these networks."""
    planned = []
    for cell in study.cells():
        description = _describe(cell)
        for seed in study.seeds:
            hashed = spec_hash(cell_hash(cell, description), seed)
            planned.append(
                PlannedRun(
                    spec=cell.model_copy(update={"seed": seed}),
                    cell_hash=cell_hash(cell, description),
                    spec_hash=hashed,
                    run_id=run_id(hashed, engine_version),
                    settings=canonical_settings(cell, description),
                    is_aliased=False,
                    parameters=1000,
                )
            )
    return planned


def made_record(run: str, *, num_epochs: int = 3, **changes: Any) -> RunRecord:
    """A finished result whose numbers follow from the run's id."""
    classes = np.frombuffer(bytes.fromhex(run), dtype=np.uint8) % 10
    values: dict[str, Any] = {
        "run_id": run,
        "status": "finished",
        "epochs": tuple(made_epoch(number + 1) for number in range(num_epochs)),
        "test_accuracy": 50.0 + int(classes[0]),
        "test_loss": 1.0 / 3.0,
        "train_accuracy": 10.0 * num_epochs,
        "train_seconds": 12.5,
        "images_per_second": 100.25,
        "weights_sha256": hashlib.sha256(run.encode()).hexdigest(),
        "predictions_sha256": hash_predictions(classes),
        "predictions": pack_predictions(classes),
        "environment": ENVIRONMENT,
    }
    return RunRecord(**{**values, **changes})


def answered_record(run: str, **changes: Any) -> RunRecord:
    """A finished result with the answers, and the accuracy to which its predictions come."""
    record = made_record(run)
    assert record.predictions is not None
    is_right_N = unpack_predictions(record.predictions) == ANSWERS.labels
    accuracy = 100 * float(np.mean(is_right_N))
    return replace(record, **{"test_accuracy": accuracy, "answers": ANSWERS, **changes})


def made_epoch(number: int, **changes: Any) -> EpochRecord:
    values: dict[str, Any] = {
        "epoch": number,
        "train_loss": 1.0 / number,
        "train_accuracy": 10.0 * number,
        "learning_rate": 0.1,
        "seconds": 4.0,
    }
    return EpochRecord(**{**values, **changes})


def failed_record(run: str) -> RunRecord:
    return RunRecord(run_id=run, status="failed", traceback="ValueError: no", environment={})


def leased(store: RunStore, run: str, owner: Owner = ME, *, again: bool = False) -> Lease:
    claim = store.lease(run, owner, again=again)
    assert claim is not None
    return claim


def finish(store: RunStore, planned: Sequence[PlannedRun], **changes: Any) -> None:
    """Lease and record every run of a plan that has no result yet."""
    for run in {p.run_id for p in planned}:
        claim = store.lease(run, Owner.here())
        if claim is not None:
            store.record(claim, made_record(run, **changes))


def look_at(
    store: RunStore, *, study: str | None = None, what: str = "analyze", num_seeds: int
) -> None:
    """Record a look at all that the study has now."""
    seen = store.snapshot(study=study)
    store.record_look(seen, what=what, num_seeds=num_seeds, nominal_level=0.05)


def _describe(spec: RunSpec) -> Description:
    parts = [p for p in spec.regularization.split("+") if not p.startswith("dropout")]
    return Description(
        model=spec.model,
        regularization="+".join(parts) or "none",
        activation=spec.activation,
        data_digest="0" * 64,
        code_digests=(),
        input_shape=(1, 28, 28),
        num_classes=10,
        num_train=1000,
        num_test=300,
        parameters=1000,
        macs=1000,
        memory_bytes=1000,
    )


def let_pass(store: RunStore, seconds: float, *, in_silence: bool = False) -> None:
    """Let so much time pass since all heartbeats; ``in_silence``: no driver was heard of in it."""
    earlier = leases.c.heartbeat - seconds
    with store.database.writing() as connection:
        connection.execute(update(leases).values(heartbeat=earlier))
        if in_silence:
            before = marks.c.value.cast(Float) - seconds
            of_sign = update(marks).where(marks.c.name == "sign")
            connection.execute(of_sign.values(value=before.cast(Text)))


def unpacked(record: RunRecord | None) -> dict[str, Any]:
    """Its values; how well the classes were packed does not count."""
    assert record is not None
    assert record.predictions is not None
    answers = record.answers and (record.answers.num_classes, record.answers.labels.tolist())
    predictions = unpack_predictions(record.predictions).tolist()
    return {**vars(record), "predictions": predictions, "answers": answers}
