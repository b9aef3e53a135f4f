"""What stands in place of files of data: a FIFO would block, a device never ends."""

from pathlib import Path

from ...errors import DataError
from ...files import special_kind


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
        DataError: for a pipe, a socket or a device, also behind a link.
    """
    kind = special_kind(path)
    if kind:
        raise DataError(f"{path} is {kind}; a file is expected")
