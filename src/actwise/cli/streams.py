"""The standard streams of a command: closed, full or of any encoding, they cause no fault.

What stdout cannot take is an error; what stderr cannot take is lost, and the work goes on.
"""

import io
import os
import sys
from typing import Any, TextIO

from ..errors import OutputError


def prepare_streams() -> None:
    """Open what was closed, write what the encoding lacks as escapes, say what cannot be written.

    A file that is opened later must not become what others take for a standard stream.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    out = sys.stdout.fileno() if sys.stdout else os.open(os.devnull, os.O_RDONLY)
    err = sys.stderr.fileno() if sys.stderr else os.open(os.devnull, os.O_WRONLY)
    sys.stdout = _stream(out, "stdout", getattr(sys.stdout, "encoding", "utf-8"))
    sys.stderr = _stream(err, "stderr", getattr(sys.stderr, "encoding", "utf-8"))


def give_up_lost_streams() -> bool:
    """Flush; where that fails nothing more can be written, and Python must not complain at exit.

    Returns:
        Whether output was lost that somebody would have read.
    """
    is_lost = False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, OutputError) as error:
            is_lost |= not isinstance(error, BrokenPipeError)
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return is_lost


def _stream(descriptor: int, name: str, encoding: str) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(_Descriptor(descriptor, name)),
        encoding,
        "backslashreplace",
        line_buffering=name == "stderr" or os.isatty(descriptor),
    )


class _Descriptor(io.FileIO):
    """A standard stream that says what it is when it cannot be written."""

    def __init__(self, descriptor: int, name: str) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._shown = name

    def write(self, data: Any, /) -> int:
        """Write, or say why not."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            if self._shown == "stderr":  # nobody can be told, and what is done is none the worse
                return len(data)
            raise OutputError(f"{self._shown} cannot be written: {error.strerror}") from None
