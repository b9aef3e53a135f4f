"""A PostgreSQL server of the tests' own: a temporary folder and a socket in it, no port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

_schemas = count()


def find_binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; Debian keeps it off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name)
    )
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


class Server:
    """Started by :meth:`start`, stopped in every way that servers stop; gone after ``close``."""

    def __init__(self, binaries: Path, *options: str) -> None:
        """Make its files; ``options`` are settings such as ``max_connections=100``."""
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._binaries = binaries
        self._options = ("listen_addresses=", f"unix_socket_directories={self.folder}", *options)
        self._user: dict[str, Any] = {}
        if os.getuid() == 0:  # which PostgreSQL refuses to run as
            entry = _unprivileged()
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self._user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
            "LC_ALL": "C.UTF-8",
        }
        self._data = self.folder / "data"
        self._process: psutil.Process | None = None
        # Sorted as a language does it, unless a column says otherwise.
        language = "--locale-provider=icu --icu-locale=en-US"
        words = f"-U actwise -A trust -E UTF8 --locale=C.UTF-8 {language} --no-sync".split()
        self._run("initdb", "-D", self._data, *words)
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")

    def start(self) -> None:
        """Start it, and wait until it takes connections; it is no child of this process.

        Some tests look at theirs.
        """
        options = " ".join(f"-c{option}" for option in self._options)
        log = self.folder / "log"
        self._run("pg_ctl", "start", "-D", self._data, "-l", log, "-t", "60", "-w", "-o", options)
        number = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        self._process = psutil.Process(number)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends all connections, SIGKILL is a crash."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def close(self) -> None:
        """Stop it and delete its files."""
        if self._process is not None and self._process.is_running():
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def execute(self, statement: str, *, user: str = "actwise") -> list[tuple[Any, ...]]:
        """The rows of one statement in a connection of its own."""
        with psycopg.connect(
            host=str(self.folder), user=user, dbname="postgres", autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def end_connections(self) -> int:
        """End every other connection from outside; how many there were."""
        return len(
            self.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )

    def url(self, schema: str, *, user: str = "actwise") -> str:
        """Of a store in this schema."""
        path = quote(f"-csearch_path={schema}")
        return f"postgresql://{user}@/postgres?host={self.folder}&options={path}"

    def new_url(self) -> str:
        """Of a new schema."""
        name = f"test{next(_schemas)}"
        self.execute(f"CREATE SCHEMA {name}")
        return self.url(name)

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [str(self._binaries / program), *map(str, arguments)],
            check=True,
            stdout=subprocess.DEVNULL,  # a server keeps it
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=self._environment,
            **self._user,
        )


def schema_of(url: str) -> str:
    """That which a URL of :meth:`Server.url` names."""
    return url.rpartition("%3D")[2]


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
