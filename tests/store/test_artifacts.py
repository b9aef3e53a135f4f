"""An artifacts folder belongs to one store, whatever others are called and wherever they lie."""

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore, collect_garbage, remove
from actwise.store.database import locate, own_folder
from actwise.store.database.artifacts import probe_folder
from actwise.store.exchange import copy_store
from made.runs import finish, made_plan, made_study


def open_store(place: Path, name: str = "a", folder: str = "files") -> RunStore:
    return RunStore.open(f"sqlite:///{place / name}.sqlite", create=True, artifacts=place / folder)


def fill(store: RunStore, activation: str = "relu") -> Path:
    """Finish one run of a study of its own; its weights."""
    study = made_study(activation, activation=[activation], seeds="0")
    store.add_study(study, made_plan(study))
    finish(store, made_plan(study))
    path = store.weights / f"{made_plan(study)[0].run_id}.safetensors"
    path.write_bytes(b"weights")
    return path


def forget_owner(place: Path) -> None:
    """As versions before schema 4 left a folder."""
    (place / "files" / "store.json").unlink()


def by_another(place: Path) -> None:
    open_store(place, "b")


def by_a_store_in_the_folder(place: Path) -> None:
    RunStore.open(place / "files", create=True)


def by_a_copy_of_the_database(place: Path) -> None:
    shutil.copy(place / "a.sqlite", place / "b.sqlite")
    open_store(place, "b")


def by_a_later_one_in_its_place(place: Path) -> None:
    (place / "a.sqlite").rename(place / "kept.sqlite")
    open_store(place)


def by_another_though_nobody_signed(place: Path) -> None:
    forget_owner(place)
    open_store(place, "b")


@pytest.mark.parametrize(
    "take",
    [
        by_another,
        by_a_store_in_the_folder,
        by_a_copy_of_the_database,
        by_a_later_one_in_its_place,
        by_another_though_nobody_signed,
    ],
)
def test_a_second_store_is_refused_before_anything_is_written(
    tmp_path: Path, take: Callable[[Path], None]
) -> None:
    with open_store(tmp_path) as store:
        weights = fill(store)
    before = {path.name for path in tmp_path.rglob("*")}
    with pytest.raises(StoreError, match="give --artifacts a folder of its own") as refusal:
        take(tmp_path)
    assert "\n" not in str(refusal.value)
    assert {path.name for path in tmp_path.rglob("*")} - {"kept.sqlite", "b.sqlite"} >= before - {
        "a.sqlite",
        "store.json",
    }
    assert not (tmp_path / "files" / "store.sqlite").exists()
    assert weights.exists()


def test_a_url_store_is_refused_in_the_folder_of_a_folder_store(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "files", create=True) as store:
        weights = fill(store)
    with pytest.raises(StoreError, match="belongs to the store in it"):
        open_store(tmp_path)
    assert (weights.exists(), (tmp_path / "a.sqlite").exists()) == (True, False)


@pytest.mark.parametrize("is_signed", [False, True])
def test_gc_and_rm_delete_nothing_of_another_store(tmp_path: Path, is_signed: bool) -> None:
    with open_store(tmp_path) as store:
        mine = fill(store)
    if not is_signed:
        forget_owner(tmp_path)
    with open_store(tmp_path, "b", "elsewhere") as other:
        fill(other)
        fill(other, "elu")
    # Reading commands take any folder; what deletes does not.
    url = f"sqlite:///{tmp_path / 'b.sqlite'}"
    (mine.parent / ("e" * 20 + ".safetensors")).write_bytes(b"of nobody")
    with RunStore.open(url, artifacts=tmp_path / "files") as other:
        for use in (
            lambda: collect_garbage(other),
            lambda: collect_garbage(other, dry_run=True),
            lambda: remove(other, "relu"),
        ):
            with pytest.raises(StoreError, match=r"the folder .* (belongs to|holds files)"):
                use()
        assert len(other.states()) == 2
    assert mine.exists()


