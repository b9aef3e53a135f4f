"""Where a store lies: its database, and the folders of the files of its runs."""

from pathlib import Path

from .database import (
    Database,
    HeldFolders,
    Location,
    refuse_folder_of_another,
    run_folders,
    take_folders,
)


class StoreFolders:
    """An open database and the folder that belongs to it.

    Of a URL that came without a folder, ``folder`` and those in it raise StoreError.
    """

    def __init__(
        self, location: Location, database: Database, held: HeldFolders | None = None
    ) -> None:
        self.location = location
        self.database = database
        self._held = held

    def close(self) -> None:
        """Close the database; it is the end of the store's use."""
        if self._held is not None:
            self._held.close()
        self.database.close()

    @property
    def folder(self) -> Path:
        """Of the files of runs."""
        return self.location.folder

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return run_folders(self.location)[0]

    @property
    def weights(self) -> Path:
        """Folder of the weights that are kept."""
        return run_folders(self.location)[1]

    @property
    def logs(self) -> Path:
        """Folder of what runs print."""
        return run_folders(self.location)[2]

    def require_folder(self) -> None:
        """Check that this store has its folder, before work that needs it.

        Raises:
            StoreError: if none was given with a URL, or another store's.
        """
        refuse_folder_of_another(self.location, self.database)

    def hold_folders(self) -> None:
        """Take the three folders for this store, make what lacks of them, and watch over them.

        Raises:
            StoreError: if they belong to another store or cannot be written.
        """
        self._held = self._held or take_folders(self.location, self.database)

    def require_in_place(self) -> None:
        """A StoreError if the database or a folder was moved, replaced or cut meanwhile."""
        self.database.require_in_place()
        if self._held is not None:
            self._held.require_in_place()
