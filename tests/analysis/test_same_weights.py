"""Runs of different levels that end at the same weights: the code has ignored the level."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from actwise.analysis import analyze
from actwise.spec import PlannedRun
from actwise.store import RunStore
from made.runs import leased, made_plan, made_record, made_study

Weights = Callable[[PlannedRun], str | None]
STUDY = made_study(activation=("relu", "elu", "gelu"), regularization=("bn", "bn+dropout"))


def evidence(folder: Path, weights_of: Weights, *, diverged: Sequence[str] = ()) -> list[str]:
    planned = made_plan(STUDY)
    with RunStore.open(folder, create=True) as store:
        store.add_study(STUDY, planned)
        for run in {p.run_id: p for p in planned}.values():
            status = "diverged" if run.spec.activation in diverged else "finished"
            changes = {} if status == "finished" else {"test_accuracy": None}
            record = made_record(
                run.run_id, status=status, weights_sha256=weights_of(run), **changes
            )
            store.record(leased(store, run.run_id), record)
        return [f.evidence for f in analyze(store).findings if f.code == "A022"]


def test_aliased_cells_have_one_run_and_are_no_finding(tmp_path: Path) -> None:
    assert evidence(tmp_path, lambda run: run.run_id) == []


@pytest.mark.parametrize(
    ("weights_of", "found"),
    [
        (
            lambda run: f"{run.spec.seed}",
            ["digits, mlp, bn, elu = digits, mlp, bn, gelu = digits, mlp, bn, relu, seed 0, 1"],
        ),
        (
            lambda run: f"{run.spec.seed}{run.spec.activation == 'elu'}",
            ["digits, mlp, bn, gelu = digits, mlp, bn, relu, seed 0, 1"],
        ),
        (
            lambda run: run.run_id if run.spec.seed or run.spec.activation == "elu" else "same",
            ["digits, mlp, bn, gelu = digits, mlp, bn, relu, seed 0"],
        ),
        # What two seeds of one level share is another matter, and so is what was not kept.
        (lambda run: run.spec.activation, []),
        (lambda run: None, []),
    ],
    ids=["all levels", "two of three", "at one seed", "seeds of one level", "nothing kept"],
)
def test_levels_that_end_at_the_same_weights_are_named(
    tmp_path: Path, weights_of: Weights, found: list[str]
) -> None:
    assert evidence(tmp_path, weights_of) == found


def test_what_diverged_is_not_compared(tmp_path: Path) -> None:
    assert evidence(tmp_path, lambda run: "same", diverged=("relu", "elu")) == []
