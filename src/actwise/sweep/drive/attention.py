"""Telling whoever watches a sweep that its store is waited for."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from ...store import RunStore
from ..watch import Note, ProgressSink

_GOES_ON = "the same command goes on when that is over"


def attended(
    store: RunStore, sink: ProgressSink, *, is_over: Callable[[], bool] = lambda: False
) -> AbstractContextManager[None]:
    """While it lasts, this thread hears of it; ``is_over``: nobody wants to wait long any more."""
    return store.database.patience.attended(
        tell=lambda said: sink.emit(Note(said)), is_over=is_over, remedy=_GOES_ON
    )