def test_gc_and_rm_delete_nothing_in_folders_that_two_stores_are_linked_to(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    stores = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights").symlink_to(tmp_path / "shared")
        stores.append(RunStore.open(tmp_path / name, create=True))
    one, two = stores
    mine = fill(one)
    fill(two, "elu")
    assert collect_garbage(two).files == ()
    assert remove(two, "elu").files == ()
    assert mine.exists()
    one.close()
    two.close()


def test_a_file_that_says_whose_a_folder_is_and_is_a_pipe_is_named(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        owner = tmp_path / "files" / "store.json"
        owner.unlink()
        os.mkfifo(owner)
        with pytest.raises(StoreError, match="does not say which store"):
            collect_garbage(store)


def test_a_folder_from_before_there_were_tokens_is_taken_if_all_in_it_is_known(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        fill(store)
    forget_owner(tmp_path)
    (tmp_path / "files" / "notes.txt").write_text("mine")
    open_store(tmp_path).close()
    assert (tmp_path / "files" / "store.json").exists()


@pytest.mark.parametrize("moved", [("a.sqlite",), ("files",), ("a.sqlite", "files")])
def test_a_store_that_was_moved_keeps_its_folder(tmp_path: Path, moved: tuple[str, ...]) -> None:
    with open_store(tmp_path) as store:
        weights = fill(store)
    for name in moved:
        (tmp_path / name).rename(tmp_path / f"new-{name}")
    database, folder = (f"new-{name}" if name in moved else name for name in ("a.sqlite", "files"))
    with open_store(tmp_path, database.removesuffix(".sqlite"), folder) as store:
        assert collect_garbage(store).files == ()
        assert (store.weights / weights.name).exists()
    # A second one finds the new place.
    with pytest.raises(StoreError, match=rf"belongs to another store, '.*{database}'"):
        open_store(tmp_path, "b", folder)


def test_folder_stores_are_copied_moved_and_collected_as_ever(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "one", create=True) as store:
        weights = fill(store)
        copy_store(store, tmp_path / "two")
    shutil.copytree(tmp_path / "one", tmp_path / "three")
    (tmp_path / "one").rename(tmp_path / "four")
    for name in ("two", "three", "four"):
        with RunStore.open(tmp_path / name, create=True) as store:
            assert collect_garbage(store).files == ()
            assert (store.weights / weights.name).exists()
        assert not (tmp_path / name / "store.json").exists()
    url = f"sqlite:///{tmp_path / 'two' / 'store.sqlite'}"
    RunStore.open(url, create=True, artifacts=tmp_path / "two").close()


def test_a_copy_is_a_store_of_its_own(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        copy_store(store, tmp_path / "copy")
    with (
        pytest.raises(StoreError, match="belongs to another store"),
        RunStore.open(
            f"sqlite:///{tmp_path / 'copy' / 'store.sqlite'}", artifacts=tmp_path / "files"
        ) as copy,
    ):
        collect_garbage(copy)


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\x00", '{"token": 1}'])
def test_an_owner_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    with open_store(tmp_path) as store:
        fill(store)
    (tmp_path / "files" / "store.json").write_text(content)
    with pytest.raises(StoreError, match=r"store.json' does not say which store"):
        open_store(tmp_path)


@pytest.mark.parametrize("is_signed", [False, True])
def test_an_owner_that_cannot_be_written_leaves_none_that_cannot_be_read(
    tmp_path: Path, is_signed: bool
) -> None:
    """Half of one would keep every store out of the folder, its own too."""
    signature = tmp_path / "files" / "store.json"
    with open_store(tmp_path) as store:
        signature.write_text(signature.read_text().replace("a.sqlite", "before.sqlite"))
        if not is_signed:
            forget_owner(tmp_path)
        before = [path.read_text() for path in signature.parent.glob("store*")]
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        try:
            with pytest.raises(StoreError, match=r"cannot be written: File too large"):
                own_folder(store.location, store.database)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert [path.read_text() for path in signature.parent.glob("store*")] == before
        own_folder(store.location, store.database)
    assert "a.sqlite" in signature.read_text()


@pytest.mark.parametrize("name", ["b", "a"], ids=["another store", "the same store"])
def test_of_two_that_take_a_folder_at_once_the_first_has_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def overtaken(*names: Path) -> None:
        monkeypatch.undo()
        open_store(tmp_path, name).close()
        link(*names)

    open_store(tmp_path, "a", "elsewhere").close()
    monkeypatch.setattr(os, "link", overtaken)
    if name == "a":
        open_store(tmp_path).close()
    else:
        with pytest.raises(StoreError) as refusal:
            open_store(tmp_path)
        assert str(refusal.value) == (
            f"store 'sqlite:///{tmp_path}/a.sqlite': the folder '{tmp_path}/files' was just taken "
            "by another store; give --artifacts a folder of its own"
        )
    assert f"{name}.sqlite" in (tmp_path / "files" / "store.json").read_text()
    assert not list((tmp_path / "files").glob(".*"))


def no_room(monkeypatch: pytest.MonkeyPatch) -> str:
    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    return "No space left on device"


def forgetful(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"")
    return "what is written is not what is read"


@pytest.mark.parametrize("spoil", [no_room, forgetful])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_in_which_nothing_keeps_is_refused_and_not_left_behind(
    is_there: bool,
    spoil: Callable[[pytest.MonkeyPatch], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "deep" / "files"
    if is_there:
        folder.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    reason = spoil(monkeypatch)
    with pytest.raises(StoreError) as refusal:
        probe_folder(locate("postgresql://host/runs", artifacts=folder))
    assert str(refusal.value) == f"folder '{folder}' cannot be written: {reason}"
    assert sorted(tmp_path.rglob("*")) == before
    monkeypatch.undo()
    probe_folder(locate("postgresql://host/runs", artifacts=folder))
    assert list(folder.iterdir()) == []
