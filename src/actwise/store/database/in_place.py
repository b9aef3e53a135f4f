"""Whether files and folders still are what they were: others may delete, move or replace them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ...errors import StoreError

Identity = tuple[int, int]
"""Device and number of a file: equal for as long as it is there or somebody has it open."""


def identity(place: Path | int) -> Identity | None:
    """What lies at a path now, or is open under a descriptor; None if nothing does, or is."""
    try:
        found = place.stat() if isinstance(place, Path) else os.fstat(place)
    except OSError:  # Also of an open network folder that another machine has deleted.
        return None
    return found.st_dev, found.st_ino


class HeldFolders:
    """Folders, held open, so that no new one is given the number of a deleted one.

    (Files of a database must not be held so: closing one would drop the locks of the whole
    process on it.)
    """

    def __init__(self, folders: Iterable[Path], *, shown: str) -> None:
        """They exist; ``shown`` is the store's name in messages.

        Raises:
            StoreError: if one cannot be opened.
        """
        self._shown = shown
        self._descriptors: dict[Path, int] = {}
        if not hasattr(os, "O_DIRECTORY"):  # Windows, where a folder in use cannot be moved
            return
        try:
            for folder in folders:
                self._descriptors[folder] = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            self.close()
            raise StoreError(
                f"store {shown!r}: its folder {folder.name} cannot be opened: {error.strerror}"
            ) from None

    def require_in_place(self) -> None:
        """Check that they are where they were.

        Raises:
            StoreError: if one was deleted, moved or replaced.
        """
        for folder, descriptor in self._descriptors.items():
            if identity(folder) is None or identity(folder) != identity(descriptor):
                raise StoreError(
                    f"store {self._shown!r} is no longer whole: its folder {folder.name} was "
                    "deleted, moved or replaced while it was in use"
                )

    def close(self) -> None:
        """Let them go."""
        while self._descriptors:
            _, descriptor = self._descriptors.popitem()
            with suppress(OSError):
                os.close(descriptor)
