"""Reading a folder of :func:`~.export.export_all`: whole and consistent, or refused."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ActwiseError, StoreError
from ...files import read_file
from ..database import SCHEMA_VERSION
from ..plans import Look
from ..records import Answers
from ..tables import EXPORTED
from .answers import check_predictions
from .columns import read_columns
from .export import MANIFEST
from .output import is_folder
from .plan_lines import ExportedRow, ExportedStudy, PlanLine, read_lines, read_studies
from .results import (
    REQUIRED,
    ExportedResult,
    read_environments,
    read_results,
)

_SINCE = {"answers": 3}
"""Schema version from which on an export has a table."""
_LATER = (
    *("registered", "num_runs", "nominal_level", "started_as", "asked_at", "asked_cell"),
    "reestimated_accuracy",
)
"""Columns that exports before this version may lack."""
_MOST_LINES = 10_000_000
"""Of all plans, as of a study; of machines, looks and specs far fewer are made."""
_MOST_OTHERS = 100_000
_MOST_FILE_BYTES = 2**32
_MOST_MANIFEST_BYTES = 2**20


@dataclass(frozen=True)
class Exported:
    """One folder, read and checked.

    Attributes:
        studies: The specs, in their order.
        lines: Of all plans, in their order.
        answers: By the digest of the data; exports before version 3 have none.
    """

    folder: Path
    studies: tuple[ExportedStudy, ...]
    lines: tuple[PlanLine, ...]
    results: tuple[ExportedResult, ...]
    looks: tuple[Look, ...]
    answers: Mapping[str, Answers]


def read_exported(folder: Path) -> Exported:
    """Read and check one folder; nothing is written.

    Raises:
        StoreError: if it is no export, damaged, of a newer schema, or holds a value that no store
            can have: an id that does not follow from its settings, a result that does not agree
            with its plan, its curve or its predictions.
    """
    try:
        version, digests = _manifest(folder)
        return _Tables(folder, version, digests).exported()
    except ActwiseError as error:
        raise StoreError(f"export {str(folder)!r}: {error}") from None


class _Tables:
    """The files of an export, read one after the other: each says how long the next may be."""

    def __init__(self, folder: Path, version: int, digests: Mapping[str, Any]) -> None:
        self._folder = folder
        self._version = version
        self._digests = digests

    def exported(self) -> Exported:
        studies = read_studies(self._rows("studies", _MOST_OTHERS))
        planned = self._rows("study_runs", _MOST_LINES)
        lines = read_lines(planned, [study.spec.name for study in studies])
        found = self._rows("runs", len(lines), required=REQUIRED)
        num_runs = len({row["run_id"] for row in found})
        predictions = self._by_key("predictions", num_runs)
        probes = self._by_key("probes", num_runs)
        results = read_results(
            found,
            lines,
            environments=read_environments(self._rows("environments", _MOST_OTHERS)),
            epochs=self._rows("epochs", sum(row["epochs"] for row in found)),
            predictions={run: row["classes"] for run, row in predictions.items()},
            probes={run: row["packed"] for run, row in probes.items()},
        )
        answers = self._answers(len({line.planned.settings["data"] for line in lines}))
        _check_data(results, answers)
        looks = tuple(Look(**row) for row in self._rows("looks", _MOST_OTHERS))
        return Exported(self._folder, studies, tuple(lines), results, looks, answers)

    def _rows(self, name: str, most: int, *, required: tuple[str, ...] = ()) -> list[ExportedRow]:
        columns = read_columns(
            f"{name}.parquet",
            self._content(f"{name}.parquet"),
            EXPORTED[name],
            most_rows=most,
            required=required,
            may_lack=_LATER if self._version < SCHEMA_VERSION else (),
        )
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

    def _by_key(self, name: str, most: int) -> dict[str, ExportedRow]:
        """The rows by their first column."""
        rows = self._rows(name, most)
        key = next(iter(EXPORTED[name]))
        found = {row[key]: row for row in rows}
        if len(found) < len(rows):
            raise StoreError(f"{name}.parquet: one {key} stands in two rows")
        return found

    def _answers(self, most: int) -> dict[str, Answers]:
        if self._version < _SINCE["answers"]:
            return {}
        found = {}
        for digest, row in self._by_key("answers", most).items():
            labels_N, num_classes = row["labels"], row["num_classes"]
            if not labels_N.size or labels_N.max() >= num_classes:
                raise StoreError(
                    f"the answers of data {digest} are not among {num_classes} classes"
                )
            found[digest] = Answers.of(labels_N, num_classes)
        return found

    def _content(self, name: str) -> bytes:
        """The bytes of a file, as the manifest says they are."""
        content = _read_file(self._folder / name, _MOST_FILE_BYTES)
        if hashlib.sha256(content).hexdigest() != self._digests.get(name):
            raise StoreError(f"{name} is damaged: its SHA-256 is not the manifest's")
        return content


def _check_data(results: Iterable[ExportedResult], answers: Mapping[str, Answers]) -> None:
    """Runs on the same data predict the same images; answers are of data that runs have."""
    num_images: dict[str, int | None] = {}
    for result in results:
        found, run_id = result.num_images, result.record.run_id
        known = num_images.get(result.data_digest)
        if None not in (found, known) and found != known:
            raise StoreError(
                f"run {run_id} has predictions of {found} images, and another run on its data of "
                f"{known}"
            )
        num_images[result.data_digest] = known or found
        if result.data_digest in answers:
            check_predictions(result.record, answers[result.data_digest])
    if unknown := answers.keys() - num_images.keys():
        raise StoreError(f"answers.parquet: no run has a result on the data {min(unknown)}")


def _manifest(folder: Path) -> tuple[int, dict[str, Any]]:
    """Schema version and the SHA-256 of every file."""
    if not is_folder(folder):
        raise StoreError("there is no such folder")
    if not os.path.lexists(folder / MANIFEST):
        raise StoreError(f"it is no complete export: it has no {MANIFEST}")
    try:
        manifest = json.loads(_read_file(folder / MANIFEST, _MOST_MANIFEST_BYTES))
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise StoreError(f"{MANIFEST} is not valid")
    version: Any = manifest.get("schema_version")
    digests: Any = manifest.get("sha256")
    is_ours = manifest.get("format") == "actwise export" and isinstance(digests, dict)
    if not is_ours or type(version) is not int or version < 1:
        raise StoreError(f"{MANIFEST} is not valid")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"it has schema version {version} and this actwise knows versions up to "
            f"{SCHEMA_VERSION}; install a newer actwise"
        )
    return version, digests


def _read_file(path: Path, most_bytes: int) -> bytes:
    try:
        return read_file(path, most_bytes=most_bytes)
    except OSError as error:
        raise StoreError(f"{path.name} cannot be read: {error.strerror}") from None
