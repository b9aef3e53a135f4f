"""Opening all that a store consists of: its database, and the folder of the files of its runs."""

from pathlib import Path

from .artifacts import (
    own_folder,
    probe_folder,
    refuse_folder_of_another,
    refuse_folder_to_read,
    refuse_without_folder,
    run_folders,
)
from .database import Database
from .in_place import HeldFolders
from .location import Location, locate, make_folders, refuse_network_file_system
from .opening import is_made, open_database


def open_place(
    path: str | Path, *, create: bool, artifacts: Path | None
) -> tuple[Location, Database, HeldFolders | None]:
    """Where the store lies, its database, and with ``create`` its folders.

    Raises:
        StoreError: if it is missing, damaged, no store, of a newer schema, on a network file
            system, cannot be written, or if the folder belongs to another store; then nothing is
            written.
    """
    location = locate(path, artifacts=artifacts)
    refuse_network_file_system(location)
    if not create:
        return location, _open_to_read(location), None
    refuse_without_folder(location)

    def prepare_folder() -> None:
        refuse_folder_of_another(location, None)
        if location.database is None:
            probe_folder(location)
        else:
            make_folders(location, [location.database.parent])

    database = open_database(location, create=True, before_making=prepare_folder)
    try:
        return location, database, take_folders(location, database)
    except BaseException:
        database.close()
        raise


def _open_to_read(location: Location) -> Database:
    """The folder need not be given; one that is given with a server is held against it."""
    database = open_database(location, create=False)
    if location.server is None or location.artifacts is None:
        return database
    try:
        refuse_folder_to_read(location, database)
    except BaseException:
        database.close()
        raise
    return database


def is_there(path: str | Path, *, artifacts: Path | None, is_read: bool = False) -> bool:
    """Whether a store is made behind ``--store`` and ``--artifacts``.

    Args:
        path: A folder, or a URL.
        artifacts: Folder of its files, with a URL.
        is_read: It will not be written, and so needs no folder.

    Raises:
        StoreError: if they name no place, or a server that cannot be reached.
    """
    location = locate(path, artifacts=artifacts)
    if not is_read:
        refuse_without_folder(location)
    return is_made(location)


def take_folders(location: Location, database: Database) -> HeldFolders:
    """Take the folder for this store, and make and hold those of the files of its runs.

    Raises:
        StoreError: if it belongs to another store or cannot be written.
    """
    refuse_folder_of_another(location, database)
    if database.keeps_folder:
        probe_folder(location)
    make_folders(location, [location.folder])
    own_folder(location, database)
    folders = run_folders(location)
    make_folders(location, folders)
    return HeldFolders(folders, shown=location.shown)
