"""Reading a folder of :func:`~.export.export_all`: whole and consistent, or refused."""

import hashlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ActwiseError, StoreError
from ...files import read_file
from ...spec import (
    Description,
    PlannedRun,
    RunSpec,
    StudySpec,
    canonical_settings,
    cell_hash,
    code_modules_in,
    parse_stored_study,
    run_id,
    spec_hash,
)
from ..database import SCHEMA_VERSION
from ..plans import Look, Registration, read_registrations
from ..records import (
    Answers,
    EpochRecord,
    RunRecord,
    hash_predictions,
    pack_predictions,
    unpack_predictions,
)
from ..runs import RECORD_COLUMNS
from .export import MANIFEST, TABLES

ExportedRow = dict[str, Any]
_MOST_MANIFEST_BYTES = 100_000

_MOST_CLASSES = 65536
"""What two bytes hold."""

_ROUNDING = 1e-9
"""In percent; an accuracy is a whole number of images over their number."""

_SINCE = {"answers": 3}
"""Schema version from which on an export has a table."""

_EPOCH_FIELDS = tuple(field.name for field in fields(EpochRecord))


@dataclass(frozen=True)
class ExportedResult:
    """A result and what the store notes beside it."""

    record: RunRecord
    attempts: int
    recorded_at: str


@dataclass(frozen=True)
class Exported:
    """One folder, read and checked.

    Attributes:
        studies: Each spec with the time at which it was first started, and what was fixed with it.
        plans: Study name, engine version and the runs planned for them, in order.
        answers: By the digest of the data; exports before version 3 have none.
    """

    folder: Path
    studies: tuple[tuple[StudySpec, str, tuple[Registration, ...]], ...]
    plans: tuple[tuple[str, int, tuple[PlannedRun, ...]], ...]
    results: tuple[ExportedResult, ...]
    looks: tuple[Look, ...]
    answers: Mapping[str, Answers]


