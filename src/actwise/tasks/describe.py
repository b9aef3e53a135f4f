"""What plan and store must know of a cell whose training is the user's own."""

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..activations import resolve
from ..errors import SpecError
from ..registry import Level, format_value
from ..spec import NO_DATA, Description, RunSpec, TaskRun
from ..usercode import find_code, known_code, load_user_object
from .argument import TaskActivation

KIND = "training"
_CHANNELS = 64


def describe_task(spec: RunSpec) -> Description:
    """Describe a cell; its function is found and not imported.

    Raises:
        SpecError: if the activation is not valid, or makes no module for vectors of 64 values, as
            a training builds it; or if there is no such module.
    """
    assert spec.task is not None
    activation = resolve(spec.activation)
    if activation.code_digest:
        activation.build((_CHANNELS,))
    found = find_code(Level(spec.task.function), kind=KIND)
    digests = [(spec.task.function, found.digest)]
    if activation.code_digest:
        digests.append((activation.canonical, activation.code_digest))
    codes = {digest: known_code(digest) for _, digest in digests}
    return Description(
        model=spec.model,
        regularization=spec.regularization,
        activation=activation.canonical,
        data_digest=NO_DATA,
        code_digests=tuple(digests),
        code_modules={digest: code.modules for digest, code in codes.items()},
        input_shape=(0, 0, 0),
        num_classes=0,
        num_train=0,
        num_test=0,
        parameters=0,
        macs=0,
        memory_bytes=0,
        notes=tuple(dict.fromkeys(note for code in codes.values() for note in code.remarks)),
    )


def check_call(task: TaskRun) -> None:
    """Import the function and see whether it can be called with these settings; it is not called.

    Raises:
        SpecError: if there is no such function, or it takes other arguments, or a value is of
            another type than the function's annotation says.
    """
    level = Level(task.function)
    function = load_user_object(level, kind=KIND)
    if not callable(function):
        raise SpecError(f"{KIND} {level} is no function")
    try:
        inspect.signature(function).bind(TaskActivation("relu"), 0, **task.arguments)
    except ValueError:  # functions written in C may have no signature
        return
    except TypeError as error:
        name = task.function.partition(":")[2]
        given = (f"{key}={format_value(value)}" for key, value in task.arguments.items())
        called = ", ".join(("activation", "seed", *given))
        known = inspect.signature(function).parameters
        near = [close for key in task.settings if key not in known for close in _close(key, known)]
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise SpecError(f"{KIND} {level} is called as {name}({called}): {error}{hint}") from None

    _refuse_other_types(function, task, owner=f"{KIND} {level}")


def _refuse_other_types(function: Callable[..., Any], task: TaskRun, *, owner: str) -> None:
    called = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]
    try:
        hints = get_type_hints(called)
    except Exception:  # of whatever an annotation names
        return
    for name, value in task.arguments.items():
        if name in hints and not _is_of(hints[name], value):
            known = inspect.formatannotation(hints[name]).replace("typing.", "")
            raise SpecError(f"{owner}: {name}={format_value(value)} does not fit {name}: {known}")


def _is_of(hint: Any, value: Any) -> bool:
    """Whether a value may stand where this annotation does; what is not known here may."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_is_of(part, value) for part in parts)
    if origin is Literal:
        return any(type(part) is type(value) and part == value for part in parts)
    if hint in (int, float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (hint is float or isinstance(value, int))
    if hint in (bool, str, list, NoneType):
        return isinstance(value, hint)
    if origin is list:
        return isinstance(value, list) and all(_is_of(parts[0], part) for part in value)
    return True


def _close(name: str, known: Iterable[str]) -> list[str]:
    return get_close_matches(name, list(known), n=1)
