"""What RunStore promises about claims, held against every kind of storage."""

import time
from dataclasses import replace

import pytest

from actwise.errors import StoreError
from actwise.store import (
    LEASE_SECONDS,
    Lease,
    RunStore,
    StaleLeaseError,
    collect_garbage,
    kept_weights,
    remove,
    written_weights,
)
from made.runs import ME, leased, let_pass, made_record

GONE = replace(ME, process_start="0")
ELSEWHERE = replace(ME, host="another host")


def leased_by_a_dead_owner(store: RunStore, run: str) -> Lease:
    """Of a process that is gone, and long gone where only the time can tell."""
    lost = leased(store, run, GONE)
    let_pass(store, LEASE_SECONDS + 1)
    return lost


class TestClaimContract:
    def test_a_living_owner_keeps_its_claim(self, store: RunStore, run: str) -> None:
        leased(store, run)
        assert store.lease(run, ME) is None
        assert store.lease(run, ELSEWHERE) is None

    def test_a_dead_owners_run_is_pending_and_is_taken_over(
        self, store: RunStore, run: str
    ) -> None:
        lost = leased_by_a_dead_owner(store, run)
        assert store.states([run])[run].status == "pending"
        taken = leased(store, run)
        assert (taken.attempt, taken.token > lost.token) == (2, True)
        assert "ended without a result" in str(store.states([run])[run].accident)

    def test_whoever_lost_a_claim_cannot_record(self, store: RunStore, run: str) -> None:
        lost = leased_by_a_dead_owner(store, run)
        taken = leased(store, run)
        with pytest.raises(StaleLeaseError, match="was lost"):
            store.record(lost, made_record(run, test_accuracy=1.0))
        assert store.result(run) is None
        store.record(taken, made_record(run))
        with pytest.raises(StaleLeaseError):
            store.record(lost, made_record(run, test_accuracy=1.0))
        assert store.result(run) == made_record(run)

    def test_a_lost_claim_cannot_replace_the_weights_of_a_result(
        self, store: RunStore, run: str
    ) -> None:
        lost = leased_by_a_dead_owner(store, run)
        taken = leased(store, run)
        for claim in (taken, lost):
            path = written_weights(store.weights, run, claim.token)
            path.write_text(f"weights of claim {claim.token}")
        store.record(taken, made_record(run))
        with pytest.raises(StaleLeaseError):
            store.record(lost, made_record(run))
        kept = kept_weights(store.weights, run)
        assert kept.read_text() == f"weights of claim {taken.token}"

    def test_a_claim_put_back_untried_is_no_attempt(self, store: RunStore, run: str) -> None:
        store.release(leased(store, run), was_tried=False)
        assert store.states([run])[run].attempts == 0
        assert leased(store, run).attempt == 1

    def test_a_result_is_recorded_once(self, store: RunStore, run: str) -> None:
        claim = leased(store, run)
        store.record(claim, made_record(run))
        with pytest.raises(StaleLeaseError):
            store.record(claim, made_record(run, test_accuracy=1.0))
        assert store.lease(run, ME) is None

    def test_a_run_put_back_can_be_leased_again(self, store: RunStore, run: str) -> None:
        store.release(leased(store, run), "out of memory")
        state = store.states([run])[run]
        assert (state.status, state.accident, state.attempts) == ("pending", "out of memory", 1)
        claim = leased(store, run)
        store.record(claim, made_record(run))
        assert store.states([run])[run].accident is None

    def test_putting_back_a_lost_claim_changes_nothing(self, store: RunStore, run: str) -> None:
        lost = leased_by_a_dead_owner(store, run)
        leased(store, run)
        store.release(lost, "too late")
        state = store.states([run])[run]
        assert (state.status, state.owner) == ("running", ME)
        assert state.accident != "too late"

    def test_a_heartbeat_names_the_runs_that_are_still_held(
        self, store: RunStore, run: str
    ) -> None:
        other = store.planned()[1].run_id
        leased_by_a_dead_owner(store, other)
        leased(store, run, ELSEWHERE)
        assert store.heartbeat(ELSEWHERE) == (run,)
        leased(store, other)
        assert store.heartbeat(GONE) == ()

    @pytest.mark.parametrize("ahead_seconds", [3600.0, 86_400.0, 1e12])
    @pytest.mark.parametrize("see", ["lease", "heartbeat", "remove", "collect_garbage"])
    def test_a_dead_owner_whose_clock_ran_ahead_is_dead_a_minute_after_it_was_seen(
        self,
        store: RunStore,
        run: str,
        see: str,
        ahead_seconds: float,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        now = time.time()
        monkeypatch.setattr("time.time", lambda: now + ahead_seconds)
        leased(store, run, ELSEWHERE)
        # Or the clock of this host has been set back.
        monkeypatch.setattr("time.time", lambda: now)
        if see == "lease":
            assert store.lease(run, ME) is None
        elif see == "heartbeat":
            store.heartbeat(ME)
        elif see == "collect_garbage":
            collect_garbage(store)
        else:
            with pytest.raises(StoreError, match="is being trained by"):
                remove(store, "made")
        let_pass(store, LEASE_SECONDS - 1)
        assert store.states([run])[run].status == "running"
        let_pass(store, 2)
        assert leased(store, run).attempt == 2

    def test_a_living_owner_whose_clock_runs_ahead_keeps_its_run(
        self, store: RunStore, run: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.time()
        leased(store, run, ELSEWHERE)
        for _ in range(15):
            monkeypatch.setattr("time.time", lambda: now + 3600)
            assert store.heartbeat(ELSEWHERE) == (run,)
            monkeypatch.setattr("time.time", lambda: now)
            let_pass(store, 20)
            assert store.lease(run, ME) is None

    def test_the_first_free_run_of_many_is_leased(self, store: RunStore, run: str) -> None:
        first, second, third, fourth = (r.run_id for r in store.planned())
        leased(store, first)
        store.record(leased(store, second), made_record(second))
        order = (first, second, fourth, third)
        taken = [store.lease_next(order, ELSEWHERE) for _ in range(3)]
        assert [lease and lease.run_id for lease in taken] == [fourth, third, None]
        again = store.lease_next(order, ME, again=order)
        assert again is not None and again.run_id == second
        with pytest.raises(StoreError, match=f"run {'f' * 20} is in no study"):
            store.lease_next((first, "f" * 20), ME)

    def test_a_dead_owners_run_keeps_its_place_among_many(self, store: RunStore, run: str) -> None:
        first, second, *_ = (r.run_id for r in store.planned())
        leased_by_a_dead_owner(store, first)
        taken = store.lease_next((first, second), ME)
        assert taken is not None and (taken.run_id, taken.attempt) == (first, 2)

    def test_owners_that_share_a_name_and_a_clock_an_hour_off_rob_nobody(
        self, store: RunStore, run: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.time()
        leased(store, run)
        for hours in (-1, 1):
            monkeypatch.setattr("time.time", lambda hours=hours: now + 3600 * hours)
            assert store.lease(run, ELSEWHERE) is None
            store.heartbeat(ELSEWHERE)
            assert store.states([run])[run].owner == ME

    def test_tokens_rise_even_when_a_run_was_put_back(self, store: RunStore, run: str) -> None:
        tokens = []
        for _ in range(3):
            claim = leased(store, run)
            tokens.append(claim.token)
            store.release(claim)
        assert tokens == sorted(set(tokens))

    def test_an_unplanned_run_is_not_leased(self, store: RunStore) -> None:
        with pytest.raises(StoreError, match="in no study"):
            store.lease("f" * 20, ME)
        with pytest.raises(StoreError, match="in no study"):
            store.result("f" * 20)
