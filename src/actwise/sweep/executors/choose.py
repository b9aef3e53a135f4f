"""Which executor the options name."""

from ..plan import RunOptions
from ..worker import Setup
from .executor import Executor
from .inline import InlineExecutor
from .nursery import Nursery
from .processes import ProcessExecutor


def make_executor(setup: Setup, options: RunOptions, nursery: Nursery, *, workers: int) -> Executor:
    """An executor on this machine for so many workers, which come from ``nursery``."""
    assert options.executor != "ray", "to a cluster only run connects"
    if options.executor == "inline":
        return InlineExecutor(setup, nursery)
    return ProcessExecutor(setup, nursery, workers=workers)