def read_exported(folder: Path) -> Exported:
    """Read and check one folder.

    Raises:
        StoreError: if it is no export, damaged, of a newer schema, or holds an id that does not
            follow from its settings.
    """
    contents = _contents(folder)
    try:
        tables = {name: _rows(name, content) for name, content in contents.items()}
        answers = dict(_answers(row) for row in tables.get("answers", ()))
        results = _results(tables)
        _check_answers(results, answers, tables["study_runs"])
        return Exported(
            folder=folder,
            studies=tuple(_study(row) for row in tables["studies"]),
            plans=_plans(tables["study_runs"]),
            results=results,
            looks=tuple(Look(**row) for row in tables["looks"]),
            answers=answers,
        )
    except ActwiseError as error:
        raise StoreError(f"export {str(folder)!r}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise StoreError(f"export {str(folder)!r} is damaged: {what}") from None


def _contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every table, as the manifest says they are."""
    try:
        manifest = json.loads(read_file(folder / MANIFEST, most_bytes=_MOST_MANIFEST_BYTES))
        digests, version = manifest["sha256"], int(manifest["schema_version"])
    except FileNotFoundError:
        raise StoreError(f"{str(folder)!r} is no complete export: it has no {MANIFEST}") from None
    except OSError as error:
        raise StoreError(
            f"export {str(folder)!r}: {MANIFEST} cannot be read: {error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise StoreError(f"export {str(folder)!r} is damaged: {MANIFEST} is not valid") from None
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"export {str(folder)!r} has schema version {version} and this actwise knows versions "
            f"up to {SCHEMA_VERSION}; install a newer actwise"
        )
    names = [name for name in TABLES if version >= _SINCE.get(name, 1)]
    return {name: _verified(folder / f"{name}.parquet", digests) for name in names}


def _verified(path: Path, digests: dict[str, str]) -> bytes:
    try:
        content = read_file(path)
    except OSError as error:
        raise StoreError(f"export file {str(path)!r} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != digests.get(path.name):
        raise StoreError(f"export file {str(path)!r} is damaged: its SHA-256 is not the manifest's")
    return content


def _rows(name: str, content: bytes) -> list[ExportedRow]:
    import pyarrow.parquet as pq

    # Labels would be read for every epoch of every run.
    columns = ["run_id", *_EPOCH_FIELDS] if name == "epochs" else None
    rows: list[ExportedRow] = pq.read_table(io.BytesIO(content), columns=columns).to_pylist()
    return rows


def _study(row: ExportedRow) -> tuple[StudySpec, str, tuple[Registration, ...]]:
    # Exports of version 1 lack the column.
    registrations = read_registrations(row.get("registered"))
    return parse_stored_study(row["spec"]), row["started_at"], registrations


def _plans(rows: list[ExportedRow]) -> tuple[tuple[str, int, tuple[PlannedRun, ...]], ...]:
    plans: dict[tuple[str, int], list[PlannedRun]] = defaultdict(list)
    for row in rows:
        plans[row["study"], row["engine_version"]].append(_planned(row))
    return tuple((study, engine, tuple(runs)) for (study, engine), runs in plans.items())


def _planned(row: ExportedRow) -> PlannedRun:
    """A line of a plan, with every hash computed again."""
    spec = RunSpec.model_validate({**json.loads(row["asked"]), "seed": row["seed"]})
    settings = json.loads(row["settings"])
    description = _description(settings, row["parameters"])
    cell = cell_hash(spec, description)
    hashed = spec_hash(cell, spec.seed)
    planned = PlannedRun(
        spec=spec,
        cell_hash=cell,
        spec_hash=hashed,
        run_id=run_id(hashed, row["engine_version"]),
        settings=settings,
        is_aliased=row["aliased"],
        parameters=row["parameters"],
    )
    found = (planned.run_id, planned.spec_hash, planned.cell_hash)
    if (
        found != (row["run_id"], row["spec_hash"], row["cell_hash"])
        or canonical_settings(spec, description) != settings
    ):
        raise StoreError(f"the id of run {row['run_id']} does not follow from its settings")
    return planned


def _description(settings: ExportedRow, parameters: int) -> Description:
    """What of a description is hashed stands in the settings; the rest is not needed."""
    return Description(
        model=settings["model"],
        regularization=settings["regularization"],
        activation=settings["activation"],
        data_digest=settings["data"],
        code_digests=tuple((level, digest) for level, digest in settings.get("code", ())),
        input_shape=(0, 0, 0),
        num_classes=0,
        num_train=0,
        num_test=0,
        parameters=parameters,
        macs=0,
        memory_bytes=0,
        split=settings.get("split", 1),
        code_modules=code_modules_in(settings),
    )


def _results(tables: dict[str, list[ExportedRow]]) -> tuple[ExportedResult, ...]:
    known = {row["run_id"] for row in tables["study_runs"]}
    curves: dict[str, dict[int, EpochRecord]] = defaultdict(dict)
    for row in tables["epochs"]:
        curve = curves[row.pop("run_id")]
        curve[row["epoch"]] = EpochRecord(**row)
    details = {row["environment_id"]: row["details"] for row in tables["environments"]}
    classes = {row["run_id"]: np.array(row["classes"]) for row in tables["predictions"]}
    probes = {row["run_id"]: row["packed"] for row in tables["probes"]}
    results = {}
    # A run stands in the table once per label.
    for row in tables["runs"]:
        name = row["run_id"]
        if name not in known:
            raise StoreError(f"run {name} has a result and stands in no plan")
        record = RunRecord(
            run_id=name,
            **{column: row[column] for column in RECORD_COLUMNS},
            epochs=tuple(curves[name][epoch] for epoch in sorted(curves[name])),
            environment=json.loads(details[row["environment_id"]]),
            observed=tuple(o for o in json.loads(row["observed"]) if o != "keep_weights"),
            predictions=pack_predictions(classes[name]) if name in classes else None,
            probes=probes.get(name),
        )
        _check_predictions(record, classes.get(name))
        results[name] = ExportedResult(record, row["attempts"], row["recorded_at"])
    return tuple(results.values())


def _check_predictions(record: RunRecord, classes_N: np.ndarray | None) -> None:
    found = None if classes_N is None else hash_predictions(classes_N)
    if found != record.predictions_sha256:
        raise StoreError(
            f"the predictions of run {record.run_id} have the SHA-256 {found}, and "
            f"{record.predictions_sha256} is recorded"
        )


def _answers(row: ExportedRow) -> tuple[str, Answers]:
    """One data set's answers, whose classes are among those that it has."""
    digest, num_classes, labels_N = row["data_digest"], row["num_classes"], np.array(row["labels"])
    if re.fullmatch(r"[0-9a-f]{64}", digest) is None:
        raise StoreError(f"answers of data {digest!r}, which is no SHA-256")
    if not labels_N.size or not 0 < num_classes <= _MOST_CLASSES or labels_N.max() >= num_classes:
        raise StoreError(f"the answers of data {digest} are not among {num_classes} classes")
    return digest, Answers.of(labels_N, num_classes)


def _check_answers(
    results: Iterable[ExportedResult], answers: Mapping[str, Answers], lines: Iterable[ExportedRow]
) -> None:
    """Hold every run's predictions and accuracy against the answers of its data."""
    digests = {row["run_id"]: json.loads(row["settings"])["data"] for row in lines}
    for result in results:
        record = result.record
        known = answers.get(digests[record.run_id])
        if known is None or record.predictions is None:
            continue
        classes_N = unpack_predictions(record.predictions)
        if len(classes_N) != len(known.labels):
            raise StoreError(
                f"run {record.run_id} has predictions of {len(classes_N)} images, and the answers "
                f"of its data are {len(known.labels)}"
            )
        if classes_N.max() >= known.num_classes:
            raise StoreError(
                f"run {record.run_id} predicts class {classes_N.max()} of {known.num_classes}"
            )
        found = 100 * float(np.mean(classes_N == known.labels))
        if record.test_accuracy is None or abs(found - record.test_accuracy) > _ROUNDING:
            raise StoreError(
                f"the predictions of run {record.run_id} come to a test accuracy of {found:g}, and "
                f"{record.test_accuracy} is recorded"
            )
