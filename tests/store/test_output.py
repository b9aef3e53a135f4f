"""``-o`` writes new files and replaces regular files that are no part of a store: nothing else."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.errors import OutputError, SpecError
from actwise.store import RunStore
from actwise.store.exchange import write_file, write_files
from made.runs import finish, made_plan, made_study

COMMANDS = {
    "export": "export --store s --what runs --format csv -o",
    "table": "table --store s --format csv -o",
    "report": "report --store s -o",
    "figure": "show activation relu --figure",
    "export all": "export --store s --what all -o",
    "figures": "report --store s -o new.html --figures",
    "copy": "store copy --store s",
}
FILES = ("export", "table", "report", "figure")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in the folder ``s``, and one behind a URL with its files in ``files``."""
    folder = tmp_path_factory.mktemp("stores")
    study = made_study()
    url = f"sqlite:///{folder / 'runs.db'}"
    places: list[tuple[str, Path | None]] = [(str(folder / "s"), None), (url, folder / "files")]
    for place, artifacts in places:
        with RunStore.open(place, create=True, artifacts=artifacts) as store:
            store.add_study(study, made_plan(study))
            finish(store, made_plan(study))
            (store.weights / f"{'a' * 20}.safetensors").write_text("kept")
            (store.logs / f"{'a' * 20}.log").write_text("kept")
    return folder


