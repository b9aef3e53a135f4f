"""What augmentation adds to each activation: with minus without, all else equal."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import SpecError
from ..registry import parse_expression
from .contrasts import combine
from .estimate import Estimate
from .evidence import Evidence
from .inference import Weights
from .table import Cell
from .wording import AUGMENTING, is_augmented


@dataclass(frozen=True)
class Gain:
    """The mean gain of one activation, in points, under the shown model."""

    activation: str
    estimate: Estimate


Pair = tuple[tuple[Cell, ...], tuple[Cell, ...]]
"""Settings with and without augmentation that are alike in all else; the activation is ""."""


def augmentation_gains(evidence: Evidence) -> tuple[Gain, ...]:
    """Gains of all activations that were run in every pair of settings; empty without pairs.

    The mean over all pairs with equal weights, whatever the data sets and networks.
    """
    factors = evidence.model.factors
    if not {"regularization", "activation"} <= set(factors):
        return ()
    place = factors.index("activation")
    pairs = _pairs(factors, evidence.model.cells)
    rows = []
    for activation in dict.fromkeys(cell[place] for cell in evidence.model.cells):
        weights = combine(
            *(
                (sign / len(pairs), _mean(settings, place, activation))
                for pair in pairs
                for sign, settings in zip((1.0, -1.0), pair, strict=True)
            )
        )
        if weights and not evidence.model.missing(weights):
            name = f"gain of {activation}"
            rows.append(Gain(activation, evidence.model.contrast(weights, name=name)))
    return tuple(rows)


def _pairs(factors: Sequence[str], cells: Sequence[Cell]) -> list[Pair]:
    """Settings that differ in augmentation alone."""
    regularization, activation = factors.index("regularization"), factors.index("activation")
    groups: dict[Cell, tuple[dict[Cell, None], dict[Cell, None]]] = {}
    for cell in cells:
        level = cell[regularization]
        setting = _with(cell, activation, "")
        group = groups.setdefault(_with(setting, regularization, _unaugmented(level)), ({}, {}))
        group[0 if is_augmented(level) else 1][setting] = None
    return [(tuple(some), tuple(none)) for some, none in groups.values() if some and none]


def _mean(settings: Sequence[Cell], place: int, activation: str) -> Weights:
    return {_with(setting, place, activation): 1 / len(settings) for setting in settings}


def _with(cell: Cell, place: int, level: str) -> Cell:
    return (*cell[:place], level, *cell[place + 1 :])


def _unaugmented(level: str) -> str:
    """The level without its flips and crops; a word that is no level stays as it is."""
    try:
        parts = parse_expression(level, kind="regularization")
    except SpecError:
        return level
    return "+".join(str(part) for part in parts if part.name not in AUGMENTING) or "none"
