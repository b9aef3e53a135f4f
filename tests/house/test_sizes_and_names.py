"""Files and folders of a size that can be read, and one word for one thing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOT = REPOSITORY / "src" / "actwise"
MOST_LINES = 300
MOST_ENTRIES = 14
NAMES_THAT_SAY_NOTHING = {"utils", "common", "helpers", "base", "misc"}


def long_files(folder: Path) -> dict[str, int]:
    lengths = {
        str(path.relative_to(folder)): len(path.read_text(encoding="utf-8").splitlines())
        for path in folder.rglob("*.py")
    }
    assert lengths
    return {name: length for name, length in lengths.items() if length > MOST_LINES}


def full_folders(root: Path) -> set[str]:
    """Folders, from ``root``, that hold more than can be seen at a glance."""
    folders = [path for path in root.rglob("*") if path.is_dir() and path.name != "__pycache__"]
    return {
        str(folder.relative_to(root))
        for folder in folders
        if len({path.name for path in folder.iterdir()} - {"__init__.py", "__pycache__"})
        > MOST_ENTRIES
    }


def empty_names(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.name.removesuffix(".py") in NAMES_THAT_SAY_NOTHING
    }


def two_homes(root: Path) -> dict[str, list[str]]:
    """Public names of classes and type aliases that several files define, and these files."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        for name in defined_types(path.read_text(encoding="utf-8")):
            homes[name].append(str(path.relative_to(root)))
    return {name: files for name, files in homes.items() if len(files) > 1}


def defined_types(text: str) -> Iterator[str]:
    """Of a file, at its top: what is written like a class, whatever it is."""
    for node in ast.parse(text).body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        names = (target.id for target in targets if isinstance(target, ast.Name))
        yield from (name for name in names if name[0].isupper() and not name.isupper())


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_no_file_is_longer_than_300_lines(folder: str) -> None:
    assert long_files(REPOSITORY / folder) == {}


@pytest.mark.parametrize(
    "unit", ["analysis", "board", "datasets", "recommend", "report", "store", "surgery", "sweep"]
)
def test_no_folder_holds_more_than_14_entries(unit: str) -> None:
    found = {
        folder for folder in full_folders(ROOT) if folder == unit or folder.startswith(f"{unit}/")
    }
    assert found == set() & {unit}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert empty_names(ROOT) == set()


def test_no_class_and_no_alias_has_two_homes() -> None:
    found = two_homes(ROOT)
    assert found.keys() == set(), found


def test_a_long_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * (MOST_LINES + 1))
    (tmp_path / "short.py").write_text("x = 1\n" * MOST_LINES)
    assert long_files(tmp_path) == {"long.py": MOST_LINES + 1}


def test_a_full_folder_is_found(tmp_path: Path) -> None:
    for unit, count in (("full", MOST_ENTRIES + 1), ("right", MOST_ENTRIES)):
        for number in range(count):
            (tmp_path / unit / "inner").mkdir(parents=True, exist_ok=True)
            (tmp_path / unit / "inner" / f"file{number}.py").touch()
        (tmp_path / unit / "inner" / "__init__.py").touch()
        (tmp_path / unit / "inner" / "__pycache__").mkdir()
    assert full_folders(tmp_path) == {"full/inner"}


def test_a_name_that_says_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "helpers.py").touch()
    (tmp_path / "plans.py").touch()
    assert empty_names(tmp_path) == {"common", "common/helpers.py"}


def test_a_name_with_two_homes_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class Plan: ...\nRow = tuple\nMOST = 1\nclass _Own: ...\n")
    (tmp_path / "b.py").write_text(
        "Plan: object = int\nclass Row: ...\nMOST = 2\nclass _Own: ...\n"
    )
    (tmp_path / "c.py").write_text("from a import Plan\ndef f():\n    class Row: ...\n")
    assert two_homes(tmp_path) == {"Plan": ["a.py", "b.py"], "Row": ["a.py", "b.py"]}
