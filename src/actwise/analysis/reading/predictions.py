"""Which test images each run classified correctly, by the predictions and answers of a store."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ...numbers import counted
from ...store import StoreSnapshot
from ...store.records import unpack_predictions
from ..table import Booleans, Cell

MOST_RUNS = 500
"""Above so many runs predictions are not read: 10,000 runs would take a minute."""

Correct = Mapping[Cell, Mapping[str, Booleans]]
"""For each cell and seed, whether each test image was classified correctly."""

_NEEDS_BOTH = "what needs each run's right and wrong images (errors on new images) is not computed"


def correct_predictions(
    snapshot: StoreSnapshot, cells: Mapping[str, Cell], rows: Sequence[Mapping[str, Any]]
) -> Correct:
    """Correct test images of the finished runs; without those whose answers the store lacks.

    The data themselves are not looked for, so that a store says the same wherever it is read.

    Args:
        snapshot: With the predictions, which are there up to :data:`MOST_RUNS` runs.
        cells: Cell of each run.
        rows: Each run with its ``run_id`` and ``seed``.
    """
    found: dict[Cell, dict[str, Booleans]] = defaultdict(dict)
    for row in rows:
        predicted = snapshot.predictions.get(row["run_id"])
        answers = snapshot.answers.get(predicted.data_digest) if predicted else None
        if predicted is not None and answers is not None:
            is_right_N = unpack_predictions(predicted.packed) == answers.labels
            found[cells[row["run_id"]]][str(row["seed"])] = is_right_N
    return dict(found)


def not_computed(snapshot: StoreSnapshot, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Why :func:`correct_predictions` is not whole, a sentence; none where it is.

    Args:
        snapshot: As above.
        rows: Each run with its ``run_id`` and ``dataset``.
    """
    if len(rows) > MOST_RUNS:
        runs = counted(MOST_RUNS, "run")
        return (f"of more than {runs} predictions are not read: {_NEEDS_BOTH}",)
    lacking = {
        str(row["dataset"])
        for row in rows
        if (predicted := snapshot.predictions.get(row["run_id"]))
        and predicted.data_digest not in snapshot.answers
    }
    if not lacking:
        return ()
    return (
        f"this store lacks the answers to the test images of {', '.join(sorted(lacking))}, which "
        f"older versions did not keep: {_NEEDS_BOTH} (actwise import --store S --data DIR adds "
        "them)",
    )
