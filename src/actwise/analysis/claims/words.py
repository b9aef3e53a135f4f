"""The words of claims, found in a study's own levels.

A *pattern* names levels of a factor, with ``*`` and ``?``. ``augmented`` is "yes" where the
regularization flips or crops and "no" where it does not. A *setting* is a cell whose entry of the
compared factor is "". Cells of which all runs diverged are there too: they are missing, not absent.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache

from ...errors import UnknownNameError
from ..model import Weights
from ..table import Cell, Observations, is_augmented, without_augmentation

AUGMENTED = "augmented"
_ANSWERS = ("yes", "no")

Patterns = Mapping[str, str]
"""A pattern for each factor that matters."""


@dataclass(frozen=True)
class Words:
    """A study seen through the words of claims.

    Attributes:
        observed: The runs.
        is_lenient: Whether a factor that the study lacks matches nothing; else it is an error.
    """

    observed: Observations
    is_lenient: bool = False

    def settings(self, where: Patterns) -> list[Cell]:
        """Settings that meet every pattern but that of the compared factor.

        Raises:
            UnknownNameError: for an unknown factor, or a wrong answer to ``augmented``.
        """
        tests = []
        for factor, pattern in where.items():
            place, word = self._column(factor)
            if place is None:
                return []
            if word is _answer and pattern not in _ANSWERS:
                raise UnknownNameError(f"answer to {AUGMENTED}", pattern, _ANSWERS)
            if factor != self.observed.focus:
                levels = self.observed.levels[place]
                tests.append((place, {lev for lev in levels if fnmatchcase(word(lev), pattern)}))
        return [s for s in self._run_levels if all(s[place] in levels for place, levels in tests)]

    def matched(self, wheres: Sequence[Patterns]) -> list[list[Cell]]:
        """Of each one's settings those that have a counterpart in all others.

        Counterparts agree in what is not named, and in what ``*`` and ``?`` stand for; with
        ``augmented``, in the regularization without its flips and crops.
        """
        keyed = [{s: self._key(s, where) for s in self.settings(where)} for where in wheres]
        shared = set.intersection(*(set(own.values()) for own in keyed)) if keyed else set()
        return [[setting for setting, key in own.items() if key in shared] for own in keyed]

    def mean(self, where: Patterns, settings: Iterable[Cell]) -> Weights:
        """The mean over the matching cells; with a fixed level of the focus, over all settings.

        What matches nothing gives the weight of a cell that does not exist, named by the
        patterns, so that it is reported as missing.
        """
        place = self.observed.position(self.observed.focus)
        pattern = where.get(self.observed.focus, "*")
        is_fixed = not any(sign in pattern for sign in "*?[")
        cells = [
            (*setting[:place], level, *setting[place + 1 :])
            for setting in settings
            for level in ((pattern,) if is_fixed else self._run_levels[setting])
            if is_fixed or fnmatchcase(level, pattern)
        ]
        if not cells:
            named = sorted(where.items(), key=lambda item: self._column(item[0])[0] or 0)
            return {tuple(f"{factor}={text}" for factor, text in named): 1.0}
        return {cell: 1 / len(cells) for cell in cells}

    @cached_property
    def _run_levels(self) -> Mapping[Cell, tuple[str, ...]]:
        """Of every setting the levels of the compared factor that were run."""
        place = self.observed.position(self.observed.focus)
        found: dict[Cell, tuple[str, ...]] = {}
        for cell in self.observed.cells:
            setting = (*cell[:place], "", *cell[place + 1 :])
            found[setting] = (*found.get(setting, ()), cell[place])
        return found

    def _column(self, factor: str) -> tuple[int | None, Callable[[str], str]]:
        """Where a factor's level stands in a cell (None: nowhere), and what it is called."""
        known = self.observed.factors
        if factor in known:
            return known.index(factor), str
        if factor == AUGMENTED and "regularization" in known:
            return known.index("regularization"), _answer
        if self.is_lenient:
            return None, str
        raise UnknownNameError("factor", factor, (*known, AUGMENTED))

    def _key(self, setting: Cell, where: Patterns) -> Cell:
        key = list(setting)
        for factor, pattern in where.items():
            place, word = self._column(factor)
            if place is not None and factor != self.observed.focus:
                level = setting[place]
                is_answer = word is _answer
                key[place] = without_augmentation(level) if is_answer else _starred(pattern, level)
        return tuple(key)


@lru_cache(maxsize=1024)
def _answer(regularization: str) -> str:
    return "yes" if is_augmented(regularization) else "no"


def _starred(pattern: str, level: str) -> str:
    """What ``*`` and ``?`` stand for."""
    written = {"*": "(.*)", "?": "(.)"}
    found = re.fullmatch("".join(written.get(sign, re.escape(sign)) for sign in pattern), level)
    return "\n".join(found.groups()) if found else level
