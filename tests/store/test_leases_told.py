"""What is told of leases: who held a run, how often it was tried, and which runs somebody holds."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import LEASE_SECONDS, Lease, Owner, RunStore, StaleLeaseError
from made.runs import ME, failed_record, leased, let_pass, made_plan, made_record, made_study

ELSEWHERE = Owner("elsewhere", "boot", 7, "1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """With four pending runs."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(made_study(), made_plan(made_study()))
        yield store


@pytest.fixture
def runs(store: RunStore) -> list[str]:
    return [line.run_id for line in store.planned()]


def test_of_a_lost_run_it_is_told_who_had_it(store: RunStore, runs: list[str]) -> None:
    leased(store, runs[0], ELSEWHERE)
    leased(store, runs[1], ELSEWHERE)
    let_pass(store, LEASE_SECONDS + 1)
    assert store.states()[runs[0]].accident is None
    taken = leased(store, runs[0])
    state = store.states()[runs[0]]
    assert state.accident == "process 7 on elsewhere ended without a result"
    assert (state.status, state.attempts, taken.attempt, state.is_put_back) == (
        "running",
        2,
        2,
        False,
    )
    assert store.states()[runs[1]].accident is None
    store.release(taken, "no memory")
    state = store.states()[runs[0]]
    assert (state.accident, state.is_put_back) == ("no memory", True)
    store.release(leased(store, runs[0]))
    state = store.states()[runs[0]]
    assert (state.accident, state.is_put_back, state.attempts) == (None, False, 3)


def test_a_run_put_back_untried_keeps_what_was_told_of_it(store: RunStore, runs: list[str]) -> None:
    store.release(leased(store, runs[0]), "no memory")
    store.release(leased(store, runs[0]), "not told", was_tried=False)
    state = store.states()[runs[0]]
    assert (state.accident, state.attempts) == ("no memory", 1)
    assert store.states()[runs[1]].attempts == 0


def test_a_heartbeat_names_the_runs_in_the_order_in_which_they_were_taken(
    store: RunStore, runs: list[str]
) -> None:
    order = [runs[2], runs[0], runs[3]]
    for run in order:
        leased(store, run)
    leased(store, runs[1], ELSEWHERE)
    assert store.heartbeat(ME) == tuple(order)
    assert store.heartbeat(ELSEWHERE) == (runs[1],)


@pytest.mark.parametrize("name", ["host", "boot_id", "pid", "process_start"])
def test_another_process_renews_nothing(store: RunStore, runs: list[str], name: str) -> None:
    leased(store, runs[0], ELSEWHERE)
    let_pass(store, LEASE_SECONDS - 5)
    value = 8 if name == "pid" else "another"
    assert store.heartbeat(replace(ELSEWHERE, **{name: value})) == ()
    let_pass(store, 10)
    assert store.states()[runs[0]].owner is None
    assert store.heartbeat(ELSEWHERE) == (runs[0],)
    assert store.states()[runs[0]].owner == ELSEWHERE


def test_a_lease_is_of_its_run_and_its_token(store: RunStore, runs: list[str]) -> None:
    first, second = leased(store, runs[0]), leased(store, runs[1])
    mixed = Lease(runs[0], second.token, ME, 1)
    with pytest.raises(StaleLeaseError) as refusal:
        store.record(mixed, made_record(runs[0]))
    assert str(refusal.value) == (
        f"the lease {second.token} on run {runs[0]} was lost to another process or with the run; "
        "its result is not recorded"
    )
    store.release(mixed, "nothing")
    assert [store.states()[run].owner for run in runs[:2]] == [ME, ME]
    store.record(first, made_record(runs[0]))
    assert store.states()[runs[1]].owner == ME
    assert store.states()[runs[0]].owner is None


def test_the_first_unknown_run_is_named(store: RunStore, runs: list[str]) -> None:
    for run in runs:
        leased(store, run)
    asked = [runs[0], "e" * 20, "d" * 20]
    with pytest.raises(StoreError, match=f"^run {'e' * 20} is in no study of this store$"):
        store.lease_next(asked, ELSEWHERE)
    assert store.lease_next(runs, ELSEWHERE) is None
    for read in (store.result, store.settings):
        with pytest.raises(StoreError, match=f"^run {'d' * 20} is in no study of this store$"):
            read("d" * 20)


def test_only_those_named_are_observed_again(store: RunStore, runs: list[str]) -> None:
    for run in runs[:3]:
        record = failed_record(run) if run == runs[2] else made_record(run)
        store.record(leased(store, run), record)
    assert store.lease_next(runs[:3], ME) is None
    assert store.lease_next(runs[:3], ME, again=runs[2:]) is None
    again = store.lease_next(runs[:3], ME, again=[runs[1], "unknown"])
    assert again is not None and (again.run_id, again.attempt) == (runs[1], 2)
    pending = store.lease_next([runs[1], runs[0], runs[3]], ME, again=runs[:1])
    assert pending is not None and pending.run_id == runs[0]
    last = store.lease_next(runs, ME)
    assert last is not None and last.run_id == runs[3]


@pytest.mark.parametrize(("seconds", "is_alive"), [(0.0, True), (60.0, True), (60.1, False)])
def test_an_owner_elsewhere_lives_for_a_minute(seconds: float, is_alive: bool) -> None:
    assert ELSEWHERE.is_alive(seconds_since_heartbeat=seconds) is is_alive
    assert ME.is_alive(seconds_since_heartbeat=seconds, is_seen=False) is is_alive
    assert ME.is_alive(seconds_since_heartbeat=seconds)
    assert str(ELSEWHERE) == "process 7 on elsewhere"
