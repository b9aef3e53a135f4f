"""What the page asks for, and what is refused: another host's name, no token, another origin."""

import hmac
import json
import os
import re
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from ..errors import ActwiseError, StoreError
from ..files import open_file
from ..printable import printable
from ..report.page import page_style
from ..store import RunStore
from .feed import Feed, TooManyStreamsError
from .ranking import look_at_ranking
from .state import Board

# Names of this machine; any port, since `ssh -L` may listen on another.
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,9}")
_FOLDER = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TEXT, _JSON = "text/plain; charset=utf-8", "application/json"
_BEAT_SECONDS = 15.0
_LOG_BYTES = 8_000
_MOST_BODY_BYTES = 4_096


@dataclass(frozen=True)
class Served:
    """What requests are about, and the token that they must bring."""

    token: str
    board: Board
    feed: Feed


class BoardHandler(BaseHTTPRequestHandler):
    """Answers one connection. A GET changes nothing; the one POST looks at the ranking."""

    protocol_version = "HTTP/1.1"
    # Of a reader or writer that does nothing.
    timeout = 30

    def __init__(self, served: Served, *args: Any) -> None:
        """``args``: what the server says of the connection."""
        self._served = served
        super().__init__(*args)

    def do_GET(self) -> None:
        """The page, its two files, its stream, or the end of a run's log."""
        path = self._path()
        if path is None:
            return
        name, _, rest = path.partition("/")
        if path == "":
            self._send(_read("page.html"), "text/html; charset=utf-8")
        elif path == "board.css":
            self._send(page_style() + _read("board.css"), "text/css; charset=utf-8")
        elif path == "board.js":
            self._send(_read("board.js"), "text/javascript; charset=utf-8")
        elif path == "events":
            self._stream()
        elif name == "log" and self._served.board.has_run(rest):
            self._send(_end_of_log(self._served.board.store, rest), _TEXT)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Look at the ranking of a study."""
        path = self._path()
        if path is None:
            return
        if path != "ranking":
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not self._is_same_origin():
            self.send_error(HTTPStatus.FORBIDDEN)
        elif (asked := self._body()) is not None:
            board = self._served.board
            study = asked.get("study")
            if study is not None and study not in board.study_names:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                found = look_at_ranking(board, study)
            except ActwiseError as error:
                found = {"error": printable(str(error))}
            self._send(json.dumps(found), _JSON)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A refusal in a few words, under the same policy as the page."""
        self.close_connection = True
        self._send(f"{code} {HTTPStatus(code).phrase}\n", _TEXT, status=code)

    def version_string(self) -> str:
        """Nothing that tells what is behind."""
        return "actwise"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: an address with its token belongs into no log."""

    def _path(self) -> str | None:
        """The path behind the token; None where the request was refused."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            # A page of another host, whose name somebody has pointed at this machine.
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        token, slash, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self._served.token.encode()) or not slash:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return rest

    def _is_same_origin(self) -> bool:
        origin = f"http://{self.headers['Host']}".lower()
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        return (self.headers.get("Origin") or "").lower() == origin and site == "same-origin"

    def _body(self) -> dict[str, Any] | None:
        """The JSON object that came with the request; None where it was refused."""
        length = self.headers.get("Content-Length") or ""
        if not _LENGTH.fullmatch(length) or int(length) > _MOST_BODY_BYTES:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None
        try:
            found = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None
        return found

    def _stream(self) -> None:
        """Server-sent events: each part of the page when it is new, until the reader has gone."""
        feed = self._served.feed
        self.close_connection = True
        try:
            with feed.stream():
                self._head(HTTPStatus.OK, "text/event-stream", {"Connection": "close"})
                known: dict[str, str] = {}
                while (news := feed.news(known, most_seconds=_BEAT_SECONDS)) is not None:
                    lines = [f"event: {name}\ndata: {text}\n\n" for name, text in news.items()]
                    self.wfile.write("".join(lines or [": still here\n\n"]).encode())
                    known |= news
        except TooManyStreamsError:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
        except OSError:
            # The window was closed.
            return

    def _send(self, text: str, kind: str, *, status: int = HTTPStatus.OK) -> None:
        body = text.encode()
        extra = {"Content-Length": str(len(body))}
        if self.close_connection:
            extra["Connection"] = "close"
        try:
            self._head(status, kind, extra)
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _head(self, status: int, kind: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (_HEADERS | {"Content-Type": kind} | extra).items():
            self.send_header(name, value)
        self.end_headers()


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _end_of_log(store: RunStore, run_id: str) -> str:
    """The last lines of a run's log; whatever is in them, it is text."""
    try:
        with open_file(store.logs / f"{run_id}.log") as file:
            num_bytes = file.seek(0, os.SEEK_END)
            file.seek(max(0, num_bytes - _LOG_BYTES))
            text = file.read(_LOG_BYTES).decode("utf-8", "replace")
    except StoreError:
        return "Logs lie in the folder of --artifacts, which was not given."
    except OSError as error:
        return f"This run has no log here: {error.strerror}."
    if num_bytes > _LOG_BYTES:
        text = "...\n" + text.partition("\n")[2]
    return printable(text, keep="\n\t")
