"""What a server says that is no fault of ours, what is ours, and a store that is unmade on it."""

import time
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.store.database.schema import marks
from actwise.store.exchange.importing import store_to_fill
from made.postgresql import Server, schema_of

pytestmark = pytest.mark.postgresql


def tables_of(server: Server, url: str) -> list[str]:
    query = f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema_of(url)}'"
    return [name for (name,) in server.execute(query)]


def test_tables_that_were_replaced_by_another_stores_are_noticed(
    store: RunStore, postgresql: Server, url: str
) -> None:
    store.require_in_place()
    query = f"UPDATE {schema_of(url)}.marks SET value = 'another' WHERE name = 'token'"
    postgresql.execute(query)
    with pytest.raises(StoreError) as refusal:
        store.require_in_place()
    assert str(refusal.value) == (
        f"store {url!r} is no longer what it was: its tables were dropped, replaced or renamed "
        "while it was in use"
    )


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT 1 / 0", "division by zero"),
        ("SELECT nothing FROM runs", 'column "nothing" does not exist'),
    ],
)
def test_what_else_a_server_says_is_passed_on_behind_the_stores_name(
    statement: str, said: str, store: RunStore, url: str
) -> None:
    for transaction in (store.database.reading, store.database.writing):
        with pytest.raises(StoreError) as refusal, transaction() as connection:
            connection.exec_driver_sql(statement)
        assert (type(refusal.value), str(refusal.value)) == (StoreError, f"store {url!r}: {said}")


def test_a_broken_constraint_is_no_sentence_about_the_users_store(store: RunStore) -> None:
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        connection.execute(insert(marks), {"name": "token", "value": "again"})


def test_of_a_store_that_could_not_be_filled_no_table_is_left(
    postgresql: Server, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "files"
    with pytest.raises(ValueError, match="full"), store_to_fill(url, artifacts=folder) as store:
        assert "runs" in tables_of(postgresql, url)
        assert store.states() == {}
        raise ValueError("full")
    assert tables_of(postgresql, url) == []
    assert not folder.parent.exists()


def test_a_store_that_was_there_keeps_its_tables_if_it_cannot_be_filled(
    store: RunStore, postgresql: Server, url: str
) -> None:
    with (
        pytest.raises(ValueError, match="full"),
        store_to_fill(url, artifacts=store.folder),
    ):
        raise ValueError("full")
    assert len(store.planned()) == 4 and (store.folder / "store.json").exists()


def test_what_is_discarded_keeps_no_connection(
    postgresql: Server, url: str, tmp_path: Path
) -> None:
    named = f"{url}&application_name=discarded"
    asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'discarded'"
    store = RunStore.open(named, create=True, artifacts=tmp_path / "files")
    assert postgresql.execute(asked) != [(0,)]
    store.database.discard()
    assert tables_of(postgresql, url) == []
    end = time.monotonic() + 20
    while (left := postgresql.execute(asked)) != [(0,)] and time.monotonic() < end:
        time.sleep(0.02)  # a server hears of it a moment later
    assert left == [(0,)]
