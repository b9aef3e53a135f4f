"""Which way of watching is chosen where."""

import io

import pytest

from actwise.sweep.watch import JsonProgress, PlainProgress, choose_progress
from made.terminals import Terminal


def test_a_dumb_terminal_has_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_progress(is_json=False, stream=Terminal()), PlainProgress)
    monkeypatch.setenv("TERM", "xterm")
    for detail in ("quiet", "verbose"):
        sink = choose_progress(is_json=False, stream=Terminal(), detail=detail)  # type: ignore[arg-type]
        assert isinstance(sink, PlainProgress)


def test_elsewhere_lines_are_plain() -> None:
    assert isinstance(choose_progress(is_json=False, stream=io.StringIO()), PlainProgress)
    assert isinstance(choose_progress(is_json=True, stream=Terminal()), JsonProgress)
