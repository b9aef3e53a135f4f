"""What a worker is told, made up: its set-up, and runs to train."""

from pathlib import Path
from typing import Any

from actwise.spec import ObserveSpec, RunSpec
from actwise.sweep.worker import Assignment, Setup


def made_setup(logs: Path, **changes: Any) -> Setup:
    """Of a worker on the CPU with one thread."""
    values: dict[str, Any] = {
        "data_dir": None,
        "device": "cpu",
        "threads": 1,
        "checkpoints": "c",
        "weights": "w",
        "logs": str(logs),
        "cpus": None,
        "checkpoint_seconds": 30.0,
        "allow_environment_change": False,
    }
    return Setup(**values | changes)


def assignment(run_id: str, *, code: tuple[tuple[str, str], ...] = ()) -> Assignment:
    """Of a run on digits, under the first lease; ``code``: digests of users' code."""
    spec = RunSpec(dataset="digits", model="mlp", regularization="none", activation="relu", seed=0)
    return Assignment(
        run_id=run_id,
        token=1,
        spec=spec,
        observe=ObserveSpec(),
        data_digest="d",
        code_digests=code,
    )
