"""Users' own code as a level: ``package.module:Name(arguments)``.

What a level names is imported only when it is about to be used; its digest, which enters a run's
id, is read from the module's file without executing anything. The folder that holds the module
must be on ``sys.path``; commands put the working directory there.
"""

import hashlib
import importlib
import inspect
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from .errors import SpecError
from .registry import Level, Value, format_value

_FILLABLE = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

_OURS = Path(__file__).parent
_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]

# Module name -> digest of its file when this process imported it.
_imported: dict[str, str] = {}


def load_user_object(level: Level, *, kind: str) -> Any:
    """Import what ``level`` names; ``kind`` ("activation", "model" ...) is for the message.

    Raises:
        SpecError: if the module or the name does not exist, the import raises, the file changed
            since this process imported it, or the module is ``__main__``, which has no file that
            another process could import.
    """
    module_name, name = _module_and_name(level, kind=kind)
    digest = code_digest(level, kind=kind)
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise SpecError(
            f"{kind} {level}: importing {module_name} raised {describe_fault(error)}"
        ) from error
    if _imported.setdefault(module_name, digest) != digest:
        raise SpecError(
            f"{kind} {level}: the file of {module_name} changed after this process imported it; "
            "start again, so that the code that runs is the code that is recorded"
        )
    if not hasattr(module, name):
        near = get_close_matches(name, [n for n in vars(module) if not n.startswith("_")], n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise SpecError(f"{kind} {level}: {module_name} has no {name!r}{hint}")
    return getattr(module, name)


def code_digest(level: Level, *, kind: str = "level") -> str:
    """SHA-256 of the file of the level's module, found without executing any code.

    Raises:
        SpecError: if no file of that module is found, or it is ``__main__``.
    """
    module_name, _ = _module_and_name(level, kind=kind)
    found = _find_module(module_name)
    if found is None:
        raise SpecError(f"{kind} {level}: there is no module {module_name!r} on the Python path")
    if not found.has_location or found.origin is None:
        raise SpecError(f"{kind} {level}: module {module_name!r} has no file")
    return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest()


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
    signature = _signature(function)
    free = [p for p in signature[leading:] if p.kind in _FILLABLE and p.name not in reserved]
    takes = ", ".join(p.name for p in free) or "no arguments"
    if len(level.args) > len(free):
        raise SpecError(f"{owner}: {len(level.args)} arguments given; {level.name} takes {takes}")
    given = dict(zip((p.name for p in free), level.args, strict=False))
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature)
    for key, value in level.kwargs:
        if key in given:
            raise SpecError(f"{owner}: {key} is given twice")
        if key in reserved or not (takes_any or any(p.name == key for p in free)):
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
    taken = {p.name for p in _signature(function) if p.kind in _FILLABLE}
    return function(**{k: v for k, v in offered.items() if k in taken}, **arguments)


def describe_fault(error: BaseException) -> str:
    """What users' code raised, and where: ``ZeroDivisionError: division by zero (my.py, line 6)``.

    The line is the innermost one of a file neither of actwise nor installed, as torch is.
    """
    fault = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):  # tells its own place
        return fault
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and _OURS not in Path(frame.filename).parents
    ]
    own = [f for f in frames if not any(i in Path(f.filename).parents for i in _INSTALLED)]
    if not (own or frames):
        return fault
    place = (own or frames)[-1]
    return f"{fault} ({_nearest_path(place.filename)}, line {place.lineno})"


def _nearest_path(file_name: str) -> str:
    path = Path(file_name)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _module_and_name(level: Level, *, kind: str) -> tuple[str, str]:
    module, colon, name = level.name.partition(":")
    if not (colon and name.isidentifier() and all(p.isidentifier() for p in module.split("."))):
        raise SpecError(f"{kind} {level} does not name code; write package.module:Name")
    if module == "__main__":
        raise SpecError(
            f"{kind} {level}: code in __main__ cannot be found by another process; "
            "put it in a module of its own"
        )
    return module, name


def _find_module(name: str) -> ModuleSpec | None:
    """As ``importlib.util.find_spec``, which would execute the parent packages."""
    found: ModuleSpec | None = None
    path: Sequence[str] | None = None
    parts = name.split(".")
    for end, part in enumerate(parts, start=1):
        full_name = ".".join(parts[:end])
        specs = (finder.find_spec(full_name, path) for finder in sys.meta_path)
        try:
            found = next((spec for spec in specs if spec is not None), None)
            path = found.submodule_search_locations if found else None
        except KeyError:
            # A folder without __init__.py looks for its parent among the imported modules.
            found = ModuleSpec(full_name, None)
            path = [f"{entry}/{part}" for entry in path or ()]
        if found is None or (path is None and end < len(parts)):
            return None
    return found


def _signature(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # functions written in C may have none
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
