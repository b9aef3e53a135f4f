"""Every command there is."""

from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from actwise.cli.app import app


def command_tree() -> Any:
    """The program's commands, as click has them."""
    return get_command(app)


def every_command() -> list[tuple[str, ...]]:
    """The words of every command, of groups too."""
    return _commands(command_tree())


def _commands(group: TyperGroup, *before: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [before]
    for name, command in group.commands.items():
        words = (*before, name)
        found += _commands(command, *words) if isinstance(command, TyperGroup) else [words]
    return found
