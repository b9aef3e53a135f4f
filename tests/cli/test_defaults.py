"""What holds when nothing is said: the defaults of every command and of every call of ``actwise``.

They stand in tests/data/pages/defaults.txt; those of the public functions and classes of its
modules, and their public limits and lists, in defaults-of-modules.txt. After a change that is meant
write both anew by ``PYTHONPATH=src:tests python tests/cli/test_defaults.py``, and read the
difference.
"""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
import typer
from sqlalchemy import ColumnElement

import actwise as aw
from actwise.activations import activation, gain
from actwise.analysis.analyze import analyze
from actwise.cli.app import app
from actwise.diagnostics import diagnose, reestimate
from actwise.recommend import Race, cost
from actwise.recommend.run import recommend
from actwise.report.html import report
from actwise.spec import load_study
from actwise.store.exchange import runs
from actwise.surgery import audit, load_filling, parameter_groups, swap
from actwise.sweep import RunOptions, load_model
from actwise.sweep.run import run

PAGES = Path(__file__).parents[1] / "data" / "pages"
PAGE = PAGES / "defaults.txt"
PAGE_OF_MODULES = PAGES / "defaults-of-modules.txt"
CALLS = (
    Race,
    activation,
    analyze,
    audit,
    cost,
    diagnose,
    gain,
    load_filling,
    load_model,
    load_study,
    parameter_groups,
    recommend,
    reestimate,
    report,
    run,
    runs,
    swap,
)


def commands(group: Any, name: str = "actwise") -> Iterator[tuple[str, Any]]:
    for key, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{name} {key}")
    if not hasattr(group, "commands"):
        yield name, group


def of_commands() -> Iterator[str]:
    for name, command in commands(typer.main.get_command(app)):
        yield name
        for option in command.params:
            written = "/".join([*option.opts, *option.secondary_opts])
            needed = "required" if option.required else f"default {option.default!r}"
            yield f"  {written} ({option.name}): {needed}"


def of_calls() -> Iterator[str]:
    for call in CALLS:
        yield f"aw.{call.__name__}"
        for parameter in inspect.signature(call).parameters.values():
            if parameter.default is not parameter.empty:
                yield f"  {parameter.name}: default {parameter.default!r}"


def of_modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(aw.__path__, "actwise."):
        if not found.name.endswith(".__main__") and ".cluster" not in found.name:  # it needs Ray
            yield from map(steady, of_module(import_module(found.name)))


def of_module(module: ModuleType) -> Iterator[str]:
    own = {
        name: held
        for name, held in sorted(vars(module).items())
        if not name.startswith("_") and getattr(held, "__module__", "") == module.__name__
    }
    for name, held in own.items():
        if inspect.isclass(held) and not is_of_others(held):
            yield from of_signature(f"{module.__name__}.{name}", held)
        methods = vars(held).items() if inspect.isclass(held) else [("", held)]
        for method, code in methods:
            code = inspect.unwrap(getattr(code, "__func__", code))
            if isinstance(code, FunctionType) and not method.startswith("_"):
                yield from of_signature(f"{module.__name__}.{name}.{method}".rstrip("."), code)
    for name in sorted(written_in(module)):
        held = getattr(module, name)
        if isinstance(held, tuple):
            held = tuple(part.name if isinstance(part, ColumnElement) else part for part in held)
        if isinstance(held, int | float | str | bytes | tuple):
            yield f"{module.__name__}.{name} = {held!r}"


def is_of_others(held: type) -> bool:
    """Whether a class is made as one of another package says, which may change."""
    makers = (c for c in held.__mro__ if {"__init__", "__new__"} & vars(c).keys())
    return next(makers).__module__.split(".")[0] not in ("actwise", "pydantic")


def written_in(module: ModuleType) -> Iterator[str]:
    """Names of limits and lists that a module gives a value itself."""
    assert module.__file__ is not None
    text = Path(module.__file__).read_text(encoding="utf-8")
    return (found[1] for found in re.finditer(r"(?m)^([A-Z][A-Z0-9_]+)(: [^=]+)? = ", text))


def of_signature(name: str, call: Any) -> Iterator[str]:
    try:
        parameters = inspect.signature(call).parameters.values()
    except ValueError:  # of a class without one
        return
    given = [f"{p.name}={p.default!r}" for p in parameters if p.default is not p.empty]
    if given:
        yield f"{name}: {', '.join(given)}"


def steady(line: str) -> str:
    """Without addresses, the kind of system and the version."""
    line = re.sub(r" at 0x[0-9a-f]+|Posix(?=Path)|Windows(?=Path)", "", line)
    return line.replace(aw.__version__, "VERSION")


def page() -> str:
    options = (f"  {field.name}: default {field.default!r}" for field in fields(RunOptions))
    lines = [*of_commands(), *of_calls(), "aw.run(..., **options)", *options]
    return "".join(f"{line}\n" for line in lines)


def test_a_default_changes_only_where_its_page_does() -> None:
    assert page().splitlines() == PAGE.read_text(encoding="utf-8").splitlines()


def test_a_default_of_a_module_changes_only_where_its_page_does() -> None:
    assert list(of_modules()) == PAGE_OF_MODULES.read_text(encoding="utf-8").splitlines()


def test_every_call_has_its_defaults_there() -> None:
    assert {call.__name__ for call in CALLS} == {n for n in aw.__all__ if not is_data(n)}


def test_the_page_on_python_names_every_call() -> None:
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
    assert [n for n in aw.__all__ if not is_data(n) and f"aw.{n}(" not in page] == []


def is_data(name: str) -> bool:
    """Whether it is a class that nobody calls."""
    found = getattr(aw, name)
    return isinstance(found, type) and found is not aw.Race


@pytest.mark.parametrize("name", ["threads", "device", "executor", "workers", "time_limit"])
def test_what_is_not_asked_for_on_the_command_line_is_as_in_a_call(name: str) -> None:
    (run,) = (
        command for path, command in commands(typer.main.get_command(app)) if path[8:] == "run"
    )
    (option,) = (option for option in run.params if option.name == name)
    field = {"time_limit": "time_limit_seconds"}.get(name, name)
    assert option.default == getattr(RunOptions(), field)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PAGE_OF_MODULES.write_text("".join(f"{x}\n" for x in of_modules()), encoding="utf-8")
