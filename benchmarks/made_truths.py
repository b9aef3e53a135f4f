"""What the simulations of `statistics_checks.py` are made of: rows, studies, noise."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import binom

from actwise.analysis.table import Cell, Floats, Observations

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

    Attributes:
        repetitions: 0 where nothing is drawn.
        rates: Least and greatest true rate that are promised, where the value is the rate of an
            event; the range may allow for the error of the simulation besides.
    """

    check: str
    repetitions: int
    value: float
    low: float = -math.inf
    high: float = math.inf
    rates: tuple[float, float] | None = None

    def passed(self) -> bool:
        """Whether the value is in range."""
        return self.low <= self.value <= self.high

    def is_credible(self, *, tail: float = 5e-4) -> bool:
        """Whether some promised rate makes so many events likely enough, however few the draws.

        Exact binomial tails; a value that is no rate must be in range.
        """
        if self.rates is None:
            return self.passed()
        events, (least, greatest) = round(self.value * self.repetitions), self.rates
        too_few = binom.cdf(events, self.repetitions, least)
        too_many = binom.sf(events - 1, self.repetitions, greatest)
        return bool(min(too_few, too_many) >= tail)


def covers(check: str, hits: Iterable[bool]) -> Row:
    """Coverage of a 95 % interval, which must be 93 to 97 %."""
    return _rate(check, hits, 0.93, 0.97, rates=(0.93, 0.97))


def has_level(check: str, hits: Iterable[bool]) -> Row:
    """A continuous test at 5 %: between 4 and 6 %."""
    return _rate(check, hits, 0.04, 0.06, rates=(0.04, 0.06))


def at_most(check: str, hits: Iterable[bool], *, level: float = 0.05) -> Row:
    """An error of at most ``level``, and 3 standard errors."""
    found = list(hits)
    high = level + 3 * math.sqrt(level * (1 - level) / len(found))
    return _rate(check, found, -math.inf, high, rates=(0.0, level))


def equals(check: str, hits: Iterable[bool], *, expected: float) -> Row:
    """An error that was computed, within 3 standard errors; the computed one is at most 5 %."""
    found = list(hits)
    error = 3 * math.sqrt(expected * (1 - expected) / len(found))
    is_small = expected <= 0.05
    high = expected + error if is_small else -math.inf
    rates = (expected, expected) if is_small else None
    return _rate(check, found, expected - error, high, rates=rates)


def stated(check: str, hits: Iterable[bool]) -> Row:
    """A rate that is told and not promised."""
    return _rate(check, hits, -math.inf, math.inf)


def known(check: str, value: float, expected: float, within: float) -> Row:
    """A value that needs no draw, and the one that it must have."""
    return Row(check, 0, float(value), expected - within, expected + within)


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


def _rate(
    check: str,
    hits: Iterable[bool],
    low: float,
    high: float,
    rates: tuple[float, float] | None = None,
) -> Row:
    found = np.fromiter(hits, dtype=np.bool_)
    return Row(check, len(found), float(found.mean()), low, high, rates)
