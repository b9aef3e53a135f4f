"""Making ids fit what was forged, so that an import sees the content and not a wrong hash."""

import hashlib
import json
from typing import Any

import pyarrow as pa

from actwise.spec import run_id, spec_hash
from actwise.store.database.schema import short_hash, to_json
from actwise.store.records import fingerprint_id

Tables = dict[str, pa.Table]


def make_ids_fit(tables: Tables) -> None:
    """Compute ids and hashes again from what was forged, as far as that can be understood."""
    try:
        _fit_machines(tables)
        _fit_studies(tables)
        _fit_plans(tables)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, pa.ArrowException):
        return  # What cannot be understood stays as it is.


def _fit_machines(tables: Tables) -> None:
    rows = tables["environments"].to_pylist()
    new: dict[str, tuple[str, str, Any]] = {}
    for row in rows:
        details = json.loads(row["details"])
        numerics = details.get("fingerprint", {})
        found = (short_hash(to_json(details)), fingerprint_id(numerics), numerics.get("device"))
        new[row["environment_id"]] = found
        row["environment_id"], row["environment"], row["device"] = found
    if not rows or rows == tables["environments"].to_pylist():
        return
    tables["environments"] = pa.Table.from_pylist(rows, tables["environments"].schema)
    runs = tables["runs"].to_pylist()
    for row in runs:
        if row["environment_id"] in new:
            row["environment_id"], row["environment"], row["device"] = new[row["environment_id"]]
    tables["runs"] = pa.Table.from_pylist(runs, tables["runs"].schema)


def _fit_studies(tables: Tables) -> None:
    rows = tables["studies"].to_pylist()
    for row in rows:
        row["study_hash"] = short_hash(to_json(json.loads(row["spec"])))
    if rows == tables["studies"].to_pylist():
        return
    tables["studies"] = pa.Table.from_pylist(rows, tables["studies"].schema)


def _fit_plans(tables: Tables) -> None:
    rows = tables["study_runs"].to_pylist()
    new: dict[str, dict[str, Any]] = {}
    for row in rows:
        asked, settings = json.loads(row["asked"]), json.loads(row["settings"])
        cell = hashlib.sha256(to_json(settings).encode()).hexdigest()[:32]
        hashed = spec_hash(cell, row["seed"])
        levels = ("dataset", "model", "regularization", "activation")
        shared = {
            "run_id": run_id(hashed, row["engine_version"]),
            "spec_hash": hashed,
            "width": asked.get("width", 1.0),
            **{name: asked[name] for name in levels},
        }
        new[row["run_id"]] = shared
        row.update(shared, cell_hash=cell, label=short_hash(row["asked"]))
    if rows == tables["study_runs"].to_pylist():
        return
    tables["study_runs"] = pa.Table.from_pylist(rows, tables["study_runs"].schema)
    for name in ("runs", "epochs", "predictions", "probes"):
        found = tables[name].to_pylist()
        for row in found:
            shared = new.get(row["run_id"], {})
            row.update({key: value for key, value in shared.items() if key in row})
            if name == "runs" and shared:
                spec = json.loads(row["spec"])
                spec |= {key: value for key, value in shared.items() if key in spec}
                row["spec"] = to_json(spec)
        tables[name] = pa.Table.from_pylist(found, tables[name].schema)
