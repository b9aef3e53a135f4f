"""What a written claim means in a study: its components as contrasts of the study's cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from ...errors import SpecError
from ..differences import combine, margin_among
from ..model import Model, Weights
from .conjunction import Component, Conjunction
from .entries import ClaimEntry, ComponentEntry, Groups
from .words import Patterns, Words


def conjunction_of(
    entry: ClaimEntry, words: Words, model: Model, margin: float | None
) -> Conjunction:
    """The rule of a written claim.

    Args:
        entry: As written.
        words: Of the study.
        model: Of the study, in points.
        margin: One that was asked for.

    Raises:
        SpecError: for an unknown factor, or terms that cancel.
    """
    maker = _Maker(words, model, margin)
    found = (part for written in entry.component for part in maker.components(written))
    return Conjunction(tuple(p for p in found if p.is_judged or not model.missing(p.weights)))


@dataclass(frozen=True)
class _Maker:
    words: Words
    model: Model
    margin: float | None

    def components(self, entry: ComponentEntry) -> Iterator[Component]:
        """One for each combination of ``each``; with ``if_run`` of those that the study has."""
        combinations = _combinations(entry.each)
        if entry.if_run:
            combinations = [c for c in combinations if self._is_run(entry, c, {})] or combinations
        for levels in combinations:
            name = entry.name
            for factor, pattern in levels.items():
                name = name.replace(f"{{{factor}}}", pattern)
            weights = self._weights(entry, name, levels)
            margin = margin_among(self.model, weights, self.margin)
            yield Component(name, weights, entry, margin)

    def _weights(self, entry: ComponentEntry, name: str, levels: Patterns) -> Weights:
        """The contrast at one combination: the mean over the parts that the study has."""
        groups = _combinations(entry.mean_over)
        parts = [part for part in groups if self._is_run(entry, levels, part)]
        if not any(_terms(entry, levels, part)[1] for part in parts):
            parts = groups  # nothing of it was run: all is missing
        found: list[tuple[float, Weights]] = []
        for part in parts:
            weights, wheres = _terms(entry, levels, part)
            settings = [self.words.settings(where) for where in wheres]
            if entry.matched:
                settings = self.words.matched(wheres)
            for weight, where, mine in zip(weights, wheres, settings, strict=True):
                found.append((weight / len(parts), self.words.mean(where, mine)))
        total = {cell: weight for cell, weight in combine(found).items() if abs(weight) > 1e-12}
        if not total:
            raise SpecError(f"claims: the terms of {name!r} cancel; nothing is left to compare")
        return total

    def _is_run(self, entry: ComponentEntry, levels: Patterns, part: Patterns) -> bool:
        """Whether the study has anything of what the terms ask for."""
        wheres = _terms(entry, levels, part)[1] or [{**levels, **part}]
        return any(self.words.settings(where) for where in wheres)


def _combinations(groups: Groups) -> list[Patterns]:
    return [dict(zip(groups, row, strict=True)) for row in product(*groups.values())]


def _terms(
    entry: ComponentEntry, levels: Patterns, part: Patterns
) -> tuple[list[float], list[Patterns]]:
    """Weights and patterns of the terms that count in a part: those that name no other level."""
    terms = [
        term
        for term in entry.terms
        if all(term.where.get(factor, text) == text for factor, text in part.items())
    ]
    return [term.weight for term in terms], [{**levels, **part, **term.where} for term in terms]
