"""Whose an artifacts folder is: ``store gc`` of one store must not delete the weights of another.

A folder-store's folder is its own: its database lies in it. Any other folder has a file
:data:`OWNER_FILE` with the token of the store that it belongs to and the place of its database. A
folder from before there were tokens is taken where all files of runs in it are of runs that the
store knows. Folders and databases may be moved, together or one by one.

A store on a server notes that it has a folder: on every machine, what is given must be that one.
"""

import json
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from socket import gethostname
from typing import Any

from sqlalchemy import Connection, select

from ...errors import StoreError
from ...files import read_file
from .database import Database, chunks, read_mark, write_mark
from .in_place import identity
from .location import DATABASE_NAME, Location, make_folders
from .schema import runs, storable

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


def own_run_files(location: Location) -> list[Path]:
    """Those that may be deleted: what is linked to from elsewhere may be another store's, too."""
    folder = location.folder.resolve()
    return [p for p in run_files(location) if p.parent.resolve() == folder / p.parent.name]


def run_of(path: Path) -> str:
    """The run that a file is named after."""
    return path.name.partition(".")[0]


def refuse_without_folder(location: Location) -> None:
    """A StoreError if a folder for the files is to be given."""
    run_folders(location)


def refuse_folder_of_another(location: Location, database: Database | None) -> None:
    """Check that the artifacts folder is, or can become, this store's (None: one to be made).

    Raises:
        StoreError: if it belongs to another store, or whose it is cannot be told.
    """
    resident = location.folder / DATABASE_NAME
    is_resident = _is_same(resident, location.database)
    if resident.exists() and not is_resident:
        raise StoreError(_refusal(location, f"belongs to the store in it, {_shown(resident)}"))
    # Who takes the folder at this moment signs it before that is noted.
    has_folder = database is not None and _mark(database, "folder") is not None
    token, place = _read_owner(location)
    is_ours = token is not None and database is not None and token == _mark(database, "token")
    is_elsewhere = place.exists() and not _is_same(place, location.database)
    if token is None and database is not None and has_folder:
        raise StoreError(_other_folder(location, database))
    if token is None and not is_resident:
        _refuse_unknown_files(location, database)
    elif is_ours and is_elsewhere and location.database is not None:
        raise StoreError(_refusal(location, f"belongs to {_shown(place)}, of which this is a copy"))
    elif token is not None and not is_ours and (is_elsewhere or not is_resident):
        raise StoreError(
            _refusal(location, f"belongs to another store, {_shown(place)}")
            + f" (if that store is no more, delete {_shown(location.folder / OWNER_FILE)})"
        )


def refuse_folder_to_read(location: Location, database: Database) -> None:
    """Check that a folder given with a database that is only read is not another's.

    One that this process may not look into is let pass: nothing of it is needed.

    Raises:
        StoreError: if it is another store's, or not the one that this store has.
    """
    try:
        token, _ = _read_owner(location)
    except StoreError:
        return
    if (token is None and _mark(database, "folder") is None) or token == _mark(database, "token"):
        return
    whose = "is not the one of its files" if token is None else "belongs to another store"
    raise StoreError(
        f"store {location.shown!r}: the folder {_shown(location.folder)} {whose}; leave out "
        "--artifacts, which what only reads the database does not need"
    )


def own_folder(location: Location, database: Database) -> None:
    """Take the folder for this store, if :func:`refuse_folder_of_another` has nothing against it.

    Raises:
        StoreError: see there; or if the folder cannot be written.
    """
    refuse_folder_of_another(location, database)
    if _is_same(location.folder / DATABASE_NAME, location.database):
        return
    if database.keeps_folder and _mark(database, "folder") is None:
        # Of several drivers that give several folders at once, one finds that none is noted.
        database.write(lambda c: _claim(c, location, database), lock="EXCLUSIVE")
    elif not database.keeps_folder:
        _sign_as(location, str(_mark(database, "token")))


