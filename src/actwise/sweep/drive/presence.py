"""Whether a store is still there, while a sweep may record nothing for hours."""

import time

from ...errors import StoreError
from ...store import RunStore

POLL_SECONDS = 0.5
"""How often the store is looked for, and the leases of others while nothing else is left."""


class Presence:
    """Looks for a store now and then; on a server, which a thousand drivers may share, seldom."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._pause = 5.0 if store.database.keeps_folder else POLL_SECONDS
        self._next_time = 0.0

    def problem(self) -> StoreError | None:
        """That it was deleted, moved or replaced, or cannot be reached; None if not, as known."""
        if time.monotonic() >= self._next_time:
            self._next_time = time.monotonic() + self._pause
            try:
                self._store.require_in_place()
            except StoreError as error:
                return error
        return None
