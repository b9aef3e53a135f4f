"""Where a store lies: a folder, or a database URL with a folder for its files beside it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ...errors import StoreError

DATABASE_NAME = "store.sqlite"

# SQLite's write-ahead log needs shared memory and sound locks, which these do not give.
_NETWORK_FILE_SYSTEMS = re.compile(
    r"(fuse\.)?(nfs[34]?|cifs|smb[23]?|smbfs|afs|afpfs|davfs2?|webdav|ncpfs|ceph|glusterfs|lustre|"
    r"beegfs|gpfs|pvfs2|orangefs|panfs|ocfs2|gfs2|sshfs|s3fs|gcsfuse|rclone|juicefs|goofys)"
)


@dataclass(frozen=True)
class Location:
    """The files of a store.

    Attributes:
        database: The SQLite file.
        folder: Parent of ``checkpoints/``, ``weights/`` and ``logs/``.
        shown: How the user wrote it, without a password; for messages.
    """

    database: Path
    folder: Path
    shown: str


def locate(path: str | Path, *, artifacts: Path | None = None) -> Location:
    """Find the files behind ``--store`` and ``--artifacts``; looks at names only.

    Raises:
        StoreError: for a URL that is not a SQLite file, a URL without ``artifacts``, or a folder
            with them.
    """
    shown = str(path)
    if "://" in shown:
        url = _parse_url(shown)
        if artifacts is None:
            raise StoreError(
                f"store {_hidden(url)!r} is a URL and needs a folder for checkpoints and weights; "
                "add --artifacts DIR"
            )
        return Location(Path(url.database or "").absolute(), artifacts.absolute(), _hidden(url))
    if artifacts is not None:
        raise StoreError(
            f"store {shown!r} is a folder, which keeps its checkpoints and weights itself; "
            "--artifacts goes with a URL such as sqlite:///FILE"
        )
    folder = Path(path).absolute()
    return Location(folder / DATABASE_NAME, folder, shown)


def refuse_network_file_system(location: Location) -> None:
    """Check that the database lies on this machine.

    Raises:
        StoreError: if its file system is served over a network.
    """
    mounts = [(p.mountpoint, p.fstype) for p in psutil.disk_partitions(all=True)]
    kind = file_system_of(location.database.resolve(), mounts)
    if is_network_file_system(kind):
        raise StoreError(
            f"store {location.shown!r} lies on a network file system ({kind}), where SQLite loses "
            "data; put it on a local disk"
        )


def file_system_of(path: Path, mounts: Iterable[tuple[str, str]]) -> str:
    """File system type of an absolute ``path``, given (mount point, type) in order of mounting."""
    depth, kind = -1, ""
    for point, mounted in mounts:
        # Of two mounts at one place, the later hides the earlier.
        if path.is_relative_to(point) and len(Path(point).parts) >= depth:
            depth, kind = len(Path(point).parts), mounted
    return kind


def is_network_file_system(kind: str) -> bool:
    """Whether ``kind`` (``nfs4``, ``fuse.sshfs`` ...) is served over a network."""
    return _NETWORK_FILE_SYSTEMS.fullmatch(kind.lower()) is not None


def make_folders(location: Location, names: Iterable[str]) -> None:
    """Make the folder of the database, and these beside the files of its runs.

    Raises:
        StoreError: if one cannot be made.
    """
    try:
        location.database.parent.mkdir(parents=True, exist_ok=True)
        for name in names:
            (location.folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"store {location.shown!r} cannot be made: {error.filename}: {error.strerror}"
        ) from None


def _parse_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(
            f"store {text!r} is neither a folder nor a database URL such as sqlite:///FILE"
        ) from None
    if url.get_backend_name() != "sqlite":
        raise StoreError(
            f"store {_hidden(url)!r}: {url.get_backend_name()} databases are not supported; "
            "give a folder or sqlite:///FILE"
        )
    if url.host or url.query or url.database in (None, "", ":memory:"):
        raise StoreError(f"store {_hidden(url)!r} does not name a file; write sqlite:///FILE")
    return url


def _hidden(url: URL) -> str:
    return url.render_as_string(hide_password=True)
