"""Who gets the page, and what asking for it changes: nothing."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from actwise.board import BoardServer
from actwise.cli.main import run_command
from actwise.errors import SpecError, UnknownNameError
from actwise.store import RunStore
from made.boards import busy_store, events, plan_of, serving
from made.postgresql import Server
from made.runs import finish, leased, made_plan, made_study


class Visitor:
    """Asks a server, each time on a connection of its own, which stays open until the end."""

    def __init__(self, server: BoardServer) -> None:
        self.server = server
        self.store = server.board.store
        self._left_open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._left_open.close()

    def ask(
        self,
        path: str = "",
        *,
        method: str = "GET",
        token: str | None = None,
        host: str | None = "127.0.0.1",
        body: str | None = None,
        **headers: str,
    ) -> http.client.HTTPResponse:
        """``host`` None: without that header."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=60)
        self._left_open.callback(connection.close)
        where = f"/{self.server.token if token is None else token}/{path}"
        connection.putrequest(method, where, skip_host=True)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if host is not None:
            sent["Host"] = host
        if body is not None:
            sent.setdefault("Content-Length", str(len(body)))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode() if body is not None else None)
        return self._left_open.enter_context(connection.getresponse())

    def look(self, asked: Any = None, **changes: Any) -> http.client.HTTPResponse:
        """Ask for the ranking as the page does."""
        host = f"127.0.0.1:{self.server.server_port}"
        said: dict[str, Any] = {"host": host, "Origin": f"http://{host}", **changes}
        return self.ask("ranking", method="POST", body=json.dumps(asked or {}), **said)


