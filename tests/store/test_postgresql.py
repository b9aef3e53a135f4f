"""What is particular to a store on a server: where it may lie, what it says, what it hides."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from actwise.errors import StoreError
from actwise.store import ProgressPoint, RunStore, kept_weights
from actwise.store.database.postgresql import ServerDatabase
from actwise.store.exchange import copy_store, export_table, render_table
from made.exports import DIVERGED
from made.postgresql import Server, schema_of
from made.runs import (
    ME,
    answered_record,
    failed_record,
    leased,
    made_epoch,
    made_plan,
    made_record,
    made_study,
)

pytestmark = pytest.mark.postgresql
TABLES = ("runs", "epochs", "environments", "predictions", "answers", "probes")


def tables_of(server: Server, url: str) -> list[Any]:
    query = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema_of(url)}'"
    return server.execute(query)


def fill(store: RunStore) -> None:
    """Results of every kind, with texts that languages sort in other ways than bytes."""
    for name in ("b", "B", "a-b", "ab", "a_B"):
        study = made_study(name, activation=["relu", "elu", "PReLU"], seeds="0..1")
        store.add_study(study, made_plan(study))
    first, second, third, *others = dict.fromkeys(run.run_id for run in store.planned())
    curve = (made_epoch(1, train_loss=float("inf")), made_epoch(2, train_loss=float("nan")))
    diverged = answered_record(first, epochs=curve, **DIVERGED)
    failed = replace(failed_record(second), traceback="before\0after \udcff é É e\u0301")
    environment = {"host": "Émile", "fingerprint": {"device": "a\0B", "threads": "1"}}
    nan = answered_record(third, environment=environment, images_per_second=float("nan"))
    for record in (diverged, failed, nan, *map(answered_record, others)):
        store.record(leased(store, record.run_id), record)


def csv_of(store: RunStore) -> dict[str, bytes]:
    return {name: render_table(export_table(store, name), "csv") for name in TABLES}


def test_both_kinds_export_the_same_bytes(store: RunStore, tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "file", create=True) as file:
        made = made_study()
        file.add_study(made, made_plan(made))
        for each in (store, file):
            fill(each)
        assert csv_of(store) == csv_of(file)
        assert [s.study for s in store.studies()] == [s.study for s in file.studies()]
        assert store.snapshot().curves == file.snapshot().curves
        for run in {line.run_id for line in file.planned()}:
            assert repr(store.result(run)) == repr(file.result(run))


def test_a_copy_goes_to_a_server_and_back(
    store: RunStore, postgresql: Server, tmp_path: Path
) -> None:
    fill(store)
    run = store.planned()[-1].run_id
    kept_weights(store.weights, run).write_bytes(b"weights")
    other = postgresql.new_url()
    copied = copy_store(store, other, artifacts=tmp_path / "there")
    assert (copied.num_results, copied.num_files) == (6, 1)
    with RunStore.open(other, create=True, artifacts=tmp_path / "there") as there:
        copy_store(there, tmp_path / "back")
        assert csv_of(there) == csv_of(store)
        pending = made_study("more", activation=["tanh"], seeds="0")
        for each in (store, there):
            each.add_study(pending, made_plan(pending))
        more = there.planned("more")[0].run_id
        assert leased(there, more).token > leased(store, more).token - 1
    with RunStore.open(tmp_path / "back") as back:
        assert csv_of(back) == csv_of(store)
        assert kept_weights(back.weights, run).read_bytes() == b"weights"
    with pytest.raises(StoreError, match="exists already"):
        copy_store(store, other, artifacts=tmp_path / "elsewhere")


def test_makers_at_once_make_one_store(url: str, tmp_path: Path) -> None:
    def make(_: int) -> str:
        with RunStore.open(url, create=True, artifacts=tmp_path / "files") as store:
            return str(json.loads((store.folder / "store.json").read_text())["token"])

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(make, range(4)))) == 1


def test_who_is_overtaken_while_making_a_store_opens_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(database: ServerDatabase) -> None:
        monkeypatch.undo()
        RunStore.open(url, create=True, artifacts=tmp_path / "files").close()
        database.refuse_unfit()

    monkeypatch.setattr(ServerDatabase, "refuse_unfit", overtaken)
    with RunStore.open(url, create=True, artifacts=tmp_path / "files") as store:
        assert store.states() == {}


def without_create(server: Server, url: str) -> str:
    server.execute(f"GRANT USAGE ON SCHEMA {schema_of(url)} TO stranger")
    return server.url(schema_of(url), user="stranger")


def with_a_foreign_table(server: Server, url: str) -> str:
    server.execute(f"CREATE TABLE {schema_of(url)}.runs (speed int)")
    return url


def of_a_newer_schema(server: Server, url: str) -> str:
    schema = schema_of(url)
    server.execute(f"CREATE TABLE {schema}.marks (name text, value text)")
    server.execute(f"INSERT INTO {schema}.marks VALUES ('version', '99'), ('token', 'x')")
    return url


REFUSED: dict[str, tuple[Callable[[Server, str], str], str]] = {
    "a wrong password": (
        lambda server, url: url.replace("actwise@", "guarded:wrong%2Fone@"),
        "password authentication failed",
    ),
    "no rights": (
        lambda server, url: server.url(schema_of(url), user="stranger"),
        "no schema of its search path",
    ),
    "no right to make tables": (without_create, "permission denied"),
    "no such schema": (lambda server, url: server.url("nowhere"), "no schema"),
    "no such database": (
        lambda server, url: url.replace("/postgres?", "/nothing?"),
        'database "nothing" does not exist',
    ),
    "no server": (
        lambda server, url: "postgresql://me:se%2Fcret@/runs?host=/nowhere",
        r"cannot be reached: No such file",
    ),
    "no password": (
        lambda server, url: url.replace("actwise@", "guarded@"),
        r"cannot be reached: no password was given; set PGPASSWORD, or write it into ~/\.pgpass",
    ),
    "another program's table": (with_a_foreign_table, "give a schema of its own"),
    "a newer schema": (of_a_newer_schema, "install a newer actwise"),
    "a plugin": (
        lambda server, url: f"{url}&plugin=foo",
        "no URL of a server: Can't load plugin",
    ),
    "an unknown option": (
        lambda server, url: f"{url}&colour=red&password=se%2Fcret",
        'invalid connection option "colour"',
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_is_one_sentence_and_writes_nothing(
    postgresql: Server, url: str, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not postgresql.execute("SELECT 1 FROM pg_roles WHERE rolname = 'guarded'"):
        postgresql.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        postgresql.execute("CREATE ROLE stranger LOGIN")
    change, sentence = REFUSED[kind]
    changed = change(postgresql, url)
    before = tables_of(postgresql, url)
    folder = tmp_path / "new" / "files"
    for command in ("import nowhere", "store gc", "status"):
        words = [*command.split(), "--store", changed, "--artifacts", str(folder)]
        if command != "import nowhere":
            assert run_command(words) == 3
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    with pytest.raises(StoreError, match=sentence) as refusal:
        RunStore.open(changed, create=True, artifacts=folder)
    assert "\n" not in str(refusal.value)
    assert "wrong" not in str(refusal.value) and "cret" not in f"{said}{refusal.value}"
    assert tables_of(postgresql, url) == before
    assert not folder.parent.exists()


def test_a_folder_that_cannot_be_used_is_named_and_no_table_is_made(
    postgresql: Server, url: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        RunStore.open(url, create=True, artifacts=tmp_path / "file" / "files")
    assert tables_of(postgresql, url) == []


def test_a_machine_that_does_not_see_the_folder_is_refused(
    store: RunStore, url: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "not mounted"
    with pytest.raises(StoreError, match=r"is not the one of its files.*mount that one here"):
        RunStore.open(url, create=True, artifacts=elsewhere)
    assert not elsewhere.exists()
    owner = json.loads((store.folder / "store.json").read_text())
    assert "actwise@" not in owner["token"]
    # Found again under another name, or begun anew as the sentence says.
    elsewhere.mkdir()
    (elsewhere / "store.json").write_text(json.dumps({"token": owner["token"], "database": ""}))
    RunStore.open(url, create=True, artifacts=elsewhere).close()


def test_a_folder_of_another_store_is_refused(
    store: RunStore, postgresql: Server, tmp_path: Path
) -> None:
    other = postgresql.new_url()
    with pytest.raises(StoreError, match="belongs to another store"):
        RunStore.open(other, create=True, artifacts=store.folder)
    assert tables_of(postgresql, other) == []
    with pytest.raises(StoreError, match="belongs to another store"):
        RunStore.open(f"sqlite:///{tmp_path}/runs.db", create=True, artifacts=store.folder)


def test_a_password_is_shown_and_stored_nowhere(
    postgresql: Server, url: str, tmp_path: Path
) -> None:
    secret = "s3cr3t"
    postgresql.execute('CREATE ROLE "me@azure" LOGIN SUPERUSER')
    for changed in (
        url.replace("actwise@", f"actwise:{secret}@"),
        url.replace("actwise@", f"me@azure:{secret}@"),
        f"{url}&%70assword={secret}",
    ):
        with RunStore.open(changed, create=True, artifacts=tmp_path / "files") as store:
            shown = (str(store), repr(store.location), repr(store.database), repr(vars(store)))
            assert secret not in "".join(shown)
            assert "***" in str(store)
            assert secret not in (tmp_path / "files" / "store.json").read_text()
            marks = postgresql.execute(f"SELECT value FROM {schema_of(url)}.marks")
            assert secret not in str(marks)


def test_who_may_only_read_reads(store: RunStore, postgresql: Server, url: str) -> None:
    schema = schema_of(url)
    postgresql.execute("DROP ROLE IF EXISTS reader")
    postgresql.execute("CREATE ROLE reader LOGIN")
    postgresql.execute(f"GRANT USAGE ON SCHEMA {schema} TO reader")
    postgresql.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")
    mine = postgresql.url(schema, user="reader")
    with RunStore.open(mine, artifacts=store.folder) as read:
        assert read.is_read_only and len(read.planned()) == 4
    with pytest.raises(StoreError, match="cannot be written: no permission"):
        RunStore.open(mine, create=True, artifacts=store.folder)
    postgresql.execute("DROP OWNED BY reader")
    postgresql.execute("DROP ROLE reader")


def test_a_store_whose_tables_are_gone_is_noticed(
    store: RunStore, postgresql: Server, url: str
) -> None:
    store.require_in_place()
    postgresql.execute(f"DROP SCHEMA {schema_of(url)} CASCADE")
    with pytest.raises(StoreError, match="no longer what it was"):
        store.require_in_place()
    with pytest.raises(StoreError, match="no longer what it was"):
        store.lease(store.location.shown, ME)


@pytest.mark.parametrize("is_old", [False, True], ids=["made now", "brought forward"])
def test_ids_and_counts_pass_four_bytes(
    store: RunStore, postgresql: Server, url: str, is_old: bool
) -> None:
    schema = schema_of(url)
    if is_old:
        postgresql.execute(f"DROP TABLE {schema}.progress")
        postgresql.execute(f"ALTER TABLE {schema}.runs DROP COLUMN reestimated_accuracy")
        postgresql.execute(f"UPDATE {schema}.marks SET value = '5' WHERE name = 'version'")
        RunStore.open(url, create=True, artifacts=store.folder).close()
    postgresql.execute(f"ALTER SEQUENCE {schema}.leases_token_seq RESTART WITH 3000000000")
    run = store.planned()[0].run_id
    lease = leased(store, run)
    assert lease.token == 3_000_000_000
    point = ProgressPoint(token=lease.token, epoch=1, num_epochs=2, done_fraction=0.5)
    assert store.heartbeat(ME, [point]) == (run,)
    store.record(lease, made_record(run))
    assert store.result(run) == made_record(run)
