"""Errors that a user can cause, each with the exit code of the command that meets it.

ActwiseError
├── SpecError            a study, a level or an option is not valid (exit 2)
│   └── UnknownNameError a name is in no table
├── DataError            a data set is missing, damaged or not what it claims to be (exit 3)
└── StoreError           a run store cannot be read or written (exit 3)

A message is one sentence: the field or file, the value, what was expected, the nearest name.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class ActwiseError(Exception):
    """Base of every error that actwise raises on purpose; prints as one sentence."""

    exit_code = 2


class SpecError(ActwiseError, ValueError):
    """A study, a level or an option is not valid."""


class UnknownNameError(SpecError):
    """A name is in no table; the message gives the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        near = get_close_matches(name, names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(names)}"
        if not names:
            hint = "there are none"
        super().__init__(f"no {kind} is named {name!r}; {hint}")


class DataError(ActwiseError):
    """A data set is missing, damaged or not what it claims to be."""

    exit_code = 3


class StoreError(ActwiseError):
    """A run store cannot be read or written."""

    exit_code = 3
