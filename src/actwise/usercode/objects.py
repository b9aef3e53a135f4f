"""What a user hands over in Python, as the level that a worker process finds again."""

from collections.abc import Mapping
from typing import Any

from ..errors import SpecError, shortened


def level_of(found: object, *, kind: str) -> str:
    """A level: as it is, or ``package.module:Name`` of a class or a function.

    Raises:
        SpecError: for an object made already, of which every training needs a new one, and for
            what is not at the top of a module, where another process finds it.
    """
    if isinstance(found, str):
        return found
    name = getattr(found, "__qualname__", None)
    if name is None:
        raise SpecError(
            f"the {kind} is one {type(found).__name__}, and every training needs a new one; give "
            "its class or a function that makes it, or the text of a level"
        )
    if not callable(found) or not name.isidentifier():
        raise SpecError(
            f"the {kind} {shortened(name)} is not at the top of a module, where another process "
            "finds it"
        )
    return f"{found.__module__}:{name}"


def in_levels(factors: Any) -> Any:
    """The factors of a study with classes and functions among their levels by name.

    Raises:
        SpecError: as :func:`level_of`.
    """
    if not isinstance(factors, Mapping):
        return factors
    return {
        factor: [level_of(level, kind=factor) if callable(level) else level for level in levels]
        if isinstance(levels, list | tuple)
        else levels
        for factor, levels in factors.items()
    }
