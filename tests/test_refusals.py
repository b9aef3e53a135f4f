"""Sentences of errors, limits of files and of parameters, in full."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import ActwiseError, DataError, SpecError, UnknownNameError, shortened
from actwise.files import open_file, read_toml
from actwise.registry import Parameter, parse_level


class Thing:
    """Its text is as long as it is told to be."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __repr__(self) -> str:
        return "<" + "x" * (self._length - 2) + ">"


@pytest.mark.parametrize(
    ("exact", "longer"),
    [("x" * 118, "x" * 119), (10**119, 10**120), (Thing(120), Thing(121))],
    ids=["text", "whole number", "anything else"],
)
def test_a_value_is_shown_with_at_most_120_characters(exact: object, longer: object) -> None:
    assert shortened(exact) == repr(exact) and len(repr(exact)) == 120
    said = shortened(longer)
    assert len(said) == 120 and "..." in said
    begin, _, end = said.partition("...")
    assert repr(longer).startswith(begin) and repr(longer).endswith(end)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("no such file"), "DataError: no such file"),
        (
            UnknownNameError("network", "x", []),
            "UnknownNameError: no network is named 'x'; there are none",
        ),
        (SpecError("give ", option=("store=PATH", "--store PATH")), "SpecError: give store=PATH"),
    ],
)
def test_a_notebook_shows_an_error_as_one_sentence(error: ActwiseError, said: str) -> None:
    assert error._render_traceback_() == [said]  # what IPython asks for


def test_a_file_that_becomes_a_pipe_while_it_is_opened_is_closed_and_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path := tmp_path / "a.toml").write_text("x = 1\n")
    os.mkfifo(tmp_path / "pipe")
    opened: list[int] = []
    opens = os.open

    def open_another(_: Path, flags: int) -> int:
        opened.append(opens(tmp_path / "pipe", flags))
        return opened[-1]

    monkeypatch.setattr(os, "open", open_another)
    with pytest.raises(
        OSError, match="a pipe and no file; save what it gives as a file"
    ) as refusal:
        open_file(path)
    assert (refusal.value.errno, refusal.value.filename) == (errno.EINVAL, str(path))
    (descriptor,) = opened
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 5_000 + "]" * 5_000, "its values are nested too deeply"),
        ("x = " + "1" * 5_000, "a number has more digits than are read"),
        (".".join("a" * 33) + " = 1", "a key has more than 32 parts"),
        ("x = ", "Invalid value (at end of document)"),
    ],
    ids=["nested", "digits", "key", "no TOML"],
)
def test_what_no_toml_file_holds_is_refused_in_one_sentence(
    text: str, said: str, tmp_path: Path
) -> None:
    (path := tmp_path / "a.toml").write_text(text)
    with pytest.raises(ValueError) as refusal:
        read_toml(path)
    assert str(refusal.value) == said


@pytest.mark.parametrize(("value", "text"), [("word", "word"), (3, "3"), (0.5, "0.5")])
def test_a_parameter_that_is_a_text_takes_every_value_as_one(value: Any, text: str) -> None:
    assert Parameter("kind", "plain").check(value, owner="o") == text


@pytest.mark.parametrize("written", [3, None, ["elu"]])
def test_a_level_that_is_no_text_is_named(written: Any) -> None:
    with pytest.raises(SpecError) as refusal:
        parse_level(written, kind="activation")
    said = f"activation {written!r}: expected the name of a level, a text"
    assert str(refusal.value) == said
