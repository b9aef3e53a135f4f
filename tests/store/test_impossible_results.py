"""Results that no training ends in: an export of them is refused, and one of their neighbours not.

A store takes what its own workers record; whoever exports may have recorded anything.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.store.exchange import export_all, import_folders
from actwise.store.records import hash_predictions, pack_predictions
from made.exports import DIVERGED
from made.runs import answered_record, leased, made_epoch, made_plan, made_study

NO_IMAGES = np.zeros(0, np.uint8)
NONE_SEEN = {
    "predictions": pack_predictions(NO_IMAGES),
    "predictions_sha256": hash_predictions(NO_IMAGES),
    "answers": None,
}
FAILED = {
    "status": "failed",
    "traceback": "ValueError: no",
    **{name: value for name, value in DIVERGED.items() if name != "status"},
    **dict.fromkeys(("images_per_second", "best_test_accuracy")),
}


def exported(folder: Path, *, schedule: str, **changes: Any) -> str:
    """Export one run of three epochs as it is said to be; its id."""
    study = made_study(activation=["relu"], seeds="0", train={"epochs": 3, "schedule": schedule})
    (planned,) = made_plan(study)
    with RunStore.open(folder / "origin", create=True) as store:
        store.add_study(study, [planned])
        lease = leased(store, planned.run_id)
        store.record(lease, answered_record(planned.run_id, **changes))
        export_all(store, folder / "e")
    return planned.run_id


def imported(folder: Path) -> int:
    with RunStore.open(folder / "new", create=True) as store:
        return import_folders([folder / "e"], store).num_added


def of_epochs(number: int, **changes: Any) -> dict[str, Any]:
    curve = tuple(made_epoch(k) for k in range(1, number + 1))
    return {"epochs": curve, "train_accuracy": 10.0 * number if number else None, **changes}


IMPOSSIBLE: dict[str, tuple[str, dict[str, Any], str]] = {
    "a plateau without an epoch": (
        "plateau",
        of_epochs(0),
        "is finished, and has 0 epochs, expected 1 to 3",
    ),
    "a plateau of too many": (
        "plateau",
        of_epochs(4),
        "is finished, and has 4 epochs, expected 1 to 3",
    ),
    "another schedule of fewer": (
        "cosine",
        of_epochs(2),
        "is finished, and has 2 epochs, expected 3",
    ),
    "diverged after the end": (
        "cosine",
        of_epochs(4, **DIVERGED),
        "is diverged, and has 4 epochs, expected 0 to 3",
    ),
    "failed after an epoch": (
        "plateau",
        of_epochs(1, **FAILED),
        "is failed, and has 1 epoch, expected 0",
    ),
    "probes of a training of the user's own": (
        "plateau",
        {"observed": ("probes",)},
        "is finished, and observed probes of a training of the user's own",
    ),
    "a test curve with gaps": (
        "plateau",
        {"observed": ("test_curve",)},
        "is finished, and has gaps in the test curve that was observed",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_result_that_no_training_ends_in_is_refused_whole(name: str, tmp_path: Path) -> None:
    schedule, changes, problem = IMPOSSIBLE[name]
    run = exported(tmp_path, schedule=schedule, **changes)
    with pytest.raises(StoreError) as refusal:
        imported(tmp_path)
    said = f"export '{tmp_path}/e': runs.parquet, row 1: run {run} {problem}"
    assert str(refusal.value) == said


def test_predictions_of_no_images_are_refused(tmp_path: Path) -> None:
    run = exported(tmp_path, schedule="plateau", **NONE_SEEN)
    with pytest.raises(StoreError) as refusal:
        imported(tmp_path)
    said = f"export '{tmp_path}/e': the predictions of run {run} are of no images"
    assert str(refusal.value) == said


POSSIBLE: dict[str, tuple[str, dict[str, Any]]] = {
    "a plateau that ended at once": ("plateau", of_epochs(1)),
    "a plateau to its end": ("plateau", of_epochs(3)),
    "another schedule to its end": ("cosine", of_epochs(3)),
    "diverged in the first epoch": ("cosine", of_epochs(0, **DIVERGED)),
    "diverged in the last": ("cosine", of_epochs(3, **DIVERGED)),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_the_least_and_the_most_that_a_training_can_have_are_taken(
    name: str, tmp_path: Path
) -> None:
    schedule, changes = POSSIBLE[name]
    exported(tmp_path, schedule=schedule, **changes)
    assert imported(tmp_path) == 1
