"""A connection to a server that is lost at any moment, and servers that go and come back."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actwise.store import (
    ConnectionLostError,
    RunStore,
    StoreUnavailableError,
    collect_garbage,
    kept_weights,
    mixtures,
    read_curves,
    survey,
    written_weights,
)
from actwise.store.exchange import export_all, export_table, missing_answers
from made.postgresql import Server
from made.proxy import Proxy
from made.runs import ME, leased, made_plan, made_record, made_study

pytestmark = pytest.mark.postgresql


def test_an_answer_that_was_lost_is_asked_for_again(postgresql: Server, tmp_path: Path) -> None:
    proxy = Proxy(postgresql.folder)
    through = postgresql.new_url().replace(str(postgresql.folder), str(proxy.folder))
    try:
        with RunStore.open(through, create=True, artifacts=tmp_path / "files") as store:
            study = made_study()
            store.add_study(study, made_plan(study))
            run = store.planned()[0].run_id
            proxy.loses_commits = 1
            lease = leased(store, run)
            assert (proxy.loses_commits, lease.attempt) == (0, 1)
            written_weights(store.weights, run, lease.token).write_bytes(b"weights")
            proxy.loses_commits = 1
            store.record(lease, made_record(run))
            assert proxy.loses_commits == 0
            assert store.result(run) == made_record(run)
            assert kept_weights(store.weights, run).read_bytes() == b"weights"
            state = store.states([run])[run]
            assert (state.status, state.attempts, state.owner) == ("finished", 1, None)
            other = store.planned()[1].run_id
            lease = leased(store, other)
            proxy.loses_commits = 1
            store.release(lease, "an accident")
            assert store.states([other])[other].attempts == 1
            proxy.loses_commits = 1
            seen = store.snapshot()
            store.record_look(seen, what="analyze", num_seeds=1, nominal_level=None)
            assert len(store.looks()) == 1
    finally:
        proxy.close()


def test_a_server_that_is_started_again_is_waited_for(store: RunStore, postgresql: Server) -> None:
    run = store.planned()[0].run_id
    lease = leased(store, run)
    postgresql.end_connections()
    assert store.heartbeat(ME) == (run,)
    said: list[str] = []
    postgresql.stop()
    timer = threading.Timer(2.0, postgresql.start)
    timer.start()
    with store.database.patience.attended(tell=said.append, is_over=lambda: False):
        store.record(lease, made_record(run))
    timer.join()
    assert store.result(run) == made_record(run)
    assert len(said) == 2 and "waiting up to 120 s" in said[0] and "again after" in said[1]


def test_a_store_that_another_keeps_locked_is_waited_for_and_leases_live_on(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.store.database.postgresql.BUSY_SECONDS", 0.2)
    monkeypatch.setattr("actwise.store.database.waiting.WAIT_SECONDS", 0.5)
    run = store.planned()[0].run_id
    lease = leased(store, run)
    said: list[str] = []
    let_go = threading.Event()

    def keep() -> None:
        with store.database.writing():
            kept.set()
            let_go.wait(30)

    def tell(text: str) -> None:
        said.append(text)
        if len(said) > 1:
            return
        assert store.heartbeat(ME) == (run,)
        # Who does not lead runs does not wait for ever.
        with (
            RunStore.open(str(store), artifacts=store.folder) as other,
            pytest.raises(StoreUnavailableError, match="is busy"),
        ):
            other.reopen([run])
        let_go.set()

    kept = threading.Event()
    holder = threading.Thread(target=keep)
    holder.start()
    assert kept.wait(10)
    with store.database.patience.attended(tell=tell, is_over=lambda: False):
        store.record(lease, made_record(run))
    holder.join()
    assert store.result(run) == made_record(run)
    assert "waiting for it" in said[0]


READERS: list[Callable[[RunStore], object]] = [
    survey,
    missing_answers,
    collect_garbage,
    lambda store: read_curves(store, ["0" * 20]),
    lambda store: mixtures(store, None, ()),
    lambda store: export_table(store, "runs"),
    lambda store: export_table(store, "environments"),
]


def test_who_reads_or_clears_a_store_waits_for_it_too(
    store: RunStore, postgresql: Server, tmp_path: Path
) -> None:
    timer = threading.Timer(1.0, postgresql.start)
    postgresql.stop()
    timer.start()
    readers = [*READERS, lambda store: export_all(store, tmp_path / "all")]
    with ThreadPoolExecutor(len(readers)) as pool:
        found = [*pool.map(lambda read: read(store), readers)]
    timer.join()
    assert len(found) == len(readers)


def test_patience_ends(
    store: RunStore, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgresql.stop()
    started = time.monotonic()
    try:
        monkeypatch.setattr("actwise.store.database.waiting.STOP_SECONDS", 0.3)
        patience = store.database.patience
        with (
            patience.attended(
                tell=lambda text: None, is_over=lambda: True, remedy="the same command goes on"
            ),
            pytest.raises(ConnectionLostError, match=r"(reached|lost).*; the same command goes on"),
        ):
            store.states()
        with pytest.raises(ConnectionLostError):
            store.states()
        assert time.monotonic() - started < 20
    finally:
        postgresql.start()
    assert len(store.states()) == 4
