"""What RunStore promises about claims, held against every kind of storage."""

import time
from dataclasses import replace

import pytest

from actwise.errors import StoreError
from actwise.store import (
    LEASE_SECONDS,
    RunStore,
    StaleLeaseError,
    collect_garbage,
    kept_weights,
    remove,
    written_weights,
)
from made.runs import ME, leased, made_record

GONE = replace(ME, process_start="0")
ELSEWHERE = replace(ME, host="another host")


class TestClaimContract:
    def test_a_living_owner_keeps_its_claim(self, store: RunStore, run: str) -> None:
        leased(store, run)
        assert store.lease(run, ME) is None
        assert store.lease(run, ELSEWHERE) is None

    def test_a_dead_owners_run_is_pending_and_is_taken_over(
        self, store: RunStore, run: str
    ) -> None:
        lost = leased(store, run, GONE)
        assert store.states([run])[run].status == "pending"
        taken = leased(store, run)
        assert (taken.attempt, taken.token > lost.token) == (2, True)
        assert "ended without a result" in str(store.states([run])[run].accident)

    def test_whoever_lost_a_claim_cannot_record(self, store: RunStore, run: str) -> None:
        lost = leased(store, run, GONE)
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
        lost = leased(store, run, GONE)
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
        lost = leased(store, run, GONE)
        leased(store, run)
        store.release(lost, "too late")
        state = store.states([run])[run]
        assert (state.status, state.owner) == ("running", ME)
        assert state.accident != "too late"

    def test_a_heartbeat_names_the_runs_that_are_still_held(
        self, store: RunStore, run: str
    ) -> None:
        other = store.planned()[1].run_id
        leased(store, run, ELSEWHERE)
        leased(store, other, GONE)
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
        monkeypatch.setattr("time.time", lambda: now + LEASE_SECONDS - 1)
        assert store.states([run])[run].status == "running"
        monkeypatch.setattr("time.time", lambda: now + LEASE_SECONDS + 1)
        assert store.states([run])[run].status == "pending"
        assert leased(store, run).attempt == 2

    def test_a_living_owner_whose_clock_runs_ahead_keeps_its_run(
        self, store: RunStore, run: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = time.time()
        leased(store, run, ELSEWHERE)
        for seconds in range(0, 300, 20):
            monkeypatch.setattr("time.time", lambda at=now + seconds: at + 3600)
            assert store.heartbeat(ELSEWHERE) == (run,)
            monkeypatch.setattr("time.time", lambda at=now + seconds: at + 15)
            assert store.lease(run, ME) is None

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
