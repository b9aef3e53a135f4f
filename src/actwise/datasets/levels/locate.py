"""From a level and a data folder to the files that hold it."""

import hashlib
import json
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from ...errors import DataError
from ..content import Found
from .request import Request, UserRequest
from .user import find_user_dataset

_READERS = 2
"""Raised when the same files would be read otherwise: then the cache is not asked."""


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
        for form in request.forms:
            try:
                found = form.find(root)
            except OSError as error:
                raise DataError(unreadable(error, where=str(root))) from None
            if found is not None:
                return found
    return None


def source_key(request: Request, found: Found) -> str:
    """Names the source in the cache: who reads it, and path, size and time of every file.

    Raises:
        DataError: if a file has vanished.
    """
    try:
        stats = [(str(path.resolve()), path.stat()) for path in found.files]
    except OSError as error:
        raise DataError(unreadable(error, where=found.where)) from None
    files = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    size = [] if request.size is None else [request.size]
    key = json.dumps([_READERS, request.entry.name, *size, files])
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def unreadable(error: OSError, *, where: str) -> str:
    """One sentence for a file that the system does not let us read."""
    return f"{error.filename or where} cannot be read: {error.strerror or error}"


def _not_found(request: Request, roots: Sequence[Path]) -> str:
    entry = request.entry
    places = " and ".join(str(root) for root in roots)
    if request.path is not None:
        wanted = " or ".join(form.looks_for for form in request.forms)
        nothing = f"{request.level}: nothing of this kind in {places}; expected {wanted}"
        return nothing + _nearest(request.path, entry.name, roots)
    fetch_it = f"fetch it: actwise data fetch {entry.name} --data DIR" if entry.downloads else ""
    if not roots:
        advice = f", or {fetch_it}" if fetch_it else ""
        return f"{entry.name} needs a data folder: give --data DIR or set ACTWISE_DATA{advice}"
    looked_for = ", ".join(form.looks_for for form in request.forms)
    advice = f"; {fetch_it}" if fetch_it else ""
    return f"{entry.name} is not in {places} (looked for {looked_for}){advice}"


def _nearest(path: Path, name: str, roots: Sequence[Path]) -> str:
    """What a user may have meant by a path where nothing of the kind is."""
    if any(root.is_file() for root in roots):
        return "; this is a file, give the folder that holds it"
    if any(root.exists() for root in roots):
        return ""
    if "size" in path.name:
        return f"; a size is written {name}(PATH, size=64)"
    names = [beside.name for root in roots for beside in root.parent.glob("*")]
    near = get_close_matches(path.name, names, n=3)
    return f"; did you mean {', '.join(near)}?" if near else ""
