"""What is wrong with a study file, as one sentence for the person who wrote it."""

import json
from typing import Any

from pydantic import ValidationError

from ..errors import UnknownNameError, shortened
from .analysis import AnalysisSpec
from .race import RaceSpec
from .run import REQUIRED_FACTORS
from .task import TaskSpec
from .train import Frozen, ObserveSpec, ProbesSpec, TrainSettings

_TABLES: dict[Any, type[Frozen]] = {
    "train": TrainSettings,
    "observe": ObserveSpec,
    "observe.probes": ProbesSpec,
    "analysis": AnalysisSpec,
    "task": TaskSpec,
    "race": RaceSpec,
}

_MOST_SHOWN, _MOST_PARTS = 60, 8


def first_problem(error: ValidationError, *, owner: type[Frozen], within: str = "") -> str:
    """The first complaint of pydantic, with the field, its value and what was expected.

    Args:
        error: What validation raised.
        owner: The class of the whole, whose fields are the known names.
        within: The field that was validated, where that is not the whole.
    """
    problem = error.errors(include_url=False)[0]
    path = tuple(part for part in (within, *problem["loc"]) if part != "")
    if problem["type"] == "extra_forbidden":
        return _unknown_setting(path, owner)
    message = problem["msg"].removeprefix("Value error, ")
    field = ".".join(str(part)[:_MOST_SHOWN] for part in path[:_MOST_PARTS])
    if not path:  # of the whole, which is no table, or no JSON
        return message
    if problem["type"] == "missing":  # its input is the whole table
        return f"{field} is missing"
    if problem["type"] == "value_error":
        is_named = message.startswith(f"{path[-1]}=")
        return message if is_named else f"{field}: {message}"
    given = problem.get("input")
    if path[0] == "factors" and len(path) > 2:
        return f"factors.{path[1]}: {shortened(given)} is not a level; write a text or a number"
    expected = _expected(problem["type"], path, given) or _sentence(message)
    return f"{field}={shortened(given)}: {expected}"


def _unknown_setting(path: tuple[Any, ...], owner: type[Frozen]) -> str:
    name = str(path[-1])
    if len(path) == 1:
        homes = [table for table, known in _TABLES.items() if name in known.model_fields]
        homes += ["factors"] if name in REQUIRED_FACTORS else []
        if homes:
            return f"{name} is not a setting of the study itself; write {homes[0]}.{name}"
    known = _TABLES.get(".".join(map(str, path[:-1])), owner).model_fields
    return str(UnknownNameError("setting", name, known))


def _expected(kind: str, path: tuple[Any, ...], given: Any) -> str | None:
    """In the words of a study file, where pydantic speaks of Python's types."""
    if kind == "tuple_type":
        example = f", such as {json.dumps([given])}" if _is_short(given) else ""
        return f"a list is expected{'' if path[0] == 'exclude' else example}"
    if kind in ("dict_type", "model_type"):
        return "a table of settings is expected"
    if isinstance(given, list) and path[0] == "train":
        return f"one value is expected; what varies is a factor: factors.{'.'.join(path)}"
    return None


def _is_short(given: Any) -> bool:
    return isinstance(given, str | int | float) and len(str(given)) < _MOST_SHOWN


def _sentence(message: str) -> str:
    return f"{message[0].lower()}{message[1:]}"
