"""``export``: one table of a store, or all of them as a folder that ``import`` reads back."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection

from ... import __version__
from ...errors import UnknownNameError
from ..database import SCHEMA_VERSION
from ..plans import read_levels, require_study
from ..store import RunStore
from ..tables import (
    RESTORED,
    answers_table,
    environments_table,
    epochs_table,
    keep_where,
    looks_table,
    packed_probes_table,
    predictions_table,
    probes_table,
    runs_table,
    studies_table,
    study_runs_table,
)
from .formats import render_table
from .output import refuse_new_folder, write_files

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
"""Written last: a folder without it is not complete."""

_OF_RUNS: Mapping[str, Callable[[Connection, "pa.Table"], "pa.Table"]] = {
    "runs": lambda connection, chosen: chosen,
    "epochs": epochs_table,
    "predictions": predictions_table,
    "answers": answers_table,
    "probes": probes_table,
}
_OTHERS: Mapping[str, Callable[[Connection, str | None], "pa.Table"]] = {
    "environments": environments_table,
    "looks": looks_table,
}
WHAT = (*_OF_RUNS, *_OTHERS)
"""What :func:`export_table` can be asked for."""

TABLES = (*WHAT, "studies", "study_runs")
"""What :func:`export_all` writes, each as ``NAME.parquet``."""


def export_table(
    store: RunStore, what: str, *, study: str | None = None, where: Sequence[str] = ()
) -> "pa.Table":
    """One table of a store, as Arrow.

    Args:
        store: Any store, also one that is being written.
        what: ``runs``: one row per (study, label, run) with a result. ``epochs``: the curve of
            each of these rows; ``probes``: its signal flow. ``predictions``: once per run.
            ``answers``: once per data set of these runs. ``environments``. ``looks``.
        study: Only this study.
        where: Conditions ``FIELD=VALUE``: on the columns of ``runs`` for the first five, which
            thus are about the same runs; on the table's own for the others.

    Raises:
        UnknownNameError: if ``what``, the study or a field of a condition is not known.
        SpecError: if a condition is not FIELD=VALUE.
    """
    if what not in WHAT:
        raise UnknownNameError("table", what, WHAT)

    def read(connection: Connection) -> "pa.Table":
        if what in _OTHERS:
            if study is not None:
                require_study(connection, study)
            return keep_where(_OTHERS[what](connection, study), where)
        return _OF_RUNS[what](connection, choose_runs(connection, study, where))

    return store.database.read(read)


def choose_runs(
    connection: Connection,
    study: str | None,
    where: Sequence[str],
    *,
    further: Sequence[ColumnElement[Any]] = (),
) -> "pa.Table":
    """The rows of a runs table that meet conditions, with some columns of the database more.

    Raises:
        UnknownNameError, SpecError: as :func:`export_table`.
    """
    if study is not None:
        require_study(connection, study)
    known = read_levels(connection, study)
    return keep_where(runs_table(connection, study, further=further), where, known=known)


def export_all(store: RunStore, folder: Path, *, where: Sequence[str] = ()) -> list[Path]:
    """Write every table of a store as Parquet into a new folder, with a manifest.

    The tables are those of :func:`export_table`, with the columns at the end of ``runs`` that an
    import needs, and ``studies`` and ``study_runs``, the plans. The manifest holds the schema
    version and the SHA-256 of each file. Weights are not exported.

    Args:
        store: Any store, also one that is being written.
        folder: Is made.
        where: Conditions ``FIELD=VALUE`` on the columns of ``runs``: results of these runs only
            (``seed=0``: one piece of a long study); the plans stay whole.

    Raises:
        UnknownNameError: if a field of a condition, or its value, is not known.
        SpecError: if a condition is not FIELD=VALUE.
            Also if the folder is there and not empty, or a part of a store.
        OutputError: if it cannot be written; then nothing of it is left.
    """
    refuse_new_folder(folder)
    contents = {
        f"{name}.parquet": render_table(table, "parquet")
        for name, table in store.database.read(lambda c: _all(c, where)).items()
    }
    manifest = {
        "format": "actwise export",
        "actwise": __version__,
        "schema_version": SCHEMA_VERSION,
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    }
    contents[MANIFEST] = json.dumps(manifest, indent=2).encode() + b"\n"
    return write_files(folder, contents)


def _all(connection: Connection, where: Sequence[str]) -> dict[str, "pa.Table"]:
    """Every table, all of one moment."""
    known = read_levels(connection, None)
    found = runs_table(connection, None, further=RESTORED, has_metrics=False)
    runs = keep_where(found, where, known=known)
    return {
        **{name: read(connection, runs) for name, read in _OF_RUNS.items()},
        "probes": packed_probes_table(connection, runs),
        **{name: read(connection, None) for name, read in _OTHERS.items()},
        "studies": studies_table(connection),
        "study_runs": study_runs_table(connection),
    }
