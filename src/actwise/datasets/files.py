"""Files of data are plain files: a FIFO would block, a device never ends, neither is opened."""

import os
import stat
from io import BufferedReader
from pathlib import Path

from ..errors import DataError

_SPECIAL = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def has_file(path: Path) -> bool:
    """Whether a file, or a link to one, is there.

    Raises:
        DataError: if something is there that is neither a file nor a folder.
    """
    refuse_special(path)
    return path.is_file()


def refuse_special(path: Path) -> None:
    """Refuse what is neither a file nor a folder; what is not there is no matter.

    Raises:
        DataError: for a FIFO, a socket or a device, also behind a link.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    _refuse_mode(mode, path)


def open_file(path: Path) -> BufferedReader:
    """A file opened for reading; never waits, whatever has taken its place since it was listed.

    Raises:
        DataError: for a FIFO, a socket or a device.
        OSError: if it cannot be opened.
    """
    refuse_special(path)
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    try:
        _refuse_mode(os.fstat(file.fileno()).st_mode, path)
    except DataError:
        file.close()
        raise
    return file


def read_file(path: Path, *, most_bytes: int) -> bytes:
    """The content of a file.

    Raises:
        DataError: as :func:`open_file`, and if it is longer than ``most_bytes``.
        OSError: if it cannot be read.
    """
    with open_file(path) as file:
        num_bytes = os.fstat(file.fileno()).st_size
        if num_bytes > most_bytes:
            raise DataError(f"{path} has {num_bytes} bytes, at most {most_bytes} are read")
        return file.read(most_bytes)


def _refuse_mode(mode: int, path: Path) -> None:
    kind = _SPECIAL.get(stat.S_IFMT(mode))
    if kind is not None:
        raise DataError(f"{path} is {kind}; a file is expected")
