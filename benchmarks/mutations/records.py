"""What each test runs: recorded once for each state of the source and of a test file."""

import hashlib
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmarks.mutations import tracing
from benchmarks.mutations.copies import Copy

FILES_AT_ONCE = 6
MOST_SECONDS = 3600.0
LEFT_OUT = "browser or docs or package or benchmarks"
"""Marks of tests that take long and see most of what they run in processes that nothing follows."""
Place = tuple[str, int]
"""A file, from the source's folder, and a line."""


@dataclass(frozen=True)
class Record:
    """What the tests run.

    Attributes:
        seconds: Of each test that passes.
        others: Tests that are skipped or fail.
        tests: Those that run a line, by place; shared fixtures count for every test of their file.
    """

    seconds: dict[str, float]
    others: set[str]
    tests: dict[Place, set[str]]


def digest_of(folder: Path) -> str:
    """Of all Python files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def record(copies: Sequence[Copy], source: str, folder: Path) -> Record:
    """Run every test file once that has no record yet, a few at a time, and read all records.

    Args:
        copies: Of the repository, in which tests run side by side.
        source: The folder of the code, from the root.
        folder: Where records are kept.
    """
    root = copies[0].folder
    into = folder / f"records-{digest_of(root / source)}"
    into.mkdir(parents=True, exist_ok=True)
    kept = {path: into / _name(root, path) for path in sorted((root / "tests").rglob("test_*.py"))}
    missing = [path for path, record in kept.items() if not record.exists()]
    free = SimpleQueue[Copy]()
    for copy in copies:
        free.put(copy)

    def run(start: int) -> None:
        files = missing[start : start + FILES_AT_ONCE]
        print(f"recording {start + len(files)} of {len(missing)} test files", flush=True)
        copy = free.get()
        found = _run(copy, source, [str(path.relative_to(root)) for path in files])
        free.put(copy)
        for path in files:
            part = _of_file(found, str(path.relative_to(root)))
            kept[path].write_text(json.dumps(part), encoding="utf-8")

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(run, range(0, len(missing), FILES_AT_ONCE)))
    return _joined(json.loads(path.read_text(encoding="utf-8")) for path in kept.values())


def _name(root: Path, path: Path) -> str:
    text = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return f"{'.'.join(path.relative_to(root).with_suffix('').parts)}-{text}.json"


def _run(copy: Copy, source: str, files: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as into:
        shutil.copyfile(tracing.__file__, Path(into) / "sitecustomize.py")
        copy.run(
            ["-m", f"not ({LEFT_OUT})", "-p", "benchmarks.mutations.recording", *files],
            seconds=MOST_SECONDS,
            PYTHONPATH=into,
            MUTATIONS_SOURCE=f"{copy.folder / source}/",
            MUTATIONS_INTO=into,
        )
        written = Path(into) / "record.json"
        if not written.exists():
            raise SystemExit(f"no record of {' '.join(files)}: pytest did not end")
        found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return found


def _of_file(found: dict[str, Any], file: str) -> dict[str, Any]:
    return {
        key: {test: value for test, value in found[key].items() if test.split("::")[0] == file}
        for key in ("seconds", "others", "lines")
    }


def _joined(parts: Iterable[dict[str, Any]]) -> Record:
    seconds: dict[str, float] = {}
    others: set[str] = set()
    tests: dict[Place, set[str]] = defaultdict(set)
    for part in parts:
        seconds |= part["seconds"]
        others |= part["others"].keys()
        for context, files in part["lines"].items():
            own = part["seconds"] if "::" not in context else {context} & part["seconds"].keys()
            for file, lines in files.items():
                for line in lines:
                    tests[file, line].update(own)
    return Record(seconds, others, tests)
