"""Whose an artifacts folder is: ``store gc`` of one store must not delete the weights of another.

A folder-store's folder is its own: its database lies in it. Any other folder has a file
:data:`OWNER_FILE` with the token of the store that it belongs to and the place of its database. A
folder from before there were tokens is taken where all files of runs in it are of runs that the
store knows. Folders and databases may be moved, together or one by one.
"""

import json
import re
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ...errors import StoreError
from .in_place import identity
from .location import DATABASE_NAME, Location
from .marks import read_mark
from .schema import runs, storable
from .sqlite import Database, chunks

OWNER_FILE = "store.json"
RUN_FILE = re.compile(r"([0-9a-f]{20})\..+")
"""``<run id>.<anything>``: what the store, the engine and the sweep write. Other files stay."""


def run_folders(location: Location) -> tuple[Path, Path, Path]:
    """The folders of checkpoints, weights and logs."""
    folder = location.folder
    return folder / "checkpoints", folder / "weights", folder / "logs"


def run_files(location: Location) -> list[Path]:
    """The files of runs in an artifacts folder."""
    found = (
        path
        for place in run_folders(location)
        if place.is_dir()
        for path in sorted(place.iterdir())
    )
    return [path for path in found if RUN_FILE.fullmatch(path.name) and path.is_file()]


def run_of(path: Path) -> str:
    """The run that a file is named after."""
    return path.name.partition(".")[0]


def refuse_folder_of_another(location: Location, database: Database | None) -> None:
    """Check that the artifacts folder is, or can become, this store's (None: one to be made).

    Raises:
        StoreError: if it belongs to another store, or whose it is cannot be told.
    """
    resident = location.folder / DATABASE_NAME
    is_resident = _is_same(resident, location.database)
    if resident.exists() and not is_resident:
        raise StoreError(_refusal(location, f"belongs to the store in it, {_shown(resident)}"))
    token, place = _read_owner(location)
    is_ours = token is not None and database is not None and token == _token(database)
    is_elsewhere = place.exists() and not _is_same(place, location.database)
    if token is None and not is_resident:
        _refuse_unknown_files(location, database)
    elif is_ours and is_elsewhere:
        raise StoreError(_refusal(location, f"belongs to {_shown(place)}, of which this is a copy"))
    elif token is not None and not is_ours and (is_elsewhere or not is_resident):
        raise StoreError(
            _refusal(location, f"belongs to another store, {_shown(place)}")
            + f" (if that store is no more, delete {_shown(location.folder / OWNER_FILE)})"
        )


def own_folder(location: Location, database: Database) -> None:
    """Take the folder for this store, if :func:`refuse_folder_of_another` has nothing against it.

    Raises:
        StoreError: see there; or if the folder cannot be written.
    """
    refuse_folder_of_another(location, database)
    if _is_same(location.folder / DATABASE_NAME, location.database):
        return
    owner = (_token(database), location.database)
    known = _read_owner(location)
    if known == owner:
        return
    text = json.dumps({"token": owner[0], "database": str(owner[1])}, indent=2) + "\n"
    path = location.folder / OWNER_FILE
    # Of two stores that take a new folder at once, one finds it taken.
    partial, mode = (path, "x") if known[0] is None else (path.with_suffix(".tmp"), "w")
    try:
        with partial.open(mode, encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
    except FileExistsError:
        raise StoreError(_refusal(location, "was just taken by another store")) from None
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StoreError(
            f"folder {_shown(location.folder)} cannot be written: {error.strerror}"
        ) from None


def _refuse_unknown_files(location: Location, database: Database | None) -> None:
    files = run_files(location)
    known = set() if database is None else _known_runs(database, {run_of(path) for path in files})
    for path in files:
        if run_of(path) not in known:
            shown = path.relative_to(location.folder)
            raise StoreError(
                _refusal(location, f"holds files of runs that it does not know ({shown})")
            )


def _known_runs(database: Database, run_ids: set[str]) -> set[str]:
    query = select(runs.c.run_id)
    with database.reading() as connection:
        return {
            run_id
            for chunk in chunks(run_ids)
            for run_id in connection.execute(query.where(runs.c.run_id.in_(chunk))).scalars()
        }


def _token(database: Database) -> str:
    with database.reading() as connection:
        token = read_mark(connection, "token")
    assert token is not None, "every store has a token"
    return token


def _read_owner(location: Location) -> tuple[str | None, Path]:
    """Token and place of the database of the store that has the folder; None if nobody has."""
    path = location.folder / OWNER_FILE
    try:
        owner: Any = json.loads(path.read_text(encoding="utf-8"))
        return str(owner["token"]), Path(str(owner["database"]))
    except (FileNotFoundError, NotADirectoryError):
        return None, location.database
    except (OSError, ValueError, TypeError, LookupError):
        raise StoreError(
            f"{_shown(path)} does not say which store its folder belongs to; if it is no "
            "store's, delete that file"
        ) from None


def _is_same(path: Path, other: Path) -> bool:
    found = identity(path)
    return path == other or (found is not None and found == identity(other))


def _refusal(location: Location, reason: str) -> str:
    return (
        f"store {location.shown!r}: the folder {_shown(location.folder)} {reason}; give "
        "--artifacts a folder of its own"
    )


def _shown(path: Path) -> str:
    return repr(storable(str(path)))
