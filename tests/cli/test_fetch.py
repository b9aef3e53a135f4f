"""``actwise data fetch`` as people and programs read it, from a server on this machine."""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import rich

from actwise.cli.main import run_command
from actwise.datasets import DATASETS, FetchProgress
from actwise.datasets.content.entry import Download
from made.data import TINY
from made.terminals import Terminal

PARTS = ("one.bin", "two.bin")


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data set ``offered`` of two files of 2,000 bytes each, and the server that has them."""
    Path("there").mkdir()
    for name in PARTS:
        Path("there", name).write_bytes(b"x" * 2_000)
    handler = partial(QuietHandler, directory="there")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        md5 = "md5:6284398f25b31fbdd31e5c6cc04af9ad"
        downloads = tuple(Download(f"{address}/{name}", md5) for name in PARTS)
        entry = replace(TINY, name="offered", folders=("offered",), downloads=downloads)
        monkeypatch.setattr(DATASETS, "_entries", {**dict(DATASETS), "offered": entry})
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("is_json", [False, True])
def test_the_files_that_are_there_now_are_named(
    is_json: bool, offered: None, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["data", "fetch", "offered", "--data", "mine", *["--json"] * is_json]
    assert run_command(command) == 0
    out, err = capsys.readouterr()
    files = [str(Path.cwd() / "mine" / "offered" / name) for name in PARTS]
    assert (json.loads(out) if is_json else out.splitlines()) == files
    assert err == ""
    assert [Path(name).stat().st_size for name in files] == [2_000, 2_000]


STEPS = (
    FetchProgress("a.bin", 500, 2_000),
    FetchProgress("a.bin", 2_000, 2_000),
    FetchProgress("b.bin", 900, 3_000),
    FetchProgress("c.bin", 700, 0),
)


def fetch_in_steps(
    name: str, data: Path | None, *, progress: Callable[[FetchProgress], None]
) -> tuple[Path, ...]:
    """A download that comes so far."""
    for step in STEPS:
        progress(step)
    return ()


def shown(monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    """What a terminal gets of a download in steps."""
    monkeypatch.setattr("actwise.datasets.fetch", fetch_in_steps)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(rich, "_console", None)  # made once, it knows the terminal that was
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert run_command(["data", "fetch", "offered", "--data", "mine", *options]) == 0
    return terminal.getvalue()


def test_a_terminal_shows_a_bar_for_each_file_and_clears_them_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The cursor is hidden at the beginning and shown at the end.
    before, drawn, ending = shown(monkeypatch).split("\x1b[?25")
    last = re.sub(r"\x1b\[[\d;]*[mKA]", "", drawn).rpartition("\r")[2]
    first, second, third, rest = last.split("\n")
    assert re.fullmatch(r"a\.bin ━+ 2\.0/2\.0 kB *", first)
    assert re.fullmatch(r"b\.bin ━+ 0\.9/3\.0 kB *", re.sub("[╸╺]", "", second))
    assert re.fullmatch(r"c\.bin ━+ 700/\? bytes *", third)
    assert (before, rest, ending) == ("", "", "h" + "\r\x1b[1A\x1b[2K" + 2 * "\x1b[1A\x1b[2K")


def test_a_quiet_download_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, "--quiet") == ""
