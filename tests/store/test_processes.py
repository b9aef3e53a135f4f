"""The store among real processes: at once, killed at any moment, one after the other."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import Owner, RunStore, StaleLeaseError
from actwise.store.records import RunRecord
from made.runs import leased, made_plan, made_record, made_study

NUM_PROCESSES = 3

# Each says "ready" when its imports are done, so that what follows happens at once.
CREATE = """
RunStore.open(folder, create=True).close()
"""
CLAIM_ALL = """
with RunStore.open(folder) as store:
    for run in store.states():
        if store.lease(run, Owner.here()):
            print(run, flush=True)
    sys.stdin.readline()
"""
TRAIN_ALL = """
with RunStore.open(folder) as store:
    for run, state in store.states().items():
        claim = None if state.has_result else store.lease(run, Owner.here())
        if claim:
            store.record(claim, made_record(run, num_epochs=50, probes=bytes(50_000)))
            print(run, claim.attempt, flush=True)
"""
PREAMBLE = """
import sys
sys.path.insert(0, sys.argv[2])
from actwise.store import Owner, RunStore
from made.runs import made_record
folder = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with 200 pending runs."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study(seeds="0..99")
        store.add_study(study, made_plan(study))
    return tmp_path / "store"


@contextmanager
def processes(count: int, script: str, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes that run ``script``, let go together; killed at the end."""
    command = [sys.executable, "-c", PREAMBLE + script, str(folder), str(Path(__file__).parents[1])]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        for process in started:
            assert read_line(process) == "ready"
        for process in started:
            let_go(process)
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def outputs(started: Sequence[subprocess.Popen[str]]) -> list[list[str]]:
    """What the processes printed until they ended, which they did well."""
    shown = [process.communicate(timeout=60)[0].splitlines() for process in started]
    assert [process.returncode for process in started] == [0] * len(started)
    return shown


def check_integrity(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def is_whole(record: RunRecord | None) -> bool:
    """Whether there is no result, or all of one as TRAIN_ALL writes it."""
    return record is None or (
        len(record.epochs) == 50 and bool(record.predictions) and bool(record.probes)
    )


def test_processes_that_make_a_store_at_once_make_one(tmp_path: Path) -> None:
    with processes(NUM_PROCESSES, CREATE, tmp_path / "store") as started:
        outputs(started)
    check_integrity(tmp_path / "store")
    with RunStore.open(tmp_path / "store") as store:
        assert store.states() == {}


def test_processes_that_claim_at_once_get_every_run_exactly_once(folder: Path) -> None:
    with processes(NUM_PROCESSES, TRAIN_ALL, folder) as started:
        trained = [line.split() for lines in outputs(started) for line in lines]
    assert len(trained) == 200
    assert len({run for run, _ in trained}) == 200
    assert {attempt for _, attempt in trained} == {"1"}
    check_integrity(folder)
    with RunStore.open(folder) as store:
        assert {state.status for state in store.states().values()} == {"finished"}


def test_the_runs_of_a_killed_process_are_taken_over_at_once(folder: Path) -> None:
    with processes(1, CLAIM_ALL, folder) as (process,), RunStore.open(folder) as store:
        held = [read_line(process) for _ in range(200)]
        assert {state.status for state in store.states().values()} == {"running"}
        assert store.lease(held[0], Owner.here()) is None
        process.kill()
        # Nobody has waited for it: it is a zombie, which still has its process identifier.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert {state.status for state in store.states().values()} == {"pending"}
        assert leased(store, held[0]).attempt == 2


def test_a_stopped_process_that_lost_its_claim_is_refused(folder: Path) -> None:
    with RunStore.open(folder) as store:
        run = store.planned()[0].run_id
        lost = leased(store, run, Owner("elsewhere", "boot", 1, "1"))
        with store.database.without_transaction() as connection:
            connection.execute("UPDATE leases SET heartbeat = heartbeat - 59")
        assert store.lease(run, Owner.here()) is None
        with store.database.without_transaction() as connection:
            connection.execute("UPDATE leases SET heartbeat = heartbeat - 2")
        taken = leased(store, run)
        with pytest.raises(StaleLeaseError):
            store.record(lost, made_record(run))
        store.record(taken, made_record(run))


def test_kill_at_any_moment_leaves_whole_results_only(folder: Path) -> None:
    random_generator = random.Random(0)
    finished: Counter[str] = Counter()
    for _ in range(4):
        with processes(1, TRAIN_ALL, folder) as (process,):
            time.sleep(random_generator.uniform(0.02, 0.2))
            process.send_signal(signal.SIGKILL)
            said = [line.split()[0] for line in process.communicate()[0].splitlines()]
        finished.update(said)
        check_integrity(folder)
        with RunStore.open(folder) as store:
            states = store.states()
            results = {run: store.result(run) for run in states}
        assert all(is_whole(record) for record in results.values())
        assert all(results[run] is not None for run in said)
    assert set(finished.values()) == {1}


def test_readers_see_whole_results_while_others_write(folder: Path) -> None:
    with processes(2, TRAIN_ALL, folder) as started, RunStore.open(folder) as store:
        seen = 0
        while any(process.poll() is None for process in started) and seen < 200:
            states = store.states()
            num_results = sum(state.has_result for state in states.values())
            assert num_results >= seen
            seen = num_results
            newest = [run for run, state in states.items() if state.has_result][-1:]
            assert all(is_whole(store.result(run)) for run in newest)
        assert len([line for lines in outputs(started) for line in lines]) == 200


def test_a_full_disk_is_a_sentence_and_keeps_what_was_there(folder: Path) -> None:
    with RunStore.open(folder) as store:
        first, second = (run.run_id for run in store.planned()[:2])
        store.record(leased(store, first), made_record(first))
        claim = leased(store, second)
        with store.database.without_transaction() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="the disk is full"):
            store.record(claim, made_record(second, probes=bytes(1_000_000)))
        assert store.result(first) == made_record(first)
        assert store.result(second) is None
    check_integrity(folder)
