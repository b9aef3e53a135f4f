"""What holds when nothing is said: the defaults of every command and of every call of ``actwise``.

They stand in tests/data/pages/defaults.txt. After a change that is meant write them anew by
``PYTHONPATH=src:tests python tests/cli/test_defaults.py``, and read the difference.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import typer

import actwise as aw
from actwise.activations import activation, gain
from actwise.analysis.analyze import analyze
from actwise.cli.app import app
from actwise.diagnostics import diagnose, reestimate
from actwise.errors import UnknownNameError
from actwise.recommend import Race, cost
from actwise.recommend.run import recommend
from actwise.report.html import report
from actwise.spec import load_study
from actwise.store.exchange import runs
from actwise.surgery import audit, load_filling, parameter_groups, swap
from actwise.sweep import RunOptions, load_model
from actwise.sweep.plan import RunKeywords
from actwise.sweep.run import run

PAGE = Path(__file__).parents[1] / "data" / "pages" / "defaults.txt"
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


def page() -> str:
    return "".join(f"{line}\n" for line in (*of_commands(), *of_calls()))


def test_a_default_changes_only_where_its_page_does() -> None:
    assert page().splitlines() == PAGE.read_text(encoding="utf-8").splitlines()


def test_every_call_has_its_defaults_there() -> None:
    assert {call.__name__ for call in CALLS} == {n for n in aw.__all__ if not is_data(n)}


def test_help_leads_to_what_each_option_of_a_training_means() -> None:
    for call in (aw.run, aw.recommend):
        assert "help(actwise.sweep.RunOptions)" in str(call.__doc__)
    for name in get_type_hints(RunKeywords):
        assert f"\n        {name}: " in str(RunOptions.__doc__)


def test_a_call_knows_every_option_of_runs_and_no_other(tmp_path: Path) -> None:
    assert get_type_hints(RunKeywords) == get_type_hints(RunOptions)
    with pytest.raises(UnknownNameError, match="option of run is named 'wrokers'; did you mean w"):
        aw.run("demo", tmp_path / "store", wrokers=2)  # type: ignore[call-arg]
    with pytest.raises(UnknownNameError, match="no option of recommend is named 'observe_again'"):
        aw.recommend("mlp", "digits", store=tmp_path, observe_again=True)  # type: ignore[call-arg]


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
