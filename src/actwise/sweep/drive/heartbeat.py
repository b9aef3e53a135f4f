"""Shows other hosts that this driver lives while it waits for its workers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import StoreError
from ...store import LEASE_SECONDS, Owner, RunStore


@contextmanager
def heartbeat(store: RunStore, owner: Owner) -> Iterator[None]:
    """Renew all leases of ``owner`` from a thread, four times in the life of a lease."""
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(LEASE_SECONDS / 4):
            try:
                store.heartbeat(owner)
            except StoreError:
                # A missed beat costs nothing; after four, another host may take the runs over,
                # and then the store refuses our results.
                continue

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
