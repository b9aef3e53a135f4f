"""A line on stderr every ten seconds while a command has nothing else to say."""

import sys
import time

from ..printable import printable

SIGN_SECONDS = 10.0


class SignOfLife:
    """Says how far something long is; a :data:`actwise.signs.SignListener`."""

    def __init__(self, unit: str, *, is_quiet: bool) -> None:
        """``unit``: what is counted, ``images``; a quiet one says nothing."""
        self._unit = unit
        self._is_quiet = is_quiet
        self._what = ""
        self._started = self._said = time.monotonic()

    def __call__(self, what: str, done: int, total: int | None = None) -> None:
        """Note that so many are done, and say it if the last line is ten seconds old."""
        if self._is_quiet:
            return
        now = time.monotonic()
        if self._what and what != self._what:
            self._started = self._said = now
        self._what = what
        if now - self._said < SIGN_SECONDS:
            return
        self._said = now
        sys.stderr.write(printable(f"{what}: {self._progress(now, done, total)}") + "\n")
        sys.stderr.flush()

    def _progress(self, now: float, done: int, total: int | None) -> str:
        from ..sweep.watch import describe_seconds

        if total is None:
            return f"{done:,} {self._unit}"
        left = describe_seconds((now - self._started) / max(1, done) * (total - done))
        return f"{done:,} of {total:,} {self._unit}, about {left} left"
