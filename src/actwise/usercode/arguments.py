"""A level's arguments, as a user's function takes them."""

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..errors import SpecError
from ..numbers import counted
from ..registry import Level, Value, format_value

BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def user_arguments(
    function: Callable[..., Any],
    level: Level,
    *,
    kind: str,
    reserved: Collection[str] = (),
    leading: int = 0,
) -> dict[str, Value]:
    """The level's arguments by the parameters of ``function`` that they fill.

    Arguments equal to the parameter's default are left out and a number has the type of its
    parameter, so the result is the same for every way to write a level.

    Args:
        function: the user's function or class.
        level: the level; its positional arguments fill the free parameters in order.
        kind: for the message.
        reserved: parameters that the caller fills by name.
        leading: how many first parameters the caller fills by position.

    Raises:
        SpecError: for too many, unknown or missing arguments.
    """
    owner = f"{kind} {level}"
    signature = parameters_of(function)
    free = [p for p in signature[leading:] if p.kind in BY_NAME and p.name not in reserved]
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature)
    named = [p.name for p in free] + ["any by name"] * takes_any
    takes = ", ".join(named) or "no arguments"
    if len(level.args) > len(free):
        raise SpecError(
            f"{owner}: {counted(len(level.args), 'argument')} given; {level.name} takes {takes}"
        )
    given = dict(zip((p.name for p in free), level.args, strict=False))
    for key, value in level.kwargs:
        if key in given:
            raise SpecError(f"{owner}: {key} is given twice")
        if key in reserved:
            raise SpecError(f"{owner}: {key} is not an argument of a level: it is filled in")
        if not (takes_any or any(p.name == key for p in free)):
            raise SpecError(f"{owner}: {key} is not an argument; {level.name} takes {takes}")
        given[key] = value
    missing = [p.name for p in free if p.default is p.empty and p.name not in given]
    if missing:
        raise SpecError(f"{owner}: {level.name} needs a value for {', '.join(missing)}")
    kinds = {p.name: p for p in free}
    typed = {name: _typed(value, kinds.get(name)) for name, value in given.items()}
    return _without_defaults(typed, free)


def user_level(level: Level, arguments: Mapping[str, Value]) -> str:
    """The canonical text of a user's level with the arguments of :func:`user_arguments`."""
    return str(Level(level.name, kwargs=tuple(arguments.items())))


def call_user_object(
    function: Callable[..., Any], level: Level, *, kind: str, offered: Mapping[str, object]
) -> Any:
    """Call ``function`` with the level's arguments and with what it takes of ``offered``.

    Raises:
        SpecError: if the level's arguments do not fit; what the user's code raises goes through.
    """
    arguments = user_arguments(function, level, kind=kind, reserved=offered)
    taken = {p.name for p in parameters_of(function) if p.kind in BY_NAME}
    return function(**{k: v for k, v in offered.items() if k in taken}, **arguments)


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Those of its signature; none of a function written in C that has no signature."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _typed(value: Value, parameter: inspect.Parameter | None) -> Value:
    """A number in the type that the parameter's default or annotation tells.

    Where neither tells, a whole number is an int. So 2 and 2.0 are one argument, and one text.
    """
    if isinstance(value, bool | str):
        return value
    if parameter is not None and _is_float(parameter):
        return value + 0.0  # also makes 0.0 of -0.0
    return int(value) if isinstance(value, int) or value.is_integer() else value


def _is_float(parameter: inspect.Parameter) -> bool:
    # The annotation is text where the module imports annotations from __future__.
    annotation = inspect.formatannotation(parameter.annotation)
    return isinstance(parameter.default, float) or bool(re.search(r"\bfloat\b", annotation))


def _without_defaults(
    given: Mapping[str, Value], parameters: Sequence[inspect.Parameter]
) -> dict[str, Value]:
    defaults = {p.name: _as_text(p.default) for p in parameters}
    order = [*defaults, *sorted(set(given) - set(defaults))]
    return {
        name: given[name]
        for name in order
        if name in given and _as_text(given[name]) != defaults.get(name)
    }


def _as_text(value: object) -> str | None:
    """A value's text with 1 and 1.0 alike, or None for what a level cannot express."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return format_value(value) if isinstance(value, bool | float | str) else None
