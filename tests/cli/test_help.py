"""The help of every command: 80 columns, a text for every option, no value where none is taken.

What it says is kept in tests/data/pages/options.txt; after a change that is meant write it anew by
``PYTHONPATH=src:tests python tests/cli/test_help.py``, and read its difference.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from made.commands import command_tree, every_command

PAGE = Path(__file__).parents[1] / "data" / "pages" / "options.txt"


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_help_has_80_columns_and_names_no_value_of_a_flag(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command([*words, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [n for n in lines if len(n) > 80 or "bool" in n.lower() or "…" in n] == []
    assert any(line.split()[1:3] == ["--help", "Show"] for line in lines if "--help" in line)


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_option_and_argument_is_explained(words: tuple[str, ...]) -> None:
    command = command_tree()
    for word in words:
        command = command.commands[word]
    assert [parameter.name for parameter in command.params if not parameter.help] == []


def declared() -> Iterator[str]:
    """Every command, argument and option with its values and words, however they are laid out."""
    for words in every_command():
        command = command_tree()
        for word in words:
            command = command.commands[word]
        yield f"{' '.join(('actwise', *words))}: {' '.join((command.help or '').split())}"
        for parameter in command.params:
            if parameter.name.endswith("_completion"):  # typer's own
                continue
            names = ", ".join((*parameter.opts, *parameter.secondary_opts))
            values = parameter.metavar or ""
            typed = parameter if hasattr(parameter, "min") else parameter.type  # until typer 0.29
            limits = [getattr(typed, name, None) for name in ("min", "max")]
            values += f" {limits}" * (limits != [None, None])
            has_default = parameter.default is not None and parameter.default is not False
            default = f" = {parameter.default}" * has_default
            needed = " (required)" * parameter.required
            yield f"  {names} {values}{default}{needed}: {parameter.help}"


def test_every_command_and_option_is_declared_as_it_was() -> None:
    assert list(declared()) == PAGE.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    sys.stderr.write(f"{PAGE}: {PAGE.write_text(chr(10).join(declared()) + chr(10))} characters\n")
