"""What plan and store must know of a cell whose training is the user's own."""

import inspect
from collections.abc import Iterable
from difflib import get_close_matches

from ..activations import resolve
from ..errors import SpecError
from ..registry import Level, format_value
from ..spec import NO_DATA, Description, RunSpec, TaskRun
from ..usercode import find_code, known_code, load_user_object
from .argument import TaskActivation

KIND = "training"


def describe_task(spec: RunSpec) -> Description:
    """Describe a cell; its function is found and not imported.

    Raises:
        SpecError: if the activation is not valid, or there is no such module.
    """
    assert spec.task is not None
    activation = resolve(spec.activation)
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
        SpecError: if there is no such function, or it takes other arguments.
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


def _close(name: str, known: Iterable[str]) -> list[str]:
    return get_close_matches(name, list(known), n=1)
