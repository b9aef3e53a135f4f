"""How far a long work has come, told to whoever listens: a command that says it on the terminal.

What works does not know who called it, and tells all the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SignListener = Callable[[str, int, int | None], None]
"""Hears what is done, how many are done, and of how many; None where that is not known."""

_LISTENERS: ContextVar[tuple[SignListener, ...]] = ContextVar("listeners", default=())


@contextmanager
def listening(listener: SignListener) -> Iterator[None]:
    """Let ``listener`` hear too what is told in this context.

    It must be quick. What it raises goes through the work, and ends it.
    """
    token = _LISTENERS.set((*_LISTENERS.get(), listener))
    try:
        yield
    finally:
        _LISTENERS.reset(token)


def tell(what: str, done: int, total: int | None = None) -> None:
    """Tell how far ``what`` is, as often as that changes."""
    for listener in _LISTENERS.get():
        listener(what, done, total)
