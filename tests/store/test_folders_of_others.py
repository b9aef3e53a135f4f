"""What is said, to the last word, of a folder of files that is not this store's."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from made.runs import made_plan, made_study

HINT = "; give --artifacts a folder of its own"


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With store ``a``, whose files lie in ``files``; one of a run that it knows is among them."""
    monkeypatch.chdir(tmp_path)
    study = made_study(seeds="0")
    with open_store("a") as store:
        store.add_study(study, made_plan(study))
        run = store.planned()[0].run_id
        (store.weights / f"{run}.safetensors").write_bytes(b"content")
    return tmp_path


def open_store(name: str, folder: str = "files") -> RunStore:
    return RunStore.open(f"sqlite:///{name}.db", create=True, artifacts=Path(folder))


def another(inside: Path) -> str:
    return (
        f"belongs to another store, '{inside}/a.db'{HINT} (if that store is no more, delete "
        f"'{inside}/files/store.json')"
    )


def unknown_files(inside: Path) -> str:
    (file,) = (inside / "files").rglob("*.safetensors")
    (inside / "files" / "store.json").unlink()
    return f"holds files of runs that it does not know (weights/{file.name}){HINT}"


def resident(inside: Path) -> str:
    (inside / "files" / "store.json").unlink()
    RunStore.open(inside / "files", create=True).close()
    return f"belongs to the store in it, '{inside}/files/store.sqlite'{HINT}"


def copied(inside: Path) -> str:
    copyfile(inside / "a.db", inside / "b.db")
    return f"belongs to '{inside}/a.db', of which this is a copy{HINT}"


@pytest.mark.parametrize("take", [another, unknown_files, resident, copied])
def test_a_folder_of_another_store_is_refused_with_whose_it_is(
    inside: Path, take: Callable[[Path], str]
) -> None:
    reason = take(inside)
    owner = inside / "files" / "store.json"
    before = owner.read_text() if owner.exists() else None
    with pytest.raises(StoreError) as refusal:
        open_store("b")
    assert str(refusal.value) == (f"store 'sqlite:///b.db': the folder '{inside}/files' {reason}")
    assert (owner.read_text() if owner.exists() else None) == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"token": "t"}', '"t"'])
def test_a_file_that_does_not_say_whose_a_folder_is_is_named(inside: Path, text: str) -> None:
    owner = inside / "files" / "store.json"
    owner.write_text(text)
    for name in ("a", "b"):
        with pytest.raises(StoreError) as refusal:
            open_store(name)
        assert str(refusal.value) == (
            f"'{owner}' does not say which store its folder belongs to; if it is no store's, "
            "delete that file"
        )


def test_a_store_that_was_moved_signs_its_folder_anew(inside: Path) -> None:
    owner = inside / "files" / "store.json"
    before = json.loads(owner.read_text())
    assert before["database"] == str(inside / "a.db")
    (inside / "a.db").rename(inside / "moved.db")
    open_store("moved").close()
    after = json.loads(owner.read_text())
    assert after == {"token": before["token"], "database": str(inside / "moved.db")}
    assert sorted(path.name for path in (inside / "files").iterdir()) == [
        "checkpoints",
        "logs",
        "store.json",
        "weights",
    ]


def test_other_files_in_a_folder_are_no_reason_to_refuse_it(inside: Path) -> None:
    (inside / "mine" / "weights").mkdir(parents=True)
    (inside / "mine" / "weights" / "notes.safetensors").write_text("mine")
    (inside / "mine" / "weights" / ("a" * 20)).write_text("mine")
    (inside / "mine" / "weights" / ("a" * 20 + ".d")).mkdir()
    open_store("b", "mine").close()
    assert (inside / "mine" / "store.json").exists()
