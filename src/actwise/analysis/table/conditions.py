"""Conditions and networks: what a cell is besides the level of the compared factor.

A *condition* is one combination of all factors but the compared one. A *network* is one of all
factors but the compared one, the activation and the regularization: its conditions differ in
regularization, and in the activation where another factor is compared.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from .observations import Cell, Observations

Levels = tuple[tuple[str, str], ...]
Condition = Levels
"""(factor, level) of every factor but the compared one."""
Network = Levels
"""(factor, level) of every factor that tells networks apart; empty for a single network."""

WITHIN_NETWORKS = ("activation", "regularization")
"""Factors in which the conditions of one network may differ."""
BUDGETS = ("train.epochs", "train.train_size")
"""Factors that say how much a training costs: the decision is taken at the largest."""


def condition_of(factors: Sequence[str], cell: Cell, *, focus: str) -> Condition:
    """A cell's condition."""
    return tuple(pair for pair in zip(factors, cell, strict=True) if pair[0] != focus)


def cell_at(factors: Sequence[str], condition: Condition, *, focus: str, level: str) -> Cell:
    """The cell of a condition at one level of the compared factor."""
    levels = {**dict(condition), focus: level}
    return tuple(levels[name] for name in factors)


def network_of(condition: Condition) -> Network:
    """The network that a condition belongs to."""
    return tuple(pair for pair in condition if pair[0] not in WITHIN_NETWORKS)


def stratum_of(condition: Condition, observed: Observations) -> Levels:
    """What of a condition names the residual variance that its runs share."""
    if observed.strata is None:
        return network_of(condition)
    return tuple(pair for pair in condition if pair[0] in observed.strata)


def at_largest_budget(networks: Iterable[Network]) -> list[Network]:
    """Of networks that differ in their budgets alone, the one with the largest."""
    largest: dict[Network, Network] = {}
    for network in networks:
        rest = tuple(pair for pair in network if pair[0] not in BUDGETS)
        largest[rest] = max(largest.get(rest, network), network, key=_budget)
    return list(largest.values())


def runs_at_largest_budget(observed: Observations) -> Observations:
    """The runs on which a decision rests; all of them where no budget varies."""
    if not any(name in BUDGETS for name in observed.factors):
        return observed
    focus = observed.focus
    networks = [
        network_of(condition_of(observed.factors, cell, focus=focus)) for cell in observed.cells
    ]
    largest = set(at_largest_budget(networks))
    keep_C = np.array([network in largest for network in networks], dtype=np.bool_)
    return observed.select(keep_C[observed.run_cells])


def _budget(network: Network) -> tuple[float, ...]:
    """Epochs and images; all images, which have no number, are the most."""
    levels = dict(network)
    return tuple(as_number(levels.get(name)) for name in BUDGETS)


def as_number(setting: object) -> float:
    """A setting as a number; infinite for what is none, as all images are."""
    try:
        number = float(str(setting))
    except ValueError:
        return math.inf
    return math.inf if math.isnan(number) else number
