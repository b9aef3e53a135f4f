"""Stores on a server that many machines share: what one of them does, or has set otherwise."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from actwise.errors import StoreError
from actwise.store import LEASE_SECONDS, RunStore, collect_garbage
from actwise.store.database import Location
from actwise.store.database.artifacts import probe_folder
from made.forks import run_forked
from made.postgresql import Server, schema_of
from made.runs import ME, failed_record, leased, let_pass, made_plan, made_record, made_study

pytestmark = pytest.mark.postgresql

KILLED_COPY = """
import os, shutil, sys
from pathlib import Path
from actwise.store import RunStore
from actwise.store.exchange import copy_store
shutil.copy2 = lambda *paths: os.kill(os.getpid(), 9)
copy_store(RunStore.open(sys.argv[1]), sys.argv[2], artifacts=Path(sys.argv[3]))
"""


def test_a_copy_that_was_killed_is_no_store(postgresql: Server, url: str, tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study()
        store.add_study(study, made_plan(study))
        run = store.planned()[0].run_id
        store.record(leased(store, run), made_record(run))
        (store.logs / f"{run}.log").write_text("its log")
    for copy in (url, f"sqlite:///{tmp_path}/copy.db"):
        asked = (str(tmp_path / "store"), copy, str(tmp_path / copy[:6]))
        assert run_forked(KILLED_COPY, *asked).returncode == -9
        for create in (True, False):
            with pytest.raises(StoreError, match="is an incomplete copy"):
                RunStore.open(copy, create=create, artifacts=Path(asked[2]))


def test_of_drivers_that_give_several_folders_at_once_one_has_its_way(
    store: RunStore, postgresql: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgresql.execute(f"DELETE FROM {schema_of(url)}.marks WHERE name = 'folder'")
    all_have_looked = threading.Barrier(3)

    def probe(location: Location) -> None:
        all_have_looked.wait(20)
        probe_folder(location)

    monkeypatch.setattr("actwise.store.database.place.probe_folder", probe)

    def open_at(number: int) -> str:
        try:
            RunStore.open(url, create=True, artifacts=tmp_path / f"node{number}").close()
        except StoreError as refusal:
            return str(refusal)
        return ""

    with ThreadPoolExecutor(3) as pool:
        said = sorted(pool.map(open_at, range(3)))
    assert said[0] == "" and all("mount that one here" in text for text in said[1:])
    assert len(list(tmp_path.glob("node*/store.json"))) == 1


@pytest.mark.parametrize(
    ("taken", "lack"),
    [
        ("USAGE ON SEQUENCE {}.leases_token_seq", "USE sequence leases_token_seq"),
        ("DELETE ON {}.progress", "DELETE in table progress"),
        ("INSERT ON {}.runs", "INSERT in table runs"),
    ],
)
def test_a_right_that_lacks_is_found_before_anything_is_written(
    store: RunStore, postgresql: Server, url: str, taken: str, lack: str
) -> None:
    schema = schema_of(url)
    postgresql.execute("CREATE ROLE writer LOGIN")
    try:
        for what in ("SCHEMA", "ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA"):
            postgresql.execute(f"GRANT ALL ON {what} {schema} TO writer")
        mine = postgresql.url(schema, user="writer")
        with RunStore.open(mine, create=True, artifacts=store.folder) as all_given:
            leased(all_given, all_given.planned()[0].run_id)
        postgresql.execute(f"REVOKE {taken.format(schema)} FROM writer")
        with pytest.raises(StoreError, match=f"cannot be written: no permission to {lack}"):
            RunStore.open(mine, create=True, artifacts=store.folder)
        with RunStore.open(mine, artifacts=store.folder) as read, pytest.raises(StoreError):
            collect_garbage(read)
    finally:
        postgresql.execute("DROP OWNED BY writer")
        postgresql.execute("DROP ROLE writer")


def test_times_are_those_of_the_server(
    store: RunStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what was fixed and what was found first are in order, whatever machines say."""
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now - 86_400)
    study = made_study("late", activation=["tanh"], seeds="0")
    store.add_study(study, made_plan(study), claims={"mine": "0" * 64})
    (run,) = (line.run_id for line in store.planned("late"))
    store.record(leased(store, run), made_record(run))
    seen = store.snapshot()
    times = [fixed.recorded_at for spec in seen.studies for fixed in spec.registrations]
    assert times[-1] < str(seen.first_result) < seen.read_at
    assert min(times) > datetime.fromtimestamp(now - 600, UTC).isoformat()


def test_settings_of_a_role_and_a_machine_change_nothing(
    store: RunStore, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "SQL_ASCII")
    odd = f"{url}%20-cextra_float_digits%3D0%20-cstatement_timeout%3D300"
    runs = [line.run_id for line in store.planned()]
    for run, changed in zip(runs, (odd, f"{odd}&client_encoding=latin1"), strict=False):
        record = replace(failed_record(run), test_loss=0.1 + 0.2, traceback="β 😀")
        with RunStore.open(changed, create=True, artifacts=store.folder) as other:
            other.record(leased(other, run), record)
            assert other.result(run) == store.result(run) == record
            other.database.read(lambda c: c.execute(text("SELECT pg_sleep(0.5)")))


def test_a_store_is_locked_by_whatever_path_it_was_found(
    store: RunStore, postgresql: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.store.database.postgresql.BUSY_SECONDS", 0.1)
    monkeypatch.setattr("actwise.store.database.waiting.WAIT_SECONDS", 0.2)
    path = f"{schema_of(postgresql.new_url())},{schema_of(url)}"
    with RunStore.open(postgresql.url(path), create=True, artifacts=store.folder) as other:
        assert len(other.planned()) == 4
        with store.database.writing(), pytest.raises(StoreError, match="is busy"):
            other.reopen([])


def test_nobody_is_robbed_who_waited_for_the_server(store: RunStore) -> None:
    first, second, *_ = (line.run_id for line in store.planned())
    other = replace(ME, host="elsewhere")
    living = leased(store, first, other)
    # The server was away: whoever comes back first finds all heartbeats old.
    let_pass(store, LEASE_SECONDS + 30, in_silence=True)
    assert store.lease(first, ME) is None
    leased(store, second)
    assert store.heartbeat(other) == (first,)
    store.record(living, made_record(first))
    # Who does not come back is dead a while later.
    let_pass(store, LEASE_SECONDS + 30, in_silence=True)
    assert store.lease(second, other) is None
    let_pass(store, LEASE_SECONDS / 2 + 1)
    assert leased(store, second, other).attempt == 2
    # Longer than anybody waits.
    let_pass(store, 3600, in_silence=True)
    assert leased(store, second).attempt == 3
