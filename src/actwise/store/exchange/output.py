"""Every file that a command writes where a user says: new, or in place of a regular file.

What belongs to a store, links, devices and pipes are refused before anything is written. A file
appears when it is complete, and a failure leaves nothing behind.
"""

import os
import secrets
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import OutputError, SpecError
from ..database import APPLICATION_ID, DATABASE_NAME, OWNER_FILE

_OF_RUNS = ("checkpoints", "weights", "logs")
_BESIDE_DATABASE = ("-wal", "-shm", "-journal")
_KINDS: Mapping[str, Callable[[int], bool]] = {
    "a link": stat.S_ISLNK,
    "a folder": stat.S_ISDIR,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
    "a pipe": lambda mode: stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode),
}
_HINT = "give a new file, or a regular one to replace (what is to go to stdout needs no -o)"


def write_file(target: Path, content: bytes) -> None:
    """Write a file that appears when it is complete.

    Raises:
        SpecError: if it may not stand there; see :func:`refuse_output`.
        OutputError: if it cannot be written.
    """
    refuse_output(target)
    # Short, so that a name that the file system takes does not become too long.
    partial = target.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.tmp")
    with _as_sentences(target):
        try:
            with partial.open("xb") as file:
                file.write(content)
            partial.replace(target)
        finally:
            with suppress(OSError):
                partial.unlink()


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder, which is made where it is missing; all of them or none.

    Raises:
        SpecError: if the folder or a file in it may not stand there; then none is written.
        OutputError: if one cannot be written.
    """
    refuse_output_folder(folder)
    paths = [folder / name for name in contents]
    for path in paths:
        refuse_output(path)
    new = [path for path in paths if not os.path.lexists(path)]
    with made_folder(folder):
        try:
            for path, content in zip(paths, contents.values(), strict=True):
                write_file(path, content)
        except BaseException:
            for path in new:
                path.unlink(missing_ok=True)
            raise
    return paths


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; after a failure what was missing goes again.

    Raises:
        OutputError: if one cannot be made, and for any error of the file system inside.
    """
    whole = folder.absolute()
    missing = [path for path in (whole, *whole.parents) if not os.path.lexists(path)]
    with _as_sentences(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            yield
        except BaseException:
            for path in missing:
                with suppress(OSError):
                    path.rmdir()
            raise


def refuse_output(target: Path) -> None:
    """Refuse a path at which no command may write a file; nothing is written.

    Raises:
        SpecError: for a part of a store (its database, what SQLite keeps beside it, what lies in
            its folders), a link of either kind, a device, a pipe, a folder, and ``-``.
        OutputError: for a file that cannot be read, so that nobody knows whether it is a store.
    """
    shown = f"output {str(target)!r}"
    if str(target) == "-":
        raise SpecError(f"{shown} is no name of a file; {_HINT}")
    refuse_part_of_store(target)
    try:
        found = target.lstat()
    except OSError:
        return  # A new file; or writing it says what is wrong.
    for kind, is_kind in _KINDS.items():
        if is_kind(found.st_mode):
            raise SpecError(f"{shown} is {kind}; {_HINT}")
    if found.st_nlink > 1:
        raise SpecError(f"{shown} is a link: the file has another name too; {_HINT}")


def require_folder_of(target: Path) -> None:
    """Check that there is a folder for a file: else that would be said when it is written.

    Raises:
        OutputError: if there is none.
    """
    with _as_sentences(target):
        os.stat(f"{target.parent}/")  # noqa: PTH116 (a Path drops the slash, which refuses files)


def refuse_output_folder(folder: Path) -> None:
    """Refuse a path that is no folder, nor can become one, or is a part of a store.

    Raises:
        SpecError: naming it.
    """
    refuse_part_of_store(Path(os.path.realpath(folder)))
    if os.path.lexists(folder) and not is_folder(folder):
        raise SpecError(f"output {str(folder)!r} is no folder; give a new one")


def refuse_new_folder(folder: Path) -> None:
    """Refuse what :func:`refuse_output_folder` does, and a folder that holds something.

    Raises:
        SpecError: naming it.
    """
    refuse_output_folder(folder)
    if is_folder(folder) and any(folder.iterdir()):
        raise SpecError(f"output {str(folder)!r} exists already; give a new folder")


def refuse_part_of_store(target: Path) -> None:
    """Refuse what belongs to a store, by whatever path it is named.

    Raises:
        SpecError: naming it.
        OutputError: for a file that cannot be read.
    """
    path = Path(os.path.realpath(target.parent), target.name)
    is_owner = path.name.lower() == OWNER_FILE and _is_of_store(path.parent)
    if is_owner or _is_of_database(path) or any(map(_holds_files_of_runs, (path, *path.parents))):
        raise SpecError(f"output {str(target)!r} is a part of a store; give another file")


def _is_of_database(path: Path) -> bool:
    # Where a file system does not tell cases apart, all spellings are one file.
    name = path.name.lower()
    owners = [
        path.name[: len(name) - len(end)] for end in ("", *_BESIDE_DATABASE) if name.endswith(end)
    ]
    return any(
        owner.lower() == DATABASE_NAME or _is_database(path.with_name(owner)) for owner in owners
    )


def _is_database(path: Path) -> bool:
    """Whether a file is the database of a store, by the application id in SQLite's header."""
    if not stat.S_ISREG(_mode(path)):
        return False
    with _as_sentences(path, "be told apart from a store"), path.open("rb") as file:
        header = file.read(72)
    return header[68:] == struct.pack(">I", APPLICATION_ID)


def _holds_files_of_runs(folder: Path) -> bool:
    """Whether it is the folder of weights, logs or checkpoints of a store."""
    return folder.name.lower() in _OF_RUNS and _is_of_store(folder.parent)


def _is_of_store(folder: Path) -> bool:
    """Whether the files of a store's runs lie there: with its database, or with its name."""
    is_signed = any(stat.S_ISREG(_mode(folder / name)) for name in (DATABASE_NAME, OWNER_FILE))
    return is_signed or all(is_folder(folder / name) for name in _OF_RUNS)


def is_folder(path: Path) -> bool:
    """Whether a folder or a link to one lies there; of a name that is too long, none does."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    """The kind of what lies there, 0 for nothing."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


@contextmanager
def _as_sentences(path: Path, what: str = "be written") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"output {str(path)!r} cannot {what}: {error.strerror}") from None
