"""Which executor the options name."""

from ..plan import RunOptions
from ..worker import Setup
from .early import EarlyWorkers
from .executor import Executor
from .inline import InlineExecutor
from .processes import ProcessExecutor


def make_executor(
    setup: Setup, options: RunOptions, workers: int, early: EarlyWorkers | None = None
) -> Executor:
    """An executor for so many workers; it takes over those that were started ``early``."""
    if options.executor == "inline":
        return InlineExecutor(setup)
    taken = () if early is None else early.take(workers)
    return ProcessExecutor(setup, workers=workers, early=taken)
