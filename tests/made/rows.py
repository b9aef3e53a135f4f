"""Rows of results and lines of plans made up for the tests of tables; nothing is trained."""

import json
from typing import Any

from actwise.spec import ENGINE_VERSION, RunSpec
from actwise.store import StoredRun


def made_row(run_id: str, *, accuracy: float | None = 50.0, **changes: Any) -> dict[str, Any]:
    """A row of the table of runs: a finished run, unless ``status`` says otherwise."""
    of_run: dict[str, Any] = {"status": "finished", "study": "made", "aliased": False}
    of_run |= {"engine_version": ENGINE_VERSION}
    row = of_run | {name: changes.pop(name) for name in of_run if name in changes}
    row |= {"run_id": run_id, "test_accuracy": accuracy, "seed": changes.get("seed", 0)}
    row["environment"] = changes.pop("environment", "one")
    spec = RunSpec.model_validate(
        {"dataset": "digits", "model": "mlp", "regularization": "bn", "activation": "relu"}
        | {"seed": 0}
        | changes
    )
    return row | {"spec": json.dumps(spec.model_dump(mode="json"))}


def made_line(run_id: str, *, seed: int = 0, **changes: Any) -> StoredRun:
    """A line of a plan."""
    levels = {"dataset": "digits", "model": "mlp", "regularization": "bn", "activation": "relu"}
    levels |= {name: changes.pop(name) for name in levels if name in changes}
    return StoredRun(
        study=changes.pop("study", "made"),
        position=0,
        label="label",
        run_id=run_id,
        spec_hash="spec",
        cell_hash="cell",
        engine_version=ENGINE_VERSION,
        width=1.0,
        seed=seed,
        is_aliased=changes.pop("is_aliased", False),
        parameters=10,
        asked=json.dumps({**levels, **changes}),
        **levels,
    )
