"""A connection that is lost around a commit: who asks again does not know if it was kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select

from actwise.store import ConnectionLostError, Owner, RunStore, StaleLeaseError
from actwise.store.database.schema import leases
from made.runs import ME, leased, look_at, made_plan, made_record, made_study

OTHER = Owner("elsewhere", "", 7, "")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Four pending runs, the last two of which another holds."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study()
        store.add_study(study, made_plan(study))
        for run in store.planned()[2:]:
            leased(store, run.run_id, OTHER)
        yield store


class Line:
    """Loses the connection of the next transaction that writes.

    Attributes:
        lost: "before" its commit or "after" it; "" = not at all.
        meanwhile: What happens before it is asked again.
    """

    def __init__(self, store: RunStore) -> None:
        self.lost = ""
        self.meanwhile: Callable[[], None] | None = None
        self._writing = store.database.writing

    @contextmanager
    def writing(self, **options: Any) -> Iterator[Connection]:
        """In place of the database's."""
        lost, self.lost = self.lost, ""
        if not lost and self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        with self._writing(**options) as connection:
            yield connection
            if lost == "before":
                raise ConnectionLostError("it was lost")
        if lost == "after":
            raise ConnectionLostError("it was lost")


@pytest.fixture
def line(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Line:
    line = Line(store)
    monkeypatch.setattr(store.database, "writing", line.writing)
    return line


def held(store: RunStore) -> dict[str, tuple[int, int]]:
    """Token and process of every lease, by run id."""
    query = select(leases.c.run_id, leases.c.token, leases.c.pid)
    return store.database.read(lambda c: {run: (t, pid) for run, t, pid in c.execute(query)})


BOTH = pytest.mark.parametrize("lost", ["before", "after"])


@BOTH
def test_a_lease_is_taken_once(lost: str, store: RunStore, line: Line) -> None:
    runs = [run.run_id for run in store.planned()]
    line.lost = lost
    lease = store.lease_next(runs, ME)
    assert lease is not None
    assert (lease.run_id, lease.token, lease.owner, lease.attempt) == (runs[0], 3, ME, 1)
    assert held(store) == {runs[0]: (3, ME.pid), runs[2]: (1, 7), runs[3]: (2, 7)}
    states = store.states(runs)
    assert [states[run].attempts for run in runs] == [1, 0, 1, 1]


@BOTH
def test_a_result_is_recorded_once_while_others_hold_other_runs(
    lost: str, store: RunStore, line: Line
) -> None:
    run = store.planned()[0].run_id
    lease = leased(store, run)
    others = {other: lease for other, lease in held(store).items() if other != run}
    line.lost = lost
    store.record(lease, made_record(run))
    assert store.result(run) == made_record(run)
    state = store.states([run])[run]
    assert (state.status, state.attempts, state.owner) == ("finished", 1, None)
    assert held(store) == others


@BOTH
def test_what_is_observed_again_in_as_many_seconds_is_recorded(
    lost: str, store: RunStore, line: Line
) -> None:
    run = store.planned()[0].run_id
    store.record(leased(store, run), made_record(run))
    lease = leased(store, run, again=True)
    more = made_record(run, observed=("test_curve",), best_test_accuracy=60.0)
    line.lost = lost
    store.record(lease, more)
    assert store.result(run) == more
    assert run not in held(store)


@pytest.mark.parametrize(
    "changes", [{"train_seconds": 1.5}, {"weights_sha256": "ab" * 32}, {"status": "diverged"}]
)
def test_the_result_of_another_training_is_not_taken_for_the_one_that_was_lost(
    changes: dict[str, Any], store: RunStore, line: Line
) -> None:
    run = store.planned()[0].run_id
    lease = leased(store, run)

    def take_over() -> None:
        with store.database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.run_id == run))
        store.record(leased(store, run, OTHER), made_record(run, **changes))

    line.lost, line.meanwhile = "before", take_over
    with pytest.raises(StaleLeaseError) as refusal:
        store.record(lease, made_record(run))
    assert str(refusal.value) == (
        f"the lease 3 on run {run} was lost to another process or with the run; its result is "
        "not recorded"
    )
    assert store.result(run) == made_record(run, **changes)


@BOTH
@pytest.mark.parametrize(("was_tried", "attempts"), [(True, 1), (False, 0)])
def test_a_run_is_put_back_once(
    was_tried: bool, attempts: int, lost: str, store: RunStore, line: Line
) -> None:
    run = store.planned()[0].run_id
    lease = leased(store, run)
    line.lost = lost
    store.release(lease, "an accident", was_tried=was_tried)
    state = store.states([run])[run]
    assert (state.status, state.attempts, state.owner) == ("pending", attempts, None)
    assert state.accident == ("an accident" if was_tried else None)


@BOTH
def test_a_look_is_noted_once(lost: str, store: RunStore, line: Line) -> None:
    line.lost = lost
    look_at(store, study="made", num_seeds=2)
    (look,) = store.looks()
    assert (look.study, look.what, look.num_seeds) == ("made", "analyze", 2)