@pytest.fixture(autouse=True)
def in_a_folder_with_stores(stores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(stores, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def everything(folder: Path = Path()) -> dict[str, tuple[int, int, bytes]]:
    """What lies below a folder: kind and permissions, inode and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        of = path.lstat()
        is_file = stat.S_ISREG(of.st_mode)
        found[str(path)] = (of.st_mode, of.st_ino, path.read_bytes() if is_file else b"")
    return found


def hard_link() -> str:
    os.link("s/store.sqlite", "other.csv")
    return "other.csv"


def name_of_a_kept_file() -> str:
    os.link("kept.csv", "other.csv")
    return "other.csv"


def soft_link(to: str) -> Callable[[], str]:
    def make() -> str:
        Path("link.svg").symlink_to(to)
        return "link.svg"

    return make


def pipe() -> str:
    os.mkfifo("pipe.svg")
    return "pipe.svg"


def linked_store() -> str:
    Path("t").symlink_to("s")
    return "t/store.sqlite"


def weights_without_logs() -> str:
    shutil.rmtree("files/logs")
    return "files/weights/new.svg"


PARTS: dict[str, str | Callable[[], str]] = {
    "its database": "s/store.sqlite",
    "through two points": "s/weights/../store.sqlite",
    "in capitals": "s/STORE.SQLITE",
    "its log in capitals": "s/STORE.SQLITE-WAL",
    "through a linked folder": linked_store,
    "by a hard link": hard_link,
    "its log, which is not there": "s/store.sqlite-wal",
    "its shared memory": "s/store.sqlite-shm",
    "its journal": "s/store.sqlite-journal",
    "weights": f"s/weights/{'a' * 20}.safetensors",
    "a log": f"s/logs/{'a' * 20}.log",
    "something new among checkpoints": "s/checkpoints/new.svg",
    "the database of a URL": "runs.db",
    "the log of a URL's database": "runs.db-wal",
    "the weights of a URL": "files/weights/new.svg",
    "these where logs were deleted": weights_without_logs,
    "whose the files of a URL are": "files/store.json",
}
OTHERS: dict[str, str | Callable[[], str]] = {
    "a link to the database": soft_link("s/store.sqlite"),
    "a link to a file": soft_link("kept.csv"),
    "a link to nothing": soft_link("nothing"),
    "a hard link": name_of_a_kept_file,
    "a pipe": pipe,
    "stdout": "/dev/stdout",
    "a device": "/dev/null",
    "a folder": "s",
    "a folder by points": "..",
    "a dash": "-",
}


@pytest.mark.parametrize("place", [*PARTS.values(), *OTHERS.values()], ids=[*PARTS, *OTHERS])
def test_no_output_replaces_a_part_of_a_store_a_link_or_a_device(
    place: str | Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("kept.csv").write_text("kept")
    name = place if isinstance(place, str) else place()
    device = Path("/dev/null").lstat()
    before = everything()
    for command in FILES:
        assert run_command([*COMMANDS[command].split(), name]) == 2, command
        (sentence,) = capsys.readouterr().err.splitlines()
        assert repr(name) in sentence and ("store" in sentence or "-o" in sentence)
    assert everything() == before
    assert Path("/dev/null").lstat().st_rdev == device.st_rdev


@pytest.mark.parametrize(
    "place", ["s/weights", "s/checkpoints", "s/logs/new", "files/weights/new", "kept.csv"]
)
def test_no_folder_of_output_lies_in_a_store_or_replaces_a_file(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("kept.csv").write_text("kept")
    before = everything()
    for command in ("export all", "figures", "copy"):
        assert run_command([*COMMANDS[command].split(), place]) == 2, command
        assert capsys.readouterr().err.count("\n") == 1
    assert everything() == before


@pytest.mark.parametrize("command", FILES)
def test_regular_files_are_replaced_and_new_ones_made(command: str) -> None:
    Path("old.svg").write_text("old")
    Path("linked").symlink_to(".")
    for name in ("old.svg", "new.svg", "linked/other.svg", "s/beside.svg"):
        assert run_command([*COMMANDS[command].split(), name]) == 0
        assert len(Path(name).read_bytes()) > 100
    assert not list(Path().rglob("*.tmp"))


@pytest.mark.parametrize("command", ["export", "figure", "figures", "export all", "copy"])
@pytest.mark.parametrize(
    "place", ["a_file/x.svg", "missing/deep/" + "x" * 300 + ".svg", "x" * 300 + ".svg"]
)
def test_what_cannot_be_written_leaves_nothing_behind(
    command: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a_file").write_text("kept")
    Path("new.html").write_text("old")
    before = {name: value for name, value in everything().items() if name != "new.html"}
    assert run_command([*COMMANDS[command].split(), place]) == 74
    assert "cannot be written" in capsys.readouterr().err
    after = everything()
    del after["new.html"]
    assert after.keys() == before.keys()


def test_a_look_is_not_spent_on_a_report_that_is_refused() -> None:
    assert run_command(["report", "--store", "s", "-o", "s/store.sqlite"]) == 2
    assert run_command(["report", "--store", "s", "-o", "r.html", "--figures", "s/logs"]) == 2
    with RunStore.open("s") as store:
        assert store.looks() == []


def test_of_several_files_all_are_written_or_none(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    with pytest.raises(SpecError, match="is a pipe"):
        write_files(tmp_path / "", {"first": b"1", "pipe": b"2"})
    with pytest.raises(OutputError, match="cannot be written"):
        write_files(Path("deep/er"), {"first": b"1", "missing/second": b"2"})
    assert not Path("first").exists() and not Path("deep").exists()
    Path("first").write_bytes(b"0")
    with pytest.raises(SpecError, match="is a pipe"):
        write_files(tmp_path / "", {"first": b"1", "pipe": b"2"})
    assert Path("first").read_bytes() == b"0"


def test_a_name_of_the_longest_length_can_be_written() -> None:
    name = Path("x" * 255)
    write_file(name, b"new")
    assert name.read_bytes() == b"new"


KINDS: dict[str, Callable[[], object]] = {
    "is a link": soft_link("kept.csv"),
    "is a link: the file has another name too": name_of_a_kept_file,
    "is a pipe": pipe,
    "is a device": lambda: "/dev/null",
    "is a folder": lambda: "s",
    "is no name of a file": lambda: "-",
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_not_be_written_is_said_with_what_may(kind: str) -> None:
    Path("kept.csv").write_text("kept")
    name = KINDS[kind]()
    with pytest.raises(SpecError) as refusal:
        write_file(Path(str(name)), b"new")
    assert str(refusal.value) == (
        f"output '{name}' {kind}; give a new file, or a regular one to replace (what is to go to "
        "stdout needs no -o)"
    )
    assert Path("kept.csv").read_text() == "kept"
