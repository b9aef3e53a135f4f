"""Diverged runs are informative: how often, and what they change.

A run whose loss became non-finite has no accuracy. Two views stand side by side: the divergence
rate, and accuracy given completion. Where a compared cell has diverged runs, every verdict is also
taken with these runs at chance accuracy, and stands only if both agree.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from ..datasets import DATASETS
from .table import Cell, Observations


@dataclass(frozen=True)
class DivergenceRate:
    """Diverged runs of one cell, with the exact 95 % interval of their rate (fractions)."""

    cell: Cell
    diverged: int
    runs: int
    lower: float
    upper: float


def divergence_rates(observed: Observations) -> tuple[DivergenceRate, ...]:
    """The rate of every cell that has at least one diverged run."""
    rates = []
    for position, cell in enumerate(observed.cells):
        mine = observed.run_cells == position
        diverged, runs = int(observed.diverged_R[mine].sum()), int(mine.sum())
        if diverged:
            rates.append(DivergenceRate(cell, diverged, runs, *exact_interval(diverged, runs)))
    return tuple(rates)


def exact_interval(count: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Clopper & Pearson's interval of a proportion (1934): covers at least ``level``."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    lower = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    upper = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return lower, upper


def diverged_cells(observed: Observations) -> frozenset[Cell]:
    """Cells with at least one diverged run."""
    positions = np.unique(observed.run_cells[observed.diverged_R])
    return frozenset(observed.cells[position] for position in positions)


def chance_accuracy(dataset: str) -> float | None:
    """Accuracy of guessing in percent; None for a data set whose number of classes is not known."""
    facts = DATASETS[dataset].published if dataset in DATASETS else None
    return 100.0 / len(facts.class_names) if facts else None


def near_chance(observed: Observations) -> tuple[Cell, ...]:
    """Cells whose completed runs are on average at most twice as accurate as guessing."""
    done = observed.completed()
    found = []
    for position, cell in enumerate(done.cells):
        chance = chance_accuracy(done.dataset_of(cell))
        mean = float(done.response_R[done.run_cells == position].mean())
        accuracy = mean if done.higher_is_better else 100.0 - mean
        if chance is not None and accuracy <= 2 * chance:
            found.append(cell)
    return tuple(found)


def unknown_chance(observed: Observations) -> tuple[str, ...]:
    """Data sets with diverged runs for which the accuracy of guessing is not known."""
    names = dict.fromkeys(observed.run_datasets()[observed.diverged_R].tolist())
    return tuple(name for name in names if chance_accuracy(name) is None)


def at_chance(observed: Observations) -> Observations | None:
    """All runs, diverged ones at the accuracy (or error) of guessing; None if it is not known."""
    if unknown_chance(observed):
        return None
    names = observed.run_datasets().tolist()
    known = {name: chance_accuracy(name) or math.nan for name in set(names)}
    guesses_R = np.array([known[name] for name in names])
    if not observed.higher_is_better:
        guesses_R = 100.0 - guesses_R
    halves_R2 = observed.image_halves_R2
    if halves_R2 is not None:
        halves_R2 = np.where(observed.diverged_R[:, None], guesses_R[:, None], halves_R2)
    return replace(
        observed,
        response_R=np.where(observed.diverged_R, guesses_R, observed.response_R),
        diverged_R=np.zeros(observed.num_runs, dtype=np.bool_),
        image_halves_R2=halves_R2,
    )
