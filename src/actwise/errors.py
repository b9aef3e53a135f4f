"""Errors that a user can cause, each with the exit code of the command that meets it.

ActwiseError
├── SpecError            a study, a level or an option is not valid (exit 2)
│   └── UnknownNameError a name is in no table
├── DataError            a data set is missing, damaged or not what it claims to be (exit 3)
├── StoreError           a run store cannot be read or written (exit 3)
└── OutputError          what a command writes for its user cannot be written (exit 74)

A message is one sentence: the field or file, the value, what was expected, the nearest name.
"""

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.machinery import PathFinder
from numbers import Integral, Real
from pathlib import Path
from reprlib import Repr

_MOST_NAMED = 20


class ActwiseError(Exception):
    """Base of every error that actwise raises on purpose; prints as one sentence.

    Attributes:
        typed: The sentence for who has typed a command: options are written as they are typed.
    """

    exit_code = 2

    def __init__(self, message: str = "", *, option: tuple[str, str] = ("", "")) -> None:
        """``option``: how the message ends, for a call and for a command."""
        called, typed = option
        super().__init__(message + called)
        self.typed = message + typed

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the sentence, as on the command line."""
        return [f"{type(self).__name__}: {self}"]


class SpecError(ActwiseError, ValueError):
    """A study, a level or an option is not valid."""


class UnknownNameError(SpecError):
    """A name is in no table; the message gives the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, other: str = "") -> None:
        """``other``: what else could be written there, for the end of the message."""
        names = list(known)
        near = get_close_matches(name, names, n=3)
        more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        hint = f"known are {', '.join(names[:_MOST_NAMED])}{more}"
        if not names:
            hint = "there are none"
        ending = f"; {other}" if other else ""
        if near:
            hint = f"did you mean {', '.join(near)}?"
            ending = f" {other[:1].upper()}{other[1:]}".rstrip()
        super().__init__(f"no {kind} is named {shortened(name)}; {hint}{ending}")


class DataError(ActwiseError):
    """A data set is missing, damaged or not what it claims to be."""

    exit_code = 3


class StoreError(ActwiseError):
    """A run store cannot be read or written."""

    exit_code = 3


class OutputError(ActwiseError):
    """What a command writes for its user, a file or stdout, cannot be written."""

    exit_code = 74


class StoreWarning(UserWarning):
    """A run store can be used, and something of it may be lost."""


class ModelWarning(UserWarning):
    """A model was changed as asked, and something of it may not be what was meant."""


_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 120


def shortened(value: object) -> str:
    """``repr``, cut in its middle where it is long, and where it is deep."""
    return _SHORT.repr(value)


def require_number(
    name: str, value: object, *, least: int | None = None, whole: bool = True
) -> None:
    """See that an argument is a number, of at least ``least``; None is one that was not given.

    Raises:
        SpecError: if it is not.
    """
    if value is None:
        return
    if not isinstance(value, Integral if whole else Real) or isinstance(value, bool):
        raise SpecError(f"{name}={shortened(value)}: expected a {'whole ' * whole}number")
    if least is not None and value < least:
        raise SpecError(f"{name}={value} must be at least {least}")


def files_in_the_way(said: str, folder: str) -> str:
    """Which files of a folder a fault comes from, as they have the name of a module; or "".

    A folder of users' code comes first on the Python path: a ``random.py`` in it is imported by
    all that means Python's own, torch included.

    Args:
        said: What the fault printed.
        folder: Where users' code is.
    """
    found = [*Path(folder).glob("*.py"), *Path(folder).glob("*/__init__.py")]
    names = {(p.parent if p.name == "__init__.py" else p).stem: p for p in sorted(found)}
    elsewhere = [entry for entry in sys.path if entry not in ("", folder)]
    blamed = [
        f"{str(path)!r} stands before the module {name!r}; rename it"
        for name, path in names.items()
        if (str(path) in said or f"'{name}'" in said) and PathFinder.find_spec(name, elsewhere)
    ]
    return ", ".join(blamed)
