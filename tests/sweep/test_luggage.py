"""What a node of a cluster is told so that it finds the driver's code, or has it put there."""

import sys
from pathlib import Path

import pytest

from actwise.sweep.executors.cluster.luggage import environment_here, start_here
from actwise.sweep.worker import Start

FILES = {"net.py": b"x = 1\n", "parts/act.py": b"y = 2\n"}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder that the driver's path names, with the code in it."""
    folder = tmp_path / "theirs"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def told(tmp_path: Path, *path: Path | str, folder: Path | None = None) -> Start:
    start = Start(
        folder=str(folder or tmp_path), import_path=tuple(map(str, path)), environment={"TERM": "x"}
    )
    return start_here(start, FILES, tmp_path / "place")


def test_code_that_is_where_the_driver_has_it_is_left_there(theirs: Path, tmp_path: Path) -> None:
    found = told(tmp_path, theirs, tmp_path / "nowhere", theirs)
    assert found.import_path[0] == str(theirs)
    assert found.import_path.count(str(theirs)) == 1
    assert str(tmp_path / "nowhere") not in found.import_path
    assert not (tmp_path / "place").exists()
    assert {*found.import_path[1:]} <= {*sys.path}
    assert "" not in found.import_path
    assert (found.folder, found.environment) == (str(tmp_path), environment_here(found))


@pytest.mark.parametrize("change", ["missing", "other"])
def test_code_that_is_not_there_or_another_is_put_before_all_else(
    change: str, theirs: Path, tmp_path: Path
) -> None:
    path = theirs / "parts/act.py"
    path.unlink() if change == "missing" else path.write_bytes(b"y = 3\n")
    found = told(tmp_path, theirs)
    place = tmp_path / "place"
    assert found.import_path[:2] == (str(place), str(theirs))
    assert {name: (place / name).read_bytes() for name in FILES} == FILES


def test_what_an_import_finds_first_is_what_counts(theirs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "net.py").write_bytes(b"x = 9\n")
    assert told(tmp_path, theirs, other).import_path[0] == str(theirs)
    assert told(tmp_path, other, theirs).import_path[0] == str(tmp_path / "place")


def test_installed_code_is_this_machines_own(theirs: Path, tmp_path: Path) -> None:
    installed = Path(pytest.__file__).parents[1]
    found = told(tmp_path, installed, theirs)
    assert found.import_path[0] == str(theirs)


def test_where_the_drivers_folder_is_missing_the_place_of_the_code_stands_for_it(
    theirs: Path, tmp_path: Path
) -> None:
    assert told(tmp_path, theirs, folder=tmp_path / "gone").folder == str(tmp_path / "place")


def test_where_data_lie_a_machine_knows_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_DATA", "here")
    monkeypatch.delenv("ACTWISE_CACHE", raising=False)
    theirs = {"ACTWISE_DATA": "there", "ACTWISE_CACHE": "far", "COLUMNS": "80"}
    found = environment_here(Start(folder="", import_path=(), environment=theirs))
    assert found == {"ACTWISE_DATA": "here", "ACTWISE_CACHE": "far", "COLUMNS": "80"}
