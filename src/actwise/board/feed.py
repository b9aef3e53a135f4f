"""Looks at the store while somebody watches, and tells each stream what is new."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import ActwiseError
from ..printable import printable
from .state import Board, BoardPart

MOST_STREAMS = 16
POLL_SECONDS = 1.0
_SHARE = 5
"""A look that takes long is followed by a pause of so many times as long."""


class TooManyStreamsError(Exception):
    """As many streams as there may be are open."""


class Feed:
    """One thread that looks, for all streams; nothing is read while nobody watches."""

    def __init__(self, board: Board) -> None:
        """Look for the first time.

        Raises:
            ActwiseError: if the store cannot be read, or holds no such study.
        """
        self._board = board
        self._news = threading.Condition()
        self._parts: dict[str, str] = {}
        self._num_streams = 0
        self._is_over = False
        self._take(board.read() or {})
        self._thread = threading.Thread(target=self._look_on, name="feed", daemon=True)
        self._thread.start()

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Somebody watches.

        Raises:
            TooManyStreamsError: if too many do.
        """
        with self._news:
            if self._num_streams >= MOST_STREAMS:
                raise TooManyStreamsError
            self._num_streams += 1
            self._news.notify_all()
        try:
            yield
        finally:
            with self._news:
                self._num_streams -= 1

    def news(self, known: Mapping[str, str], *, most_seconds: float) -> dict[str, str] | None:
        """Parts, as JSON, that differ from those known, once there are any; None at the end."""

        def changed() -> dict[str, str]:
            return {n: text for n, text in self._parts.items() if known.get(n) is not text}

        with self._news:
            self._news.wait_for(lambda: self._is_over or changed(), most_seconds)
            return None if self._is_over else changed()

    def close(self) -> None:
        """End all streams."""
        with self._news:
            self._is_over = True
            self._news.notify_all()
        self._thread.join()

    def _look_on(self) -> None:
        pause = 0.0
        while True:
            with self._news:
                self._news.wait_for(lambda: self._is_over, pause)
                self._news.wait_for(lambda: self._is_over or self._num_streams)
                if self._is_over:
                    return
            started = time.monotonic()
            self._look()
            pause = max(POLL_SECONDS, _SHARE * (time.monotonic() - started))

    def _look(self) -> None:
        patience = self._board.store.database.patience
        try:
            with patience.attended(tell=self._tell, is_over=lambda: self._is_over):
                self._take((self._board.read() or {}) | {"fault": {"sentence": ""}})
        except ActwiseError as error:
            self._tell(str(error))
        except Exception as error:
            # The thread ends, with its traceback on stderr: no window may go on as if it did not.
            sentence = f"a fault of actwise, {type(error).__name__}: {error}; please report it"
            self._tell(sentence)
            raise

    def _tell(self, sentence: str) -> None:
        self._take({"fault": {"sentence": sentence}})

    def _take(self, parts: Mapping[str, BoardPart]) -> None:
        texts = {name: json.dumps(_shown(part), allow_nan=False) for name, part in parts.items()}
        with self._news:
            # A part that says the same stays the same object, by which streams know it.
            self._parts |= {n: t for n, t in texts.items() if self._parts.get(n) != t}
            self._news.notify_all()


def _shown(value: Any) -> Any:
    """The value with control characters of texts as escapes."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(name)): _shown(item) for name, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list | tuple) else value
