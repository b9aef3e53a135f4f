"""The names of levels as people are to read them: ``[labels]`` of a study file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import SpecError, UnknownNameError, shortened
from ..registry import format_value

_MOST_CHARACTERS = 80


def check_labels(
    labels: Mapping[str, str], factors: Mapping[str, Sequence[Any]], *, known: Iterable[str]
) -> None:
    """Refuse names with which two levels would look alike, or a level like a factor.

    Args:
        labels: Level -> name.
        factors: The levels of each factor.
        known: Names that factors may have.

    Raises:
        SpecError: naming the level and the name.
    """
    levels, owners = {*_texts(factors)}, dict[str, str]()
    for level, name in labels.items():
        if level in known or level in factors:
            raise SpecError(f"labels: {shortened(level)} is a factor; names are given to levels")
        if not name.strip() or len(name) > _MOST_CHARACTERS:
            raise SpecError(
                f"labels: the name of {shortened(level)} is {shortened(name)}; 1 to "
                f"{_MOST_CHARACTERS} characters are expected"
            )
        if name != level and (name in levels or name in owners):
            other = owners.get(name, name)
            raise SpecError(
                f"labels: {shortened(level)} would be shown as {shortened(name)}, as the level "
                f"{shortened(other)} is; names must differ"
            )
        owners[name] = level


def check_labelled_levels(labels: Iterable[str], *factors: Mapping[str, Sequence[Any]]) -> None:
    """Refuse names of levels that no study has: a misspelt one would have no effect.

    Args:
        labels: Levels that have names.
        *factors: Levels of each factor, before and after changes of the command line.

    Raises:
        UnknownNameError: naming the level, and the nearest one.
    """
    known = [*dict.fromkeys(text for found in factors for text in _texts(found))]
    for level in labels:
        if level not in known:
            raise UnknownNameError("level in labels", level, known)


def _texts(factors: Mapping[str, Sequence[Any]]) -> Iterable[str]:
    return (format_value(level) for levels in factors.values() for level in levels)