def _claim(connection: Connection, location: Location, database: Database) -> None:
    """Sign the folder and note that the store has one, unless another was noted meanwhile."""
    refuse_folder_of_another(location, database)
    _sign_as(location, str(read_mark(connection, "token")))
    write_mark(connection, "folder", f"{location.folder} on {gethostname()}")


def _sign_as(location: Location, token: str) -> None:
    known = _read_owner(location)
    if known != (token, Path(location.name)):
        _sign(location, token=token, is_new=known[0] is None)


def probe_folder(location: Location) -> None:
    """Check that the folder is there, or can be made, and that what is written can be read.

    Raises:
        StoreError: if not; then nothing is left behind.
    """
    missing = [path for path in (location.folder, *location.folder.parents) if not path.exists()]
    make_folders(location, [location.folder])
    probe = location.folder / f".{os.getpid()}-{secrets.token_hex(4)}.tmp"
    said = secrets.token_bytes(16)
    problem = "what is written is not what is read"
    try:
        _write_to_disk(probe, said)
        problem = "" if probe.read_bytes() == said else problem
    except OSError as error:
        problem = str(error.strerror)
    with suppress(OSError):
        probe.unlink()
    if problem:
        for path in missing:
            with suppress(OSError):
                path.rmdir()
        raise StoreError(f"folder {_shown(location.folder)} cannot be written: {problem}")


def _sign(location: Location, *, token: str, is_new: bool) -> None:
    """Write whose the folder is."""
    text = json.dumps({"token": token, "database": location.name}, indent=2) + "\n"
    path = location.folder / OWNER_FILE
    partial = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        _write_to_disk(partial, text.encode())
        if is_new:
            # Of two that take a new folder at once, one finds it taken.
            os.link(partial, path)
        else:
            partial.replace(path)
    except FileExistsError:
        if _read_owner(location)[0] != token:
            raise StoreError(_refusal(location, "was just taken by another store")) from None
    except OSError as error:
        raise StoreError(
            f"folder {_shown(location.folder)} cannot be written: {error.strerror}"
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink()


def _write_to_disk(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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
    return database.read(
        lambda connection: {
            run_id
            for chunk in chunks(run_ids)
            for run_id in connection.execute(query.where(runs.c.run_id.in_(chunk))).scalars()
        }
    )


def _mark(database: Database, name: str) -> str | None:
    return database.read(lambda connection: read_mark(connection, name))


def _read_owner(location: Location) -> tuple[str | None, Path]:
    """Token and place of the database of the store that has the folder; None if nobody has."""
    path = location.folder / OWNER_FILE
    with suppress(OSError):
        # A network folder then forgets that the file was not there.
        list(location.folder.iterdir())
    try:
        owner: Any = json.loads(read_file(path))
        return str(owner["token"]), Path(str(owner["database"]))
    except (FileNotFoundError, NotADirectoryError):
        return None, Path(location.name)
    except (OSError, ValueError, TypeError, LookupError):
        raise StoreError(
            f"{_shown(path)} does not say which store its folder belongs to; if it is no "
            "store's, delete that file"
        ) from None


def _is_same(path: Path, other: Path | None) -> bool:
    found = identity(path)
    if other is None:
        return False
    return path == other or (found is not None and found == identity(other))


def _refusal(location: Location, reason: str) -> str:
    return (
        f"store {location.shown!r}: the folder {_shown(location.folder)} {reason}; give "
        "--artifacts a folder of its own"
    )


def _other_folder(location: Location, database: Database) -> str:
    token, first = _mark(database, "token"), _mark(database, "folder") or ""
    was = f" (first {storable(first)})" if " on " in first else ""  # not of older versions
    return (
        f"store {location.shown!r}: the folder {_shown(location.folder)} is not the one of its "
        f"files{was}, which holds {OWNER_FILE}; mount that one here (if it is lost, write "
        f'{{"token": "{token}", "database": ""}} into {OWNER_FILE} in a new one)'
    )


def _shown(path: Path) -> str:
    return repr(storable(str(path)))
