"""From a level and a data folder to the files that hold it."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, SpecError, UnknownNameError
from ..registry import Level, bind, parse_level
from .entry import DATASETS, DatasetEntry, Found
from .user import find_user_dataset

_READERS = 2
"""Raised when the same files would be read otherwise: then the cache is not asked."""


@dataclass(frozen=True)
class Request:
    """A data set of the table as asked for.

    Attributes:
        level: As written, such as ``cifar10`` or ``folder:photos``.
        path: The second half of ``folder:PATH`` and ``parquet:PATH``.
    """

    level: str
    entry: DatasetEntry
    path: Path | None = None

    def roots(self, folder: Path | None) -> tuple[Path, ...]:
        """The folders to look into; a relative PATH also lies under the data folder."""
        if self.entry.location == "embedded":
            return (Path(),)
        if self.path is not None:
            is_relative = not self.path.is_absolute()
            return (self.path, folder / self.path) if folder and is_relative else (self.path,)
        if folder is None:
            return ()
        return (*(folder / name for name in self.entry.folders), folder)


@dataclass(frozen=True)
class UserRequest:
    """A user's own data set, ``package.module:Name``."""

    level: str
    code: Level


def parse_dataset(level: str) -> Request | UserRequest:
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
        return UserRequest(text, parsed)
    entry = DATASETS[parsed.name]
    bind(parsed, (), kind="data set")
    return Request(entry.name, entry)


def is_users_dataset(level: str) -> bool:
    """Whether a level names a user's own data set.

    Raises:
        SpecError: if it is no data set.
    """
    return isinstance(parse_dataset(level), UserRequest)


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


def locate(request: Request | UserRequest, data_dir: str | Path | None) -> Found:
    """Where the data are, under ``data_dir`` or $ACTWISE_DATA.

    Raises:
        DataError: if they are nowhere, or incomplete; says where was looked and how to get them.
        SpecError: if a user's data set cannot be imported.
    """
    if isinstance(request, UserRequest):
        return find_user_dataset(request.code, data_folder(data_dir))
    folder = None if request.entry.location == "embedded" else data_folder(data_dir)
    found = find(request, folder)
    if found is None:
        raise DataError(_not_found(request, request.roots(folder)))
    return found


def find(request: Request, folder: Path | None) -> Found | None:
    """The first form that is there in the first folder that has one; None if there is none.

    Raises:
        DataError: if it is incomplete, or a folder cannot be listed.
    """
    for root in request.roots(folder):
        for form in request.entry.forms:
            try:
                found = form.find(root)
            except OSError as error:
                raise DataError(unreadable(error, where=str(root))) from None
            if found is not None:
                return found
    return None


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
    return hashlib.sha256(json.dumps([_READERS, entry.name, files]).encode()).hexdigest()[:32]


def unreadable(error: OSError, *, where: str) -> str:
    """One sentence for a file that the system does not let us read."""
    return f"{error.filename or where} cannot be read: {error.strerror or error}"


def _not_found(request: Request, roots: Sequence[Path]) -> str:
    entry = request.entry
    places = " and ".join(str(root) for root in roots)
    if request.path is not None:
        wanted = " or ".join(form.looks_for for form in entry.forms)
        return f"{request.level}: nothing of this kind in {places}; expected {wanted}"
    fetch_it = f"fetch it: actwise data fetch {entry.name} --data DIR" if entry.downloads else ""
    if not roots:
        advice = f", or {fetch_it}" if fetch_it else ""
        return f"{entry.name} needs a data folder: give --data DIR or set ACTWISE_DATA{advice}"
    looked_for = ", ".join(form.looks_for for form in entry.forms)
    advice = f"; {fetch_it}" if fetch_it else ""
    return f"{entry.name} is not in {places} (looked for {looked_for}){advice}"
