"""Between a client and a PostgreSQL server: a line that breaks at the worst moment."""

import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Carries bytes between sockets; loses the answer to a commit when it is told to.

    Attributes:
        folder: The host of its clients.
        loses_commits: How many commits from now on are carried out and never answered.
    """

    def __init__(self, server: Path) -> None:
        """``server``: the host to which it carries."""
        self.folder = Path(tempfile.mkdtemp(prefix="proxy-"))
        self.loses_commits = 0
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / _SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        (self.folder / _SOCKET).unlink()
        self.folder.rmdir()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server / _SOCKET))
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.loses_commits and b"COMMIT" in data:
                    self.loses_commits -= 1
                    # Before the server hears of it, so that its answer finds nobody.
                    client.shutdown(socket.SHUT_WR)
                    server.sendall(data)
                    break
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
        for end in (server, client):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
