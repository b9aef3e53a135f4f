"""Shows others that this driver lives while it waits for its workers, and how far its runs are."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ...errors import StoreError
from ...store import LEASE_SECONDS, Owner, RunStore
from .progress_notes import ProgressNotes

_BEAT_SECONDS = LEASE_SECONDS / 4
_TURN_SECONDS = 1.0


@contextmanager
def heartbeat(store: RunStore, owner: Owner, notes: ProgressNotes) -> Iterator[None]:
    """Renew all leases of ``owner`` from a thread, four times in the life of a lease.

    Also whenever there is something to tell of its runs, at most once a second.
    """
    is_over = threading.Event()

    def beat() -> None:
        next_time = time.monotonic() + _BEAT_SECONDS
        while not is_over.wait(_TURN_SECONDS):
            points = notes.due()
            if not points and time.monotonic() < next_time:
                continue
            next_time = time.monotonic() + _BEAT_SECONDS
            # A missed beat costs nothing; after four, another host may take the runs over, and
            # then the store refuses our results.
            with suppress(StoreError):
                store.heartbeat(owner, points)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
