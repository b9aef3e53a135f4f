"""The server of the page: on this machine alone, for whoever has its address."""

import secrets
import sys
from collections.abc import Sequence
from functools import partial
from http.server import ThreadingHTTPServer
from typing import Any

from ..errors import SpecError
from ..store import RunStore
from .feed import Feed
from .requests import BoardHandler, Served
from .state import Board

ADDRESS = "127.0.0.1"


class BoardServer(ThreadingHTTPServer):
    """Serves a page that looks at a store, under an address with a token.

    Attributes:
        token: What nobody can guess, the first part of every path.
        board, feed: What is shown, and who tells what is new.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, store: RunStore, *, port: int = 0, study: str | None = None, where: Sequence[str] = ()
    ) -> None:
        """Begin to listen.

        Args:
            store: Open; the caller closes it after the server.
            port: 0 = any that is free.
            study: Only this one.
            where: Conditions ``FIELD=VALUE`` on the settings of its runs.

        Raises:
            SpecError: if the port cannot be had.
            ActwiseError: if the store cannot be read, or a study or condition is not known.
        """
        self.token = secrets.token_urlsafe(24)
        self.board = Board(store, study, where)
        self.feed = Feed(self.board)
        handler = partial(BoardHandler, Served(self.token, self.board, self.feed))
        try:
            super().__init__((ADDRESS, port), handler)
        except OSError as error:
            self.feed.close()
            raise SpecError(
                f"port {port} of {ADDRESS} cannot be had: {error.strerror}; give another --port"
            ) from None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that went away is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """End all streams and stop listening."""
        self.feed.close()
        super().server_close()
