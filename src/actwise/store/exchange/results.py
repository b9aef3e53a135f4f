"""The results of an export: what a run's status allows, curves without gaps, the sums right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

import numpy as np

from ...errors import StoreError
from ...numbers import counted
from ...spec import ObserveSpec, RunSpec
from ..database.schema import short_hash, to_json
from ..records import (
    LAST_ONLY,
    EpochRecord,
    RunRecord,
    fingerprint_id,
    hash_predictions,
    pack_predictions,
    probes_of,
    problem_of_probes,
)
from ..runs import RECORD_COLUMNS
from .columns import brief
from .plan_lines import ExportedRow, PlanLine, parse

REQUIRED = ("epochs", "train_seconds", "environment_id", "observed", "recorded_at")
"""Columns of the table of runs that every result has; in the database they are empty before."""

_OBSERVATIONS = {*ObserveSpec.model_fields, LAST_ONLY}
_EPOCH_FIELDS = tuple(field.name for field in fields(EpochRecord))
_OF_FINISHED = ("test_accuracy", "test_loss", "predictions_sha256", "weights_sha256")
_OF_TRAINED = (
    *("train_accuracy", "validation_accuracy", "best_test_accuracy", "reestimated_accuracy"),
    *("images_per_second", "weights_sha256", "observed", "probes"),
)
"""Of a failed run, empty too."""
_OF_RESULTS = (
    *RECORD_COLUMNS,
    *("epochs", "attempts", "environment_id", "observed", "recorded_at"),
)
"""Columns that say the same in every row of a run."""


@dataclass(frozen=True)
class ExportedResult:
    """A result and what the store notes beside it.

    Attributes:
        data_digest: Of the data that it was trained on.
        num_images: Test images that it predicted; None without predictions.
    """

    record: RunRecord
    attempts: int
    recorded_at: str
    data_digest: str
    num_images: int | None


def read_environments(rows: Iterable[ExportedRow]) -> dict[str, dict[str, Any]]:
    """The machines by their ids.

    Raises:
        StoreError: if an id does not follow from the details, or these are no plain values.
    """
    found = {}
    for number, row in enumerate(rows, start=1):
        place = f"environments.parquet, row {number}"
        details = parse(row["details"], f"{place}: details")
        fingerprint = details.get("fingerprint", {}) if isinstance(details, dict) else None
        if not isinstance(fingerprint, dict) or not all(
            isinstance(value, str) for value in fingerprint.values()
        ):
            raise StoreError(f"{place}: details hold no fingerprint of texts")
        for name, value in details.items():
            if name != "fingerprint" and isinstance(value, dict | list):
                raise StoreError(f"{place}: details hold {name}={brief(value)}, no plain value")
        expected = {
            "environment_id": short_hash(to_json(details)),
            "environment": fingerprint_id(fingerprint),
            "device": fingerprint.get("device"),
        }
        for name, value in expected.items():
            if row[name] != value:
                raise StoreError(
                    f"{place}: {name} is {brief(row[name])}, and its details give {brief(value)}"
                )
        found[row["environment_id"]] = details
    return found


def read_results(
    rows: Sequence[ExportedRow],
    lines: Iterable[PlanLine],
    *,
    environments: Mapping[str, dict[str, Any]],
    epochs: Iterable[ExportedRow],
    predictions: Mapping[str, np.ndarray],
    probes: Mapping[str, bytes],
) -> tuple[ExportedResult, ...]:
    """The results, each once; a run stands in the table once for every label.

    Args:
        rows: Of the table of runs.
        lines: Of the plans.
        environments: Details of machines by their ids.
        epochs: The curve of every row, one after the other.
        predictions: Class indices by run id.
        probes: By run id.

    Raises:
        StoreError: naming the row, if a row stands in no plan or twice, does not agree with its
            plan or with another row of its run, or is no result that a training can have.
    """
    planned = {(line.study, line.planned.run_id, line.planned.spec): line for line in lines}
    curves = iter(epochs)
    results: dict[str, tuple[ExportedResult, tuple[Any, ...]]] = {}
    for number, row in enumerate(rows, start=1):
        place = f"runs.parquet, row {number}"
        line = planned.pop((row["study"], row["run_id"], _spec(row, place)), None)
        if line is None:
            raise StoreError(
                f"{place}: run {row['run_id']} has a result and stands in no plan of study "
                f"{row['study']!r} with this spec, or twice in the table"
            )
        if row["status"] == "pending":
            raise StoreError(f"{place}: run {row['run_id']} has no result")
        _check_line(row, line, place)
        curve = _curve(curves, row)
        if row["environment_id"] not in environments:
            raise StoreError(f"{place}: environment_id {row['environment_id']} is not in its table")
        _check_environment(row, environments[row["environment_id"]], place)
        said = (*(row[name] for name in _OF_RESULTS), curve)
        if row["run_id"] not in results:
            result = _result(row, curve, line, environments, predictions, probes, place)
            results[row["run_id"]] = (result, said)
        elif results[row["run_id"]][1] != said:
            raise StoreError(f"{place}: run {row['run_id']} has another result in another row")
    for name, found in (("predictions", predictions), ("probes", probes)):
        if unknown := found.keys() - results.keys():
            raise StoreError(f"{name}.parquet: run {min(unknown)} is not in runs.parquet")
    return tuple(result for result, _ in results.values())


def _spec(row: ExportedRow, place: str) -> RunSpec:
    try:
        return RunSpec.model_validate_json(row["spec"])
    except ValueError:
        raise StoreError(f"{place}: spec is no run") from None


def _check_line(row: ExportedRow, line: PlanLine, place: str) -> None:
    planned, spec = line.planned, line.planned.spec
    expected = {
        "spec_hash": planned.spec_hash,
        "engine_version": line.engine_version,
        "parameters": planned.parameters,
        "dataset": spec.dataset,
        "model": spec.model,
        "width": spec.width,
        "regularization": spec.regularization,
        "activation": spec.activation,
        "seed": spec.seed,
    }
    for name, value in expected.items():
        if row[name] != value:
            raise StoreError(
                f"{place}: {name} is {brief(row[name])}, and the plan says {brief(value)}"
            )


def _check_environment(row: ExportedRow, details: Mapping[str, Any], place: str) -> None:
    fingerprint = details.get("fingerprint", {})
    if (row["environment"], row["device"]) != (
        fingerprint_id(fingerprint),
        fingerprint.get("device"),
    ):
        raise StoreError(f"{place}: environment or device is not that of its environment_id")


def _curve(epochs: Iterable[ExportedRow], row: ExportedRow) -> tuple[EpochRecord, ...]:
    mine = tuple(islice(epochs, row["epochs"]))
    is_mine = all(epoch["run_id"] == row["run_id"] for epoch in mine)
    if not is_mine or [epoch["epoch"] for epoch in mine] != [*range(1, row["epochs"] + 1)]:
        raise StoreError(
            f"epochs.parquet does not hold the epochs 1 to {row['epochs']} of run {row['run_id']}, "
            "in the order of runs.parquet"
        )
    return tuple(EpochRecord(**{name: epoch[name] for name in _EPOCH_FIELDS}) for epoch in mine)


def _result(
    row: ExportedRow,
    curve: tuple[EpochRecord, ...],
    line: PlanLine,
    environments: Mapping[str, dict[str, Any]],
    predictions: Mapping[str, np.ndarray],
    probes: Mapping[str, bytes],
    place: str,
) -> ExportedResult:
    run = row["run_id"]
    classes_N = predictions.get(run)
    recorded = row["predictions_sha256"]
    if (None if classes_N is None else hash_predictions(classes_N)) != recorded:
        raise StoreError(
            f"{place}: predictions_sha256 of run {run} is {brief(recorded)}, and "
            f"predictions.parquet holds {'none' if classes_N is None else 'others'}"
        )
    record = RunRecord(
        run_id=run,
        **{column: row[column] for column in RECORD_COLUMNS},
        epochs=curve,
        environment=environments[row["environment_id"]],
        observed=_observed(row, place),
        predictions=None if classes_N is None else pack_predictions(classes_N),
        probes=probes.get(run),
    )
    if problem := _problem(record, row["attempts"], line.planned.spec):
        raise StoreError(f"{place}: run {run} is {record.status}, and {problem}")
    if classes_N is not None and not classes_N.size:
        raise StoreError(f"the predictions of run {run} are of no images")
    digest = line.planned.settings["data"]
    num_images = None if classes_N is None else len(classes_N)
    return ExportedResult(record, row["attempts"], row["recorded_at"], digest, num_images)


def _observed(row: ExportedRow, place: str) -> tuple[str, ...]:
    """What was observed; the weights stayed where they were trained."""
    names = parse(row["observed"], f"{place}: observed")
    is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
    kinds = ["probes" if probes_of([name]) else name for name in names] if is_list else []
    if not is_list or not _OBSERVATIONS.issuperset(kinds) or len(set(kinds)) < len(kinds):
        raise StoreError(f"{place}: observed={brief(names)} is no list of observations")
    return tuple(name for name in names if name != "keep_weights")


def _problem(record: RunRecord, attempts: int, spec: RunSpec) -> str:
    """What no training ends in, "" where there is nothing."""
    if spec.task is not None and record.status != "failed":
        return _task_problem(record) or "has no attempt" * (attempts < 1)
    is_finished, num_epochs = record.status == "finished", len(record.epochs)
    for name in _OF_FINISHED:
        value = getattr(record, name)
        if is_finished and value is None:
            return f"has no {name}"
        # Older engines gave the weights of a diverged run.
        if not is_finished and value is not None and name != "weights_sha256":
            return f"has {name}={brief(value)}"
    for name in _OF_TRAINED if record.status == "failed" else ():
        if (value := getattr(record, name)) not in (None, ()):
            return f"has {name}={brief(value)}"
    if (record.status == "failed") != bool(record.traceback):
        return "has no traceback" if record.status == "failed" else "has a traceback"
    if attempts < 1:
        return "has no attempt"
    most = 0 if record.status == "failed" else spec.train.epochs
    least = 0 if not is_finished else 1 if spec.train.schedule == "plateau" else most
    if not least <= num_epochs <= most:
        expected = f"{least} to {most}" if least < most else str(most)
        return f"has {counted(num_epochs, 'epoch')}, expected {expected}"
    for name, found in _by_curve(record).items():
        value = getattr(record, name)
        is_given = found is not None or name == "best_test_accuracy"
        if value is not None and is_given and value != found:
            return f"has {name}={value} where its epochs give {found}"
    if "test_curve" in record.observed and any(e.test_accuracy is None for e in record.epochs):
        return "has gaps in the test curve that was observed"
    if "probes" in record.observed:
        return "observed probes of a training of the user's own"
    is_reestimated = is_finished and "reestimated" in record.observed
    if is_reestimated != (record.reestimated_accuracy is not None):
        return f"has reestimated_accuracy={brief(record.reestimated_accuracy)}"
    return problem_of_probes(record.probes, probes_of(record.observed), num_epochs)


def _task_problem(record: RunRecord) -> str:
    """The same of a training of the user's own, which has numbers of its own and no others."""
    if record.status != "finished":
        return "a training of the user's own is finished or failed"
    for name in (*_OF_FINISHED, *_OF_TRAINED, "traceback"):
        if name not in ("observed", "probes") and getattr(record, name) is not None:
            return f"has {name}={brief(getattr(record, name))}"
    try:
        lengths = {len(curve) for curve in record.metrics.values()}
    except StoreError as error:
        return str(error)
    if lengths != {max(1, len(record.epochs))} or record.observed != ("probes",):
        return f"has not one number of each name for its {len(record.epochs)} epochs"
    return ""


def _by_curve(record: RunRecord) -> dict[str, float | None]:
    """What follows from the epochs of a run; None where these do not have it."""
    names = ("train_accuracy", "validation_accuracy", "test_accuracy", "test_loss")
    curve = [e.test_accuracy for e in record.epochs if e.test_accuracy is not None]
    found = {name: getattr(last, name) for last in record.epochs[-1:] for name in names}
    return found | {"best_test_accuracy": max(curve, default=None)}
