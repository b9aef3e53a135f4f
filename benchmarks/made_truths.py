"""What the simulations of `statistics_checks.py` are made of: rows, studies, noise."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from actwise.analysis.observations import Cell, Floats, Observations

SD = 0.25
FACTORS = ("dataset", "model", "regularization", "activation")
LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug"),
    "activation": ("relu", "prelu", "elu"),
}
ELU, RELU = (("cifar10", "vgg16", "bn", a) for a in ("elu", "relu"))
DIFFERENCE: Mapping[Cell, float] = {ELU: 1.0, RELU: -1.0}

Noise = Callable[[np.random.Generator, int], Floats]


@dataclass(frozen=True)
class Row:
    """One check: ``value`` must lie in [low, high]; a range from -inf to inf is only stated.

    ``repetitions`` is 0 where nothing is drawn.
    """

    check: str
    repetitions: int
    value: float
    low: float = -math.inf
    high: float = math.inf

    def passed(self, *, spare_errors: float = 0.0) -> bool:
        """Whether the value is in range, give or take so many standard errors of a rate."""
        spare = 0.0
        if spare_errors and self.repetitions:
            rate = min(max(self.value, 0.05), 0.95)
            spare = spare_errors * math.sqrt(rate * (1 - rate) / self.repetitions)
        return self.low - spare <= self.value <= self.high + spare


def covers(check: str, hits: Iterable[bool]) -> Row:
    """Coverage of a 95 % interval, which must be 93 to 97 %."""
    return _rate(check, hits, 0.93, 0.97)


def has_level(check: str, hits: Iterable[bool]) -> Row:
    """A continuous test at 5 %: between 4 and 6 %."""
    return _rate(check, hits, 0.04, 0.06)


def at_most(check: str, hits: Iterable[bool], *, level: float = 0.05) -> Row:
    """An error of at most ``level``, and 3 standard errors."""
    found = list(hits)
    return _rate(check, found, 0.0, level + 3 * math.sqrt(level * (1 - level) / len(found)))


def equals(check: str, hits: Iterable[bool], *, expected: float) -> Row:
    """An error that was computed, within 3 standard errors; the computed one is at most 5 %."""
    found = list(hits)
    error = 3 * math.sqrt(expected * (1 - expected) / len(found))
    high = expected + error if expected <= 0.05 else -math.inf
    return _rate(check, found, expected - error, high)


def stated(check: str, hits: Iterable[bool]) -> Row:
    """A rate that is told and not promised."""
    return _rate(check, hits, -math.inf, math.inf)


def study(
    seeds: int, levels: Mapping[str, tuple[str, ...]] = LEVELS, *, blocked: bool = True
) -> tuple[Observations, list[dict[str, str]]]:
    """A crossed study of constant responses, and the levels of each run.

    Args:
        seeds: Runs a cell.
        levels: Of the factors that differ from :data:`LEVELS`.
        blocked: Whether seeds are blocks.
    """
    used = {**LEVELS, **levels}
    rows = [
        dict(zip(used, cell, strict=True)) for cell in product(*used.values()) for _ in range(seeds)
    ]
    runs = [{**row, "seed": run % seeds, "test_accuracy": 60.0} for run, row in enumerate(rows)]
    return Observations.from_rows(runs, factors=FACTORS, blocked=blocked), rows


def normal(generator: np.random.Generator, size: int) -> Floats:
    return generator.normal(0.0, SD, size)


def heavy(generator: np.random.Generator, size: int) -> Floats:
    """Student t with 3 degrees of freedom, scaled to the same variance."""
    return generator.standard_t(3, size) * SD / math.sqrt(3)


def skewed(generator: np.random.Generator, size: int) -> Floats:
    """Exponential downwards: now and then a run that is much worse."""
    return SD * (1.0 - generator.exponential(1.0, size))


def _rate(check: str, hits: Iterable[bool], low: float, high: float) -> Row:
    found = np.fromiter(hits, dtype=np.bool_)
    return Row(check, len(found), float(found.mean()), low, high)
