"""What is wrong with a study file, as one sentence for the person who wrote it."""

import json
from typing import Any

from pydantic import ValidationError

from ..errors import UnknownNameError
from .analysis import AnalysisSpec
from .run import REQUIRED_FACTORS
from .train import Frozen, ObserveSpec, TrainSettings

_TABLES: dict[Any, type[Frozen]] = {
    "train": TrainSettings,
    "observe": ObserveSpec,
    "analysis": AnalysisSpec,
}


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
    field = ".".join(map(str, path))
    if problem["type"] == "value_error":
        is_named = not field or message.startswith(f"{path[-1]}=")
        return message if is_named else f"{field}: {message}"
    given = problem.get("input")
    if path[0] == "factors" and len(path) > 2:
        return f"factors.{path[1]}: {given!r} is not a level; write a text or a number"
    return f"{field}={given!r}: {_expected(problem['type'], path, given) or _sentence(message)}"


def _unknown_setting(path: tuple[Any, ...], owner: type[Frozen]) -> str:
    name = str(path[-1])
    if len(path) == 1:
        homes = [table for table, known in _TABLES.items() if name in known.model_fields]
        homes += ["factors"] if name in REQUIRED_FACTORS else []
        if homes:
            return f"{name} is not a setting of the study itself; write {homes[0]}.{name}"
    known = _TABLES.get(path[0], owner).model_fields
    return str(UnknownNameError("setting", name, known))


def _expected(kind: str, path: tuple[Any, ...], given: Any) -> str | None:
    """In the words of a study file, where pydantic speaks of Python's types."""
    if kind == "tuple_type":
        example = f", such as {json.dumps([given])}" if isinstance(given, str | int | float) else ""
        return f"a list is expected{'' if path[0] == 'exclude' else example}"
    if kind in ("dict_type", "model_type"):
        return "a table of settings is expected"
    if isinstance(given, list) and path[0] == "train":
        return f"one value is expected; what varies is a factor: factors.{'.'.join(path)}"
    return None


def _sentence(message: str) -> str:
    return f"{message[0].lower()}{message[1:]}"