@contextmanager
def visiting(folder: Path) -> Iterator[Visitor]:
    with busy_store(folder) as store, serving(store) as server, Visitor(server) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Of a store that no test changes."""
    with visiting(tmp_path_factory.mktemp("kept") / "store") as visitor:
        yield visitor


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Visitor]:
    """Of a store for one test."""
    with visiting(tmp_path / "store") as visitor:
        yield visitor


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8000", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:65535", 200),
        (None, 403),
        ("", 403),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.", 403),
        ("evil.example:80@127.0.0.1", 403),
        ("127.0.0.1:", 403),
        ("::1", 403),
    ],
)
def test_only_names_of_this_machine_are_answered(
    visitor: Visitor, host: str | None, status: int
) -> None:
    assert visitor.ask(host=host).status == status


@pytest.mark.parametrize("token", ["", "x", "..", "%00", "caf%E9"])
def test_without_the_token_there_is_nothing(visitor: Visitor, token: str) -> None:
    for path in ("", "board.js", "events", "log/", "ranking"):
        for method in ("GET", "POST"):
            assert visitor.ask(path, token=token, method=method, body="{}").status == 404
        assert visitor.ask(path, token=visitor.server.token[:-1]).status == 404


def test_every_answer_has_a_strict_policy_and_tells_nobody_where_it_came_from(
    visitor: Visitor,
) -> None:
    for path, status in (("", 200), ("board.css", 200), ("board.js", 200), ("other", 404)):
        answer = visitor.ask(path)
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Python" not in answer.headers["Server"]


def test_it_listens_on_this_machine_alone(visitor: Visitor) -> None:
    assert visitor.server.server_address[0] == "127.0.0.1"
    # All of 127.0.0.0/8 is this machine, but no other address of it is listened on.
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", visitor.server.server_port))


def content(store: RunStore) -> dict[str, list[Any]]:
    """Every row of every table."""
    with store.database.without_transaction() as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = [name for (name,) in names.fetchall()]
        return {n: connection.execute(f"SELECT * FROM {n}").fetchall() for n in tables}


def test_to_get_changes_nothing(visitor: Visitor) -> None:
    before = content(visitor.store)
    failed = plan_of(visitor.store)[5].run_id
    for path in ("", "board.css", "board.js", f"log/{failed}", "ranking", "look"):
        visitor.ask(path).read()
    events(visitor.ask("events"), until="machines")
    assert content(visitor.store) == before


def test_the_ranking_is_a_look_that_is_recorded(alone: Visitor) -> None:
    finish(alone.store, plan_of(alone.store)[6:7])
    stream = alone.ask("events")
    events(stream, until="machines")
    found = json.loads(alone.look({"study": "made"}).read())
    assert found["headline"].startswith("So far, with 2 planned runs missing")
    assert found["look"].startswith("This look was recorded in the store (1 look so far)")
    assert [view["title"] for view in found["views"]] == ["Choice", "Ranking"]
    (noted,) = alone.store.looks()
    assert (noted.study, noted.what, noted.num_seeds) == ("made", "watch", 3)
    counts = [0]
    while counts[-1] == 0:
        (study,) = events(stream, until="summary")["summary"]["studies"]
        counts.append(study["num_looks"])
    assert counts[-1] == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"host": "evil.example"}, 403),
        ({"token": "wrong"}, 404),
        ({"asked": {"study": "another"}}, 404),
        ({"asked": ["made"]}, 400),
        ({"asked": {"study": "x" * 5000}}, 400),
        ({"Content_Length": "9" * 5000}, 400),
    ],
)
def test_a_look_that_the_page_did_not_ask_for_is_refused(
    visitor: Visitor, changes: dict[str, Any], status: int
) -> None:
    assert visitor.look(**changes).status == status
    assert visitor.store.looks() == []


def test_the_end_of_a_log_comes_as_text(alone: Visitor) -> None:
    failed, diverged = plan_of(alone.store)[5].run_id, plan_of(alone.store)[4].run_id
    answer = alone.ask(f"log/{failed}")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.read().decode() == "epoch 1\nValueError: <b>no</b> \\x1b[31mred\n"
    assert b"no log here" in alone.ask(f"log/{diverged}").read()
    (alone.store.logs / f"{failed}.log").write_text("a line\n" * 5000 + "the last\n")
    text = alone.ask(f"log/{failed}").read().decode()
    assert len(text) < 9000 and text.startswith("...\na line\n") and text.endswith("the last\n")
    for path in ("log/", "log/../store.sqlite", f"log/{failed}/..", "log/0000"):
        assert alone.ask(path).status == 404


def test_without_its_folder_a_store_has_no_logs(tmp_path: Path) -> None:
    with busy_store(tmp_path / "store") as store:
        failed = plan_of(store)[5].run_id
        with (
            RunStore.open(f"sqlite:///{tmp_path}/store/store.sqlite") as bare,
            serving(bare) as server,
            Visitor(server) as visitor,
        ):
            said = visitor.ask(f"log/{failed}").read().decode()
    assert said == "Logs lie in the folder of --artifacts, which was not given."


def test_a_stream_tells_what_is_new_and_no_more(alone: Visitor) -> None:
    stream = alone.ask("events")
    assert stream.headers["Content-Type"] == "text/event-stream"
    first = events(stream, until="machines")
    assert set(first) >= {"summary", "running", "curves", "cells", "troubles", "machines"}
    assert first["summary"]["counts"]["running"] == 1
    leased(alone.store, plan_of(alone.store)[7].run_id)
    later = events(stream, until="machines")
    assert later["summary"]["counts"]["running"] == 2
    assert "troubles" not in later and "curves" not in later


def test_at_most_sixteen_streams_are_open(alone: Visitor) -> None:
    with ExitStack() as stack:
        for _ in range(16):
            stream = stack.enter_context(alone.ask("events"))
            events(stream, until="machines")
        assert alone.ask("events").status == 503
        assert alone.ask("").status == 200


def test_what_happens_to_the_store_is_said_on_the_page(alone: Visitor) -> None:
    stream = alone.ask("events")
    events(stream, until="machines")
    path = alone.store.location.database
    path.rename(path.with_name("gone"))
    # Of the first look, at which nothing was wrong; then of one after that.
    sentences = ""
    while not sentences:
        sentences = events(stream, until="fault")["fault"]["sentence"]
    assert "is no longer where it was" in sentences
    path.with_name("gone").rename(path)


@pytest.mark.postgresql
def test_a_server_that_is_away_is_said_on_the_page_and_keeps_nobody_from_ending(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.store.database.waiting.STOP_SECONDS", 0.2)
    url = postgresql.new_url()
    with RunStore.open(url, create=True, artifacts=tmp_path) as store:
        study = made_study()
        store.add_study(study, made_plan(study))
        with serving(store) as server, Visitor(server) as visitor:
            stream = visitor.ask("events")
            events(stream, until="machines")
            postgresql.stop()
            try:
                sentence = ""
                while not sentence:
                    sentence = events(stream, until="fault")["fault"]["sentence"]
                started = time.monotonic()
                server.server_close()
                assert time.monotonic() - started < 15
            finally:
                postgresql.start()
    assert "waiting up to 120 s for it" in sentence


def test_a_port_that_another_has_is_refused_in_a_sentence(
    visitor: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SpecError, match="cannot be had: Address already in use"):
        BoardServer(visitor.store, port=visitor.server.server_port)
    with pytest.raises(UnknownNameError):
        BoardServer(visitor.store, study="mode")
    command = ["watch", "--store", str(visitor.store), "--port", str(visitor.server.server_port)]
    assert run_command(command) == 2
    assert "give another --port" in capsys.readouterr().err
    assert run_command(["watch", "--store", str(visitor.store), "--study", "mode"]) == 2
    assert "did you mean made" in capsys.readouterr().err
