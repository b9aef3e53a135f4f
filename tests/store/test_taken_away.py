"""A store that is deleted, moved, replaced, cut or overwritten while it is in use."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import Lease, RunStore
from made.runs import ME, leased, made_plan, made_record, made_study


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store with four planned runs; beside it another one, ``other``."""
    for name in ("other", "store"):
        with RunStore.open(tmp_path / name, create=True) as made:
            study = made_study()
            made.add_study(study, made_plan(study))
    with RunStore.open(tmp_path / "store", create=True) as store:
        yield store


def remove_database(folder: Path) -> None:
    for path in folder.glob("store.sqlite*"):
        path.unlink()


def replace_database(folder: Path) -> None:
    (folder.parent / "other" / "store.sqlite").replace(folder / "store.sqlite")


def replace_by_itself(folder: Path) -> None:
    shutil.copy(folder / "store.sqlite", folder / "copy")
    (folder / "copy").replace(folder / "store.sqlite")


def replace_folder(folder: Path) -> None:
    folder.rename(folder.with_name("away"))
    shutil.copytree(folder.with_name("other"), folder)


GONE: dict[str, Callable[[Path], object]] = {
    "the database deleted": remove_database,
    "the file alone deleted": lambda folder: (folder / "store.sqlite").unlink(),
    "the log deleted": lambda folder: (folder / "store.sqlite-wal").unlink(),
    "the file renamed": lambda folder: (folder / "store.sqlite").rename(folder / "old.sqlite"),
    "another store moved over it": replace_database,
    "a copy of its own moved over it": replace_by_itself,
    "the folder deleted": shutil.rmtree,
    "the folder moved": lambda folder: folder.rename(folder.with_name("away")),
    "the folder replaced": replace_folder,
}
OVERWRITTEN: dict[str, Callable[[Path], object]] = {
    "emptied": lambda folder: os.truncate(folder / "store.sqlite", 0),
    "cut": lambda folder: os.truncate(folder / "store.sqlite", 8192),
    "another store copied over it": lambda folder: shutil.copy(
        folder.parent / "other" / "store.sqlite", folder / "store.sqlite"
    ),
    "a text copied over it": lambda folder: (folder / "store.sqlite").write_text("mine" * 2000),
}


@pytest.mark.parametrize("take_away", GONE.values(), ids=GONE)
def test_nothing_is_written_to_or_read_from_what_nobody_finds(
    store: RunStore, take_away: Callable[[Path], object]
) -> None:
    run = store.planned()[0].run_id
    claim = leased(store, run)
    take_away(store.folder)
    uses: list[Callable[[], object]] = [
        lambda: store.record(claim, made_record(run)),
        lambda: store.lease(run, ME),
        lambda: store.heartbeat(ME),
        store.states,
        store.require_in_place,
    ]
    for use in uses:
        with pytest.raises(StoreError, match="deleted, moved or replaced while it was in use"):
            use()


@pytest.mark.parametrize("overwrite", OVERWRITTEN.values(), ids=OVERWRITTEN)
def test_a_store_that_is_overwritten_in_its_place_is_noticed_and_left_alone(
    store: RunStore, overwrite: Callable[[Path], object]
) -> None:
    run = store.planned()[0].run_id
    claim = leased(store, run)
    store.require_in_place()
    overwrite(store.folder)
    before = (store.folder / "store.sqlite").read_bytes()
    with pytest.raises(StoreError, match="was cut or overwritten while it was in use"):
        store.require_in_place()
    with pytest.raises(StoreError, match="was cut or overwritten"):
        store.record(claim, made_record(run))
    assert (store.folder / "store.sqlite").read_bytes() == before


def test_a_result_is_refused_if_the_file_goes_while_it_is_written(store: RunStore) -> None:
    with pytest.raises(StoreError, match=r"store\.sqlite was deleted"), store.database.writing():
        remove_database(store.folder)


@pytest.mark.parametrize("name", ["checkpoints", "weights", "logs"])
@pytest.mark.parametrize("is_made_again", [False, True])
def test_a_folder_of_the_store_that_goes_is_named(
    store: RunStore, name: str, is_made_again: bool
) -> None:
    shutil.rmtree(store.folder / name)
    if is_made_again:
        (store.folder / name).mkdir()
    with pytest.raises(StoreError, match=f"its folder {name} was deleted, moved or replaced"):
        store.require_in_place()


def test_a_store_in_use_is_in_place_whatever_its_users_do(store: RunStore) -> None:
    from actwise.store import collect_garbage

    claims: list[Lease] = [leased(store, run.run_id) for run in store.planned()]
    for claim in claims:
        # A second opening by the same process must not drop the locks of the first.
        with RunStore.open(store.folder, create=True) as second:
            second.require_in_place()
            second.record(claim, made_record(claim.run_id, probes=bytes(200_000)))
        store.require_in_place()
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM probes")
    collect_garbage(store)
    store.require_in_place()
    assert len(store.states()) == 4


@pytest.mark.parametrize("is_renamed", [False, True])
def test_the_log_of_a_store_that_was_moved_goes_into_it_and_not_into_another(
    store: RunStore, is_renamed: bool
) -> None:
    run = store.planned()[0].run_id
    store.record(leased(store, run), made_record(run))
    leased(store, store.planned()[1].run_id)
    old = store.folder / "old.sqlite"
    if is_renamed:
        (store.folder / "store.sqlite").rename(old)
    replace_database(store.folder)
    store.close()
    with RunStore.open(store.folder) as other:
        assert {state.attempts for state in other.states().values()} == {0}
    if is_renamed:
        with RunStore.open(f"sqlite:///{old}", artifacts=store.folder) as moved:
            assert sum(state.attempts for state in moved.states().values()) == 2
