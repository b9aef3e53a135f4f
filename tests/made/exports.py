"""Exports made up for tests, and ways to forge them: the manifest always says the new SHA-256."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from actwise.spec import run_id, spec_hash
from actwise.store import RunStore
from actwise.store.database.schema import short_hash, to_json
from actwise.store.exchange import export_all
from actwise.store.records import observed_probes, pack_probes
from made.runs import (
    ANSWERS,
    PROBES,
    answered_record,
    failed_record,
    leased,
    look_at,
    made_epoch,
    made_plan,
    made_probe,
    made_study,
)

DIVERGED: dict[str, Any] = {
    "status": "diverged",
    **dict.fromkeys(("test_accuracy", "test_loss", "train_accuracy", "weights_sha256")),
    **dict.fromkeys(("predictions", "predictions_sha256", "answers")),
}
Row = dict[str, Any]
Forge = Callable[[Path], object]
"""Changes an export."""
Refused = Callable[..., str]
"""Imports folders; the sentence."""


def made_export(folder: Path) -> Path:
    """Two studies that share runs, and an older one: finished, diverged, failed, pending runs.

    Returns:
        The folder of the export; the store lies beside it as ``origin``.
    """
    with RunStore.open(folder / "origin", create=True) as store:
        for name in ("one", "two"):
            study = made_study(name, regularization=["bn", "bn+dropout"], train={"epochs": 3})
            store.add_study(study, made_plan(study), claims={"mine.toml": "ab"})
        older = made_study("old", activation=["selu"], seeds="0")
        store.add_study(older, made_plan(older))
        runs = list(dict.fromkeys(run.run_id for run in store.planned()))
        store.release(leased(store, runs[0]))
        observed: Row = {
            "probes": pack_probes([made_probe(0), made_probe(2), made_probe(3)]),
            "observed": (observed_probes(PROBES), "keep_weights", "reestimated"),
            "reestimated_accuracy": 21.0,
        }
        store.record(leased(store, runs[0]), answered_record(runs[0], **observed))
        curve = (made_epoch(1, train_loss=float("nan")),)
        diverged = answered_record(runs[1], epochs=curve, **DIVERGED)
        store.record(leased(store, runs[1]), diverged)
        store.record(leased(store, runs[2]), failed_record(runs[2]))
        look_at(store, study="one", num_seeds=2)
        export_all(store, folder / "exported")
    assert ANSWERS.num_classes == 10
    return folder / "exported"


def rewrite(folder: Path, name: str, change: Callable[[Row], object]) -> None:
    """Change every row of a table in place; the columns keep their types."""
    table = pq.read_table(folder / f"{name}.parquet")
    rows = table.to_pylist()
    for row in rows:
        change(row)
    replace_table(folder, name, pa.Table.from_pylist(rows, schema=table.schema))


def cells(table: str, **values: Any) -> Forge:
    """Put values into every row, or into those where a function of the row says so."""

    def change(row: Row) -> None:
        row.update({k: v(row) if callable(v) else v for k, v in values.items()})

    return lambda folder: rewrite(folder, table, change)


def finished(name: str, value: Any) -> Callable[[Row], Any]:
    """A value for the finished runs; the others keep theirs."""
    return lambda row: value if row["status"] == "finished" else row[name]


def failed(name: str, value: Any) -> Callable[[Row], Any]:
    """A value for the failed runs; the others keep theirs."""
    return lambda row: value if row["status"] == "failed" else row[name]


def typed(table: str, column: str, values: Callable[[int], pa.Array]) -> Forge:
    """Give a column another type."""

    def forge(folder: Path) -> None:
        found = pq.read_table(folder / f"{table}.parquet")
        place = found.schema.get_field_index(column)
        array = values(found.num_rows)
        replace_table(folder, table, found.set_column(place, column, array))

    return forge


def reshaped(table: str, change: Callable[[pa.Table], pa.Table]) -> Forge:
    """Drop, repeat or rename rows and columns."""
    return lambda f: replace_table(f, table, change(pq.read_table(f / f"{table}.parquet")))


def settled(name: str, change: Callable[[Any], Any]) -> Callable[[Row], str]:
    """The JSON of a column, changed."""
    return lambda row: to_json(change(json.loads(row[name])))


def relabelled(**asked: Any) -> Forge:
    """Other settings with every hash made to fit, as a forger who knows the rules would."""

    def change(row: Row) -> None:
        settings = json.loads(row["settings"]) | {
            k: v for k, v in asked.items() if k in ("model", "regularization", "activation")
        }
        text = to_json(json.loads(row["asked"]) | asked)
        cell = hashlib.sha256(to_json(settings).encode()).hexdigest()[:32]
        hashed = spec_hash(cell, row["seed"])
        row.update(
            asked=text,
            settings=to_json(settings),
            label=short_hash(text),
            cell_hash=cell,
            spec_hash=hashed,
            run_id=run_id(hashed, row["engine_version"]),
            **{k: v for k, v in asked.items() if isinstance(v, str)},
        )

    return lambda folder: rewrite(folder, "study_runs", change)


def without_rows(folder: Path, *names: str) -> None:
    """Empty these tables."""
    for name in names:
        replace_table(folder, name, pq.read_table(folder / f"{name}.parquet").slice(0, 0))


def replace_table(folder: Path, name: str, table: pa.Table) -> None:
    """Put another table in the place of one."""
    pq.write_table(table, folder / f"{name}.parquet")
    sign(folder)


def sign(folder: Path, **changes: Any) -> None:
    """Write the manifest anew, with the SHA-256 of every file as it is now."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for file in manifest["sha256"]:
        if (folder / file).exists():
            manifest["sha256"][file] = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    path.write_text(json.dumps({**manifest, **changes}))
