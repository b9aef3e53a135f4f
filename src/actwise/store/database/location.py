"""Where a store lies: a folder, or a database URL with a folder for its files beside it.

A password in a URL is in no message, in no representation and in nothing that is stored.
"""

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ...errors import StoreError
from .schema import storable

DATABASE_NAME = "store.sqlite"
_NEARLY_A_URL = re.compile("(postgres|postgresql|sqlite):", re.IGNORECASE)
_SECRET = re.compile("password|secret|conninfo", re.IGNORECASE)
"""In the name of an option of libpq whose value nobody may see."""

# SQLite's write-ahead log needs shared memory and sound locks, which these do not give.
_NETWORK_FILE_SYSTEMS = re.compile(
    r"(fuse\.)?("
    # Served by another machine.
    r"nfs[34]?|cifs|smb[23]?|smbfs|afs|auristorfs|gvfsd-fuse|afpfs|davfs2?|webdav(fs)?|ncpfs|coda|"
    r"sshfs|curlftpfs|ftpfs|"
    # Of a cluster.
    r"ceph(fs|-fuse)?|xtreemfs|mapr(fs)?|glusterfs|lustre(_lite)?|beegfs|fhgfs|gpfs|mmfs|pvfs2|"
    r"orangefs|panfs|ocfs2|gfs2?|acfs|wekafs|quobyte|moosefs|mfs|lizardfs|seaweedfs|hdfs|ipfs|"
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
    """The database and the files of a store.

    Attributes:
        artifacts: The folder of its files; None = a URL without one, which can be read.
        shown: How the user wrote it, without a password; for messages.
        database: The SQLite file; None with a server.
        server: Of PostgreSQL.
    """

    artifacts: Path | None
    shown: str
    database: Path | None = None
    server: URL | None = field(default=None, repr=False)

    @property
    def folder(self) -> Path:
        """Parent of ``checkpoints/``, ``weights/`` and ``logs/``.

        Raises:
            StoreError: if none was given with the URL.
        """
        if self.artifacts is None:
            raise StoreError(
                f"store {self.shown!r} is a URL and needs a folder for checkpoints and weights; "
                "add --artifacts DIR"
            )
        return self.artifacts

    @property
    def name(self) -> str:
        """Of the database, as the folder of its files names it."""
        return self.shown if self.database is None else str(self.database)

    @property
    def words(self) -> tuple[str, ...]:
        """``--store`` and ``--artifacts`` of a command that a user may type; without a password."""
        folder = self.artifacts if "://" in self.shown else None
        named = () if folder is None else ("--artifacts", os.path.relpath(folder))
        return ("--store", self.shown, *named)

    @property
    def as_options(self) -> str:
        """The same in one line."""
        return shlex.join(self.words)

    @property
    def words_to_write(self) -> tuple[str, ...]:
        """Of a command that needs the folder, which is left to the user where it is not known."""
        lacks_folder = self.artifacts is None
        return (*self.words, *(("--artifacts", "DIR") if lacks_folder else ()))


def locate(path: str | Path, *, artifacts: Path | None = None) -> Location:
    """Find the files behind ``--store`` and ``--artifacts``; looks at names only.

    Raises:
        StoreError: for a URL of no SQLite file and no PostgreSQL server, or a folder with
            ``artifacts``.
    """
    shown = storable(str(path))
    if "://" in shown:
        url = _parse_url(str(path))
        shown = storable(_without_secrets(str(path), url))
        _refuse_unfit(url, shown)
        folder = None if artifacts is None else artifacts.absolute()
        if url.get_backend_name() == "sqlite":
            return Location(folder, shown, database=Path(url.database or "").absolute())
        return Location(folder, shown, server=url.set(drivername="postgresql+psycopg"))
    if scheme := _NEARLY_A_URL.match(shown):
        raise StoreError(
            f"store {shown!r} is no URL: write {scheme[1]}://..., or ./{scheme[1]}:... for a "
            "folder of that name"
        )
    if artifacts is not None:
        raise StoreError(
            f"store {shown!r} is a folder, which keeps its checkpoints and weights itself; "
            "--artifacts goes with a URL such as sqlite:///FILE"
        )
    folder = Path(path).absolute()
    return Location(folder, shown, database=folder / DATABASE_NAME)


def refuse_network_file_system(location: Location) -> None:
    """Check that a database that is a file lies on this machine.

    Raises:
        StoreError: if its file system is served by another machine, by the host of a virtual one,
            or by an object store.
    """
    if location.database is None:
        return
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


def secrets_in(url: URL) -> list[str]:
    """What stands in a URL and must not be shown."""
    given = [values for name, values in url.query.items() if _SECRET.search(name)]
    values = [v for each in given for v in ((each,) if isinstance(each, str) else each)]
    return [value for value in (str(url.password or ""), *values) if value]


def _parse_url(text: str) -> URL:
    problem = "is neither a folder nor a database URL such as sqlite:///FILE or postgresql://HOST/DATABASE"
    try:
        # The short name, which libpq takes too.
        url = make_url(re.sub("^postgres://", "postgresql://", text))
        if "@" not in f"{url.host}{url.database}":
            return url
        problem = "has @ in its host or database: write it as %40 in a user's name or password, "
        problem += "and / as %2F"
    except (ArgumentError, ValueError):
        pass
    # Nobody can tell which part of it is secret.
    shown = re.sub("(?s)(?<=://).*@", "***@", text).partition("?")[0]
    raise StoreError(f"store {storable(shown)!r} {problem}")


def _without_secrets(text: str, url: URL) -> str:
    """The URL as it was written, unless it holds a secret."""
    if not secrets_in(url):
        return text
    query = {n: "***" if _SECRET.search(n) else values for n, values in url.query.items()}
    options = urlencode(query, doseq=True, quote_via=quote, safe="/:,*")
    return url.set(query={}).render_as_string() + (f"?{options}" if options else "")


def _refuse_unfit(url: URL, shown: str) -> None:
    kind = url.get_backend_name()
    if kind not in ("postgresql", "sqlite"):
        raise StoreError(
            f"store {shown!r}: {kind} databases are not supported; "
            "give a folder, sqlite:///FILE or postgresql://HOST/DATABASE"
        )
    is_file = not (url.host or url.username or url.query or url.database in (None, "", ":memory:"))
    if kind == "sqlite" and not is_file:
        raise StoreError(f"store {shown!r} does not name a file; write sqlite:///FILE")
