"""A user's file, opened for reading: never a pipe, a socket, a device or a folder.

Who waits for a pipe may wait for ever, and what a device gives may have no end.
"""

import errno
import math
import os
import re
import stat
import tomllib
from io import BufferedReader
from pathlib import Path
from typing import Any

MOST_TOML_BYTES = 250_000
"""A megabyte takes tomllib two seconds and more."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # either one or the other
_STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
# tomllib takes quadratic time, and memory, for the parts of one key.
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|""|'')[ \t]*+\.[ \t]*+){32}""")


def open_file(path: Path) -> BufferedReader:
    """Open a regular file, or what a link to one names, without ever waiting.

    Raises:
        OSError: if there is none; ``strerror`` says what is there instead.
    """
    _refuse(path.stat().st_mode, path)
    file = os.fdopen(os.open(path, os.O_RDONLY | _NEVER_WAIT), "rb")
    try:
        # Something else may have taken its place in between.
        _refuse(os.fstat(file.fileno()).st_mode, path)
    except OSError:
        file.close()
        raise
    return file


def special_kind(path: Path) -> str | None:
    """What is there if it is neither a file nor a folder, also behind a link."""
    try:
        return _kind(path.stat().st_mode)
    except OSError:
        return None


def read_file(path: Path, *, most_bytes: int | None = None) -> bytes:
    """The content of a regular file.

    Raises:
        OSError: as :func:`open_file`, and for a file of more than ``most_bytes``.
    """
    with open_file(path) as file:
        most = math.inf if most_bytes is None else most_bytes
        # Before it is read, and for what grows meanwhile.
        content = b"" if os.fstat(file.fileno()).st_size > most else file.read()
        if max(len(content), os.fstat(file.fileno()).st_size) > most:
            raise OSError(
                errno.EFBIG,
                f"it is larger than {most_bytes:,} bytes, the most that is read",
                str(path),
            )
    return content


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a small TOML file.

    Raises:
        OSError: as :func:`read_file`; a file has at most ``MOST_TOML_BYTES``.
        UnicodeDecodeError: if it is no UTF-8 text.
        ValueError: if it is no TOML, or nested too deeply.
    """
    text = read_file(path, most_bytes=MOST_TOML_BYTES).decode("utf-8")
    if _DEEP_KEY.search(_STRINGS.sub('""', text)):
        raise ValueError("a key has more than 32 parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise ValueError("a number has more digits than are read") from None


def _kind(mode: int) -> str | None:
    kind = stat.S_IFMT(mode)
    return None if kind in (stat.S_IFREG, stat.S_IFDIR) else _KINDS.get(kind, "something else")


def _refuse(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if kind := _kind(mode):
        raise OSError(errno.EINVAL, f"{kind} and no file; save what it gives as a file", str(path))
