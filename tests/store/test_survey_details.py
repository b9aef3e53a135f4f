"""What a survey tells of several runs, machines and looks, and which changes it sees."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actwise.store import ProgressPoint, RunStore, read_curves, remove, survey
from made.runs import (
    ENVIRONMENT,
    ME,
    failed_record,
    leased,
    look_at,
    made_epoch,
    made_plan,
    made_record,
    made_study,
)
from made.tasks import task_record

STUDY = made_study(activation=["relu", "elu"], seeds="0..1")
THERE = {"host": "there", "fingerprint": {}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Four pending runs."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        yield store


@pytest.fixture
def runs(store: RunStore) -> list[str]:
    return [line.run_id for line in store.planned()]


def test_machines_with_more_results_come_first(store: RunStore, runs: list[str]) -> None:
    for run, environment in zip(runs, [THERE, ENVIRONMENT, ENVIRONMENT], strict=False):
        store.record(leased(store, run), made_record(run, environment=environment))
    seen = survey(store).machines
    assert [(machine.details, machine.num_runs) for machine in seen] == [
        (ENVIRONMENT, 2),
        (THERE, 1),
    ]


def test_looks_are_counted_by_study_and_at_all(store: RunStore) -> None:
    for study in ("made", None, "made"):
        look_at(store, study=study, num_seeds=1)
    assert survey(store).num_looks == {"made": 2, None: 1}


def test_ends_tell_when_how_long_and_why(store: RunStore, runs: list[str]) -> None:
    store.record(leased(store, runs[0]), made_record(runs[0], train_seconds=3.5))
    store.record(leased(store, runs[1]), failed_record(runs[1]))
    ends = survey(store).ends
    assert set(ends) == {runs[0], runs[1]}
    assert (ends[runs[0]].train_seconds, ends[runs[0]].num_epochs) == (3.5, 3)
    assert (ends[runs[0]].reason, ends[runs[1]].reason) == ("", "ValueError: no")
    assert (ends[runs[1]].train_seconds, ends[runs[1]].num_epochs) == (0.0, 0)
    assert ends[runs[0]].recorded_at <= ends[runs[1]].recorded_at <= store.snapshot().read_at


def test_curves_are_read_of_the_runs_asked_for(store: RunStore, runs: list[str]) -> None:
    for run, seconds in zip(runs, (1.0, 2.0), strict=False):
        curve = (made_epoch(1, seconds=seconds), made_epoch(2, seconds=3.0))
        store.record(leased(store, run), made_record(run, epochs=curve))
    own = task_record(runs[2], {"score": (0.5, 0.25), "other": (1.0, 2.0)}, num_epochs=2)
    store.record(leased(store, runs[2]), own)
    assert read_curves(store, [runs[1], runs[3]], measure="seconds") == {
        runs[1]: ((1, 2.0), (2, 3.0)),
        runs[3]: (),
    }
    assert read_curves(store, runs[:3], measure="score") == {
        runs[0]: (),
        runs[1]: (),
        runs[2]: ((1, 0.5), (2, 0.25)),
    }
    assert read_curves(store, runs[2:3], measure="nothing") == {runs[2]: ()}


def test_progress_is_told_run_by_run_and_epoch_by_epoch(store: RunStore, runs: list[str]) -> None:
    tokens = [leased(store, run).token for run in runs[:2]]
    points = [
        ProgressPoint(token=token, epoch=epoch, num_epochs=3, done_fraction=0.5)
        for epoch in (2, 1)
        for token in tokens
    ]
    assert store.heartbeat(ME, points) == (runs[0], runs[1])
    store.heartbeat(ME, [ProgressPoint(token=tokens[0], epoch=2, num_epochs=3, done_fraction=1.0)])
    seen = survey(store).progress
    assert set(seen) == set(runs[:2])
    assert [(p.token, p.epoch, p.done_fraction) for p in seen[runs[0]]] == [
        (tokens[0], 1, 0.5),
        (tokens[0], 2, 1.0),
    ]
    assert [(p.token, p.epoch, p.done_fraction) for p in seen[runs[1]]] == [
        (tokens[1], 1, 0.5),
        (tokens[1], 2, 0.5),
    ]
    assert survey(store, "made").progress == seen


def test_progress_of_runs_of_other_studies_is_not_told(store: RunStore, runs: list[str]) -> None:
    other = made_study("other", activation=["tanh"], seeds="0")
    store.add_study(other, made_plan(other))
    (run,) = (line.run_id for line in store.planned("other"))
    for each in (runs[0], run):
        token = leased(store, each).token
        point = ProgressPoint(token=token, epoch=1, num_epochs=None, done_fraction=0.5)
        store.heartbeat(ME, [point])
    assert set(survey(store, "other").progress) == {run}
    assert set(survey(store, "made").progress) == {runs[0]}


def other_spec(store: RunStore) -> None:
    """A spec whose runs are all planned already."""
    study = made_study(activation=["relu"], seeds="0")
    store.add_study(study, made_plan(study))


def fail_again(store: RunStore) -> None:
    """Of the first run that failed."""
    run = store.planned()[0].run_id
    store.reopen([run])
    store.record(leased(store, run), failed_record(run))


CHANGES: dict[str, Callable[[RunStore], object]] = {
    "a spec of planned runs": other_spec,
    "a run put back": lambda s: s.release(leased(s, s.planned()[1].run_id), "no memory"),
    "a run reopened": lambda s: s.reopen([s.planned()[0].run_id]),
    "a failure again": fail_again,
    "runs removed": lambda s: remove(s, "made", [s.planned()[2].run_id]),
    "a look": lambda s: look_at(s, num_seeds=1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("study", [None, "made"])
def test_a_change_is_seen_by_who_surveyed_before(
    store: RunStore, runs: list[str], change: str, study: str | None
) -> None:
    store.record(leased(store, runs[0]), failed_record(runs[0]))
    before = survey(store, study)
    CHANGES[change](store)
    seen = survey(store, study, before=before)
    assert seen == survey(store, study)
    assert seen != before
    assert survey(store, study, before=seen) is seen
