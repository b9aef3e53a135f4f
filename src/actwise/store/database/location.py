"""Where a store lies: a folder, or a database URL with a folder for its files beside it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ...errors import StoreError
from .schema import storable

DATABASE_NAME = "store.sqlite"

# SQLite's write-ahead log needs shared memory and sound locks, which these do not give.
_NETWORK_FILE_SYSTEMS = re.compile(
    r"(fuse\.)?("
    # Served by another machine.
    r"nfs[34]?|cifs|smb[23]?|smbfs|afs|afpfs|davfs2?|webdav(fs)?|ncpfs|coda|sshfs|curlftpfs|ftpfs|"
    # Of a cluster.
    r"ceph(-fuse)?|glusterfs|lustre(_lite)?|beegfs|fhgfs|gpfs|mmfs|pvfs2|orangefs|panfs|ocfs2|"
    r"gfs2?|acfs|wekafs|quobyte|moosefs|mfs|lizardfs|seaweedfs|hdfs|ipfs|"
    # Of the host of a virtual machine or of a container.
    r"9p|v9fs|drvfs|virtiofs|vboxsf|vmhgfs(-fuse)?|prl_fsd?|grpcfuse|osxfs|fakeowner|"
    # Object stores.
    r"s3|s3fs|s3backer|s3ql|goofys|geesefs|mountpoint-s3|mount-s3|rclone|juicefs|blobfuse2?|"
    r"gcsfuse|alluxio(-fuse)?|cosfs|ossfs2?|"
    # A program that does not say its kind, as goofys, mountpoint-s3 and blobfuse do not.
    r"fuse)"
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
    shown = storable(str(path))
    if "://" in shown:
        url = _parse_url(str(path))
        if artifacts is None:
            raise StoreError(
                f"store {_hidden(url)!r} is a URL and needs a folder for checkpoints and weights; "
                "add --artifacts DIR"
            )
        hidden = storable(_hidden(url))
        return Location(Path(url.database or "").absolute(), artifacts.absolute(), hidden)
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
        StoreError: if its file system is served by another machine, by the host of a virtual one,
            or by an object store.
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
    """Whether ``kind`` (``nfs4``, ``fuse.sshfs``, ``9p`` ...) is not of a disk of this machine."""
    return _NETWORK_FILE_SYSTEMS.fullmatch(kind.lower()) is not None


def make_folders(location: Location, folders: Iterable[Path]) -> None:
    """Make folders of a store.

    Raises:
        StoreError: if one cannot be made.
    """
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"store {location.shown!r} cannot be made: {storable(str(error.filename))}: "
            f"{error.strerror}"
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
