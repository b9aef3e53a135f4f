"""What the page says where nothing can be looked at, and what becomes of faults."""

import contextlib
import http.client
import json
import sys
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from actwise.board import Board, BoardServer
from actwise.store import ProgressPoint, RunStore
from made.boards import events, plan_of, serving
from made.runs import ME, finish, leased, made_plan, made_study


@contextlib.contextmanager
def answer_of(
    server: BoardServer, method: str, path: str, **asked: Any
) -> Iterator[http.client.HTTPResponse]:
    """To a request of the page."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    body = json.dumps(asked) if method == "POST" else None
    origin = {"Origin": f"http://127.0.0.1:{server.server_port}"}
    with contextlib.closing(connection):
        connection.request(method, f"/{server.token}/{path}", body, origin)
        yield connection.getresponse()


def looked_at(server: BoardServer) -> dict[str, Any]:
    with answer_of(server, "POST", "ranking") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        found: dict[str, Any] = json.loads(answer.read())
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store with a plan and no result."""
    study = made_study()
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        yield store


def test_the_address_is_of_this_machine_with_port_and_token(store: RunStore) -> None:
    with serving(store) as server:
        assert server.url == f"http://127.0.0.1:{server.server_port}/{server.token}/"


def test_a_look_at_nothing_says_so_and_is_not_recorded(store: RunStore) -> None:
    with serving(store) as server:
        found = looked_at(server)
    assert found["look"] == "Nothing was looked at: no run has completed."
    assert store.looks() == []


def test_a_look_at_a_store_that_cannot_be_written_says_so(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(store, plan_of(store))
    monkeypatch.setattr(type(store.database), "is_read_only", True)
    with serving(store) as server:
        found = looked_at(server)
    assert found["look"] == "This look is not recorded: the store is read-only."
    assert store.looks() == []


def test_what_cannot_be_analysed_is_said_in_place_of_the_ranking(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(store) as server:
        (Path(str(store)) / "store.sqlite").rename(Path(str(store)) / "a\x1b[31m")
        found = looked_at(server)
    assert found == {
        "error": f"store '{store}' is no longer where it was: store.sqlite was deleted, moved or "
        "replaced while it was in use"
    }


@pytest.mark.parametrize("path", ["other", "", "events", "ranking/"])
def test_nothing_but_the_ranking_is_asked_for_by_post(path: str, store: RunStore) -> None:
    with serving(store) as server, answer_of(server, "POST", path) as answer:
        assert (answer.status, answer.read()) == (404, b"404 Not Found\n")


def test_a_fault_of_ours_is_said_on_the_page_and_ends_the_looking_with_its_traceback(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[threading.ExceptHookArgs] = []

    def fail() -> None:
        raise LookupError("no \x1b[31mred")

    monkeypatch.setattr(threading, "excepthook", ended.append)
    with serving(store) as server:
        monkeypatch.setattr(server.board, "read", fail)
        with answer_of(server, "GET", "events") as stream:
            sentence = events(stream, until="fault")["fault"]["sentence"]
    assert sentence == "a fault of actwise, LookupError: no \\x1b[31mred; please report it"
    assert [(args.exc_type, str(args.exc_value)) for args in ended] == [
        (LookupError, "no \x1b[31mred")
    ]


class Gone:
    """A connection that has asked twice, and whose reader went away before the first answer."""

    def __init__(self, asked: bytes) -> None:
        self.asked = asked
        self.num_sent = 0

    def settimeout(self, seconds: float) -> None:
        """Nothing waits."""

    def makefile(self, mode: str, size: int) -> BytesIO:
        return BytesIO(self.asked)

    def sendall(self, content: bytes) -> None:
        self.num_sent += 1
        raise BrokenPipeError


def test_a_reader_that_went_away_is_answered_no_more(store: RunStore) -> None:
    with serving(store) as server:
        asked = f"GET /{server.token}/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
        gone: Any = Gone(2 * asked.encode())
        server.RequestHandlerClass(gone, ("127.0.0.1", 1), server)
    assert gone.num_sent == 1


@pytest.mark.parametrize(
    ("error", "is_told"),
    [(ConnectionResetError("gone"), False), (TimeoutError(), False), (LookupError("odd"), True)],
)
def test_only_faults_of_ours_are_told_on_stderr(
    error: Exception, is_told: bool, store: RunStore, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(store) as server:
        try:
            raise error
        except Exception:
            assert sys.exception() is error
            server.handle_error(None, ("127.0.0.1", 1))
    said = capsys.readouterr().err
    assert ("LookupError: odd" in said, said == "") == (is_told, not is_told)


@pytest.mark.parametrize(
    ("num_epochs", "fraction", "lacking"),
    # 30 s for 5 / 8 of a run: of relu this and another one are left, of elu two.
    [(4, 3 / 8, [30.0 + 48.0, 2 * 48.0]), (None, None, [None, None])],
)
def test_how_far_a_run_is_follows_from_how_many_epochs_it_will_have(
    num_epochs: int | None, fraction: float | None, lacking: list[Any], store: RunStore
) -> None:
    run = plan_of(store)[0].run_id
    lease = leased(store, run)
    point = ProgressPoint(
        token=lease.token,
        epoch=2,
        num_epochs=num_epochs,
        done_fraction=0.5,
        loss=1.0,
        seconds_left=30.0,
    )
    store.heartbeat(ME, [point])
    parts = Board(store).read()
    assert parts is not None
    (running,) = parts["running"]["runs"]
    assert (running["epoch"], running["num_epochs"]) == (2, num_epochs)
    assert running["fraction"] == fraction
    (cells,) = parts["cells"]["studies"]
    assert [row[2] for row in cells["rows"]] == pytest.approx(lacking)
