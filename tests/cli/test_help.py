"""The help of every command: 80 columns, a text for every option, no value where none is taken."""

from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from actwise.cli.app import app
from actwise.cli.main import run_command


def commands(group: TyperGroup, *before: str) -> list[tuple[str, ...]]:
    """The words of every command, of groups too."""
    found: list[tuple[str, ...]] = [before]
    for name, command in group.commands.items():
        words = (*before, name)
        found += commands(command, *words) if isinstance(command, TyperGroup) else [words]
    return found


def tree() -> Any:
    return get_command(app)


@pytest.mark.parametrize("words", commands(tree()), ids=" ".join)
def test_help_has_80_columns_and_names_no_value_of_a_flag(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command([*words, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80 or "bool" in line.lower()] == []
    assert any(line.split()[1:3] == ["--help", "Show"] for line in lines if "--help" in line)


@pytest.mark.parametrize("words", commands(tree()), ids=" ".join)
def test_every_option_and_argument_is_explained(words: tuple[str, ...]) -> None:
    command = tree()
    for word in words:
        command = command.commands[word]
    assert [parameter.name for parameter in command.params if not parameter.help] == []
