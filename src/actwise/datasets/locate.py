"""From a level and a data folder to the files that hold it."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, SpecError, UnknownNameError
from ..registry import Level, bind, parse_level
from .entry import DATASETS, DatasetEntry, Found


@dataclass(frozen=True)
class Request:
    """A data set as asked for, held against the table.

    Attributes:
        level: As written.
        entry: Its line in the table; None for a user's own.
        path: Of ``folder:PATH`` and ``parquet:PATH``.
        user_level: Of ``package.module:Name``.
    """

    level: str
    entry: DatasetEntry | None = None
    path: Path | None = None
    user_level: Level | None = None


def parse_dataset(level: str) -> Request:
    """Read ``name``, ``folder:PATH``, ``parquet:PATH`` or ``package.module:Name``.

    Raises:
        SpecError: if it is none of them; names the nearest.
    """
    text = level.strip()
    prefix, colon, path = text.partition(":")
    if prefix in DATASETS and DATASETS[prefix].location == "path":
        if not path:
            raise SpecError(f"data set {level!r} needs a folder: write {prefix}:PATH")
        return Request(text, DATASETS[prefix], path=Path(path).expanduser())
    if colon and "/" in path:
        if prefix in DATASETS:
            raise SpecError(f"data set {level!r}: {prefix} takes no path; give it by --data DIR")
        raise UnknownNameError("data set", prefix, DATASETS)
    parsed = parse_level(text, kind="data set")
    if parsed.is_user_code:
        return Request(text, user_level=parsed)
    entry = DATASETS[parsed.name]
    bind(parsed, (), kind="data set")
    return Request(entry.name, entry)


def data_folder(data_dir: str | Path | None) -> Path | None:
    """``data_dir``, or $ACTWISE_DATA, or None.

    Raises:
        DataError: if it is not a folder.
    """
    given = data_dir or os.environ.get("ACTWISE_DATA")
    if not given:
        return None
    folder = Path(given).expanduser()
    if not folder.is_dir():
        raise DataError(f"the data folder {given} does not exist or is not a folder")
    return folder


def locate(request: Request, folder: Path | None) -> Found:
    """Where the data are. ``folder`` may be None for embedded sets and users' code.

    A relative ``folder:PATH`` is looked for in the working directory, then in ``folder``.

    Raises:
        DataError: if they are nowhere, or incomplete; says where was looked and how to get them.
        SpecError: if a user's data set cannot be imported.
    """
    if request.user_level is not None:
        from .user import find_user_dataset

        return find_user_dataset(request.user_level, folder)
    assert request.entry is not None
    roots = tuple(_roots(request, request.entry, folder))
    found = _find(request.entry, roots)
    if found is None:
        raise DataError(_not_found(request, request.entry, roots))
    return found


def find_entry(entry: DatasetEntry, folder: Path | None) -> Found | None:
    """Where the data of a line of the table are; None if nowhere, or if it needs a path.

    Raises:
        DataError: if they are incomplete or cannot be listed.
    """
    if entry.location == "path":
        return None
    return _find(entry, tuple(_roots(Request(entry.name, entry), entry, folder)))


def source_key(entry: DatasetEntry, found: Found) -> str:
    """Names the source in the cache: who reads it, and path, size and time of every file.

    Raises:
        DataError: if a file has vanished.
    """
    try:
        stats = [(str(path.resolve()), path.stat()) for path in found.files]
    except OSError as error:
        raise DataError(unreadable(error, where=found.where)) from None
    files = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(json.dumps([1, entry.name, files]).encode()).hexdigest()[:32]


def unreadable(error: OSError, *, where: str) -> str:
    """One sentence for a file that the system does not let us read."""
    return f"{error.filename or where} cannot be read: {error.strerror or error}"


def _find(entry: DatasetEntry, roots: Sequence[Path]) -> Found | None:
    for root in roots:
        for form in entry.forms:
            try:
                found = form.find(root)
            except OSError as error:
                raise DataError(unreadable(error, where=str(root))) from None
            if found is not None:
                return found
    return None


def _roots(request: Request, entry: DatasetEntry, folder: Path | None) -> Iterator[Path]:
    if entry.location == "embedded":
        yield Path()
    elif entry.location == "path":
        assert request.path is not None
        yield request.path
        if folder is not None and not request.path.is_absolute():
            yield folder / request.path
    elif folder is not None:
        yield from (folder / name for name in entry.folders)
        yield folder


def _not_found(request: Request, entry: DatasetEntry, roots: Sequence[Path]) -> str:
    places = " and ".join(str(root) for root in roots)
    if entry.location == "path":
        wanted = " or ".join(form.looks_for for form in entry.forms)
        return f"{request.level}: nothing of this kind in {places}; expected {wanted}"
    get = f"actwise data fetch {entry.name} --data DIR" if entry.downloads else ""
    if not roots:
        advice = f", or fetch it: {get}" if get else ""
        return f"{entry.name} needs a data folder: give --data DIR or set ACTWISE_DATA{advice}"
    looked_for = ", ".join(form.looks_for for form in entry.forms)
    advice = f"; fetch it: {get}" if get else ""
    return f"{entry.name} is not in {places} (looked for {looked_for}){advice}"
