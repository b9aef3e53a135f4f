"""Studies with a known truth, and how often the product may err on them.

Shapes: R runs of a study.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Literal, get_args

import numpy as np

from actwise.analysis.table import Cell, Floats, Observations

NUM_SEEDS = (3, 5, 10)
Seeds = Literal[
    "seeds common", "seeds by network", "seeds by condition", "seeds without effect", "no seeds"
]
SEEDS: tuple[Seeds, ...] = get_args(Seeds)
"""Which runs a seed lifts alike; or that no seed is known, so that nothing is paired."""
_SHARED: Mapping[str, int] = {"seeds common": 0, "seeds by network": 2, "seeds by condition": 3}
"""Of the seeds that lift runs alike: how many first factors tell which."""
Noise = Callable[[np.random.Generator, int], Floats]

FACTORS = ("dataset", "model", "regularization", "activation")
LEVELS: Mapping[str, tuple[str, ...]] = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug"),
    "activation": ("relu", "prelu", "elu"),
}
EQUAL: Mapping[str, float] = {"vgg16": 1.0, "resnet18": 1.0}
UNEQUAL: Mapping[str, float] = {"vgg16": 2.2, "resnet18": 0.66}
"""Run SDs of the two networks, in points; those of cifar-mini on CIFAR-10."""


@dataclass(frozen=True)
class Design:
    """A crossed study whose runs scatter around 80 % plus what ``shift`` says of a cell.

    Attributes:
        num_seeds: Runs a cell.
        deviations: Run SD of each model.
        seeds: What a seed lifts alike.
        seed_deviation: SD of that, in run SDs.
        missing: Runs left out: (cell, seed).
        levels: Of the factors that differ from :data:`LEVELS`.
        shift: True mean of a cell less ``center``.
        center: Accuracy in percent.
        noise: Of one run with SD 1.
        cell_deviations: Run SD of each cell where that is not its model's.
    """

    num_seeds: int
    deviations: Mapping[str, float] = field(default_factory=lambda: EQUAL)
    seeds: Seeds = "seeds without effect"
    seed_deviation: float = 1.0
    missing: tuple[tuple[Cell, int], ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shift: Callable[[Cell], float] = lambda cell: 0.0
    center: float = 80.0
    noise: Noise = lambda generator, size: generator.normal(0.0, 1.0, size)
    cell_deviations: Mapping[Cell, float] = field(default_factory=dict)

    def draw(self, generator: np.random.Generator) -> Observations:
        """One study."""
        noise_R = self._deviations_R * self.noise(generator, self.base.num_runs)
        if self.seeds in _SHARED:
            # One draw a (group, seed), of which all runs of the group at that seed take theirs.
            size = int(self._groups_R.max()) + 1
            effects_G = generator.normal(0.0, self.seed_deviation, size)
            noise_R = noise_R + self._deviations_R * effects_G[self._groups_R]
        return self.base.with_response(self.truth_R + noise_R)

    @cached_property
    def base(self) -> Observations:
        """The runs without their responses."""
        rows = [
            dict(zip(FACTORS, cell, strict=True)) | {"seed": seed, "test_accuracy": self.center}
            for cell, seed in self._runs
        ]
        seed = None if self.seeds == "no seeds" else "seed"
        return Observations.from_rows(rows, factors=FACTORS, seed=seed)

    @cached_property
    def truth_R(self) -> Floats:
        """True mean of each run's cell."""
        return np.array([self.truth(cell) for cell, _ in self._runs])

    def truth(self, cell: Cell) -> float:
        """True mean of a cell, in percent."""
        return self.center + self.shift(cell)

    @cached_property
    def _runs(self) -> list[tuple[Cell, int]]:
        cells = product(*({**LEVELS, **self.levels}[name] for name in FACTORS))
        runs = [(cell, seed) for cell in cells for seed in range(self.num_seeds)]
        return [run for run in runs if run not in set(self.missing)]

    @cached_property
    def _deviations_R(self) -> Floats:
        cells = [cell for cell, _ in self._runs]
        return np.array(
            [self.cell_deviations.get(c, self.deviations.get(c[1], 1.0)) for c in cells]
        )

    @cached_property
    def _groups_R(self) -> np.ndarray:
        size = _SHARED[self.seeds]
        keys = [(cell[:size], seed) for cell, seed in self._runs]
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        return np.array([places[key] for key in keys])


@dataclass(frozen=True)
class Row:
    """One row of results: ``value`` must lie in [low, high]; from -inf to inf is only stated.

    Attributes:
        check: What is counted.
        study: What was simulated, beside the number of seeds.
        num_seeds: Runs a cell.
        repetitions: Studies drawn.
        value: Share of the studies, or mean over studies of a share of what each holds.
        error: Standard error of ``value`` from the simulation.
        low, high: The range.
    """

    check: str
    study: str
    num_seeds: int
    repetitions: int
    value: float
    error: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def is_promised(self) -> bool:
        """Whether there is a range to keep."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    def is_kept(self, *, slack: float = 0.0) -> bool:
        """Whether the value is in range, give or take ``slack`` standard errors."""
        reach = slack * self.error if slack else 0.0
        return self.low - reach <= self.value <= self.high + reach


Check = Callable[[int, np.random.Generator], Iterator[Row]]
"""Rows from so many repetitions."""


def at_most(
    check: str, study: str, num_seeds: int, hits: Iterable[float], *, level: float = 0.05
) -> Row:
    """An error of at most ``level``, and 3 standard errors of the simulation."""
    found = _array(hits)
    high = level + 3 * math.sqrt(level * (1 - level) / len(found))
    return _row(check, study, num_seeds, found, high=high)


def has_level(check: str, study: str, num_seeds: int, shares: Iterable[float]) -> Row:
    """A test at 5 %: between 4 and 6 %."""
    return _row(check, study, num_seeds, _array(shares), low=0.04, high=0.06)


def covers(check: str, study: str, num_seeds: int, shares: Iterable[float]) -> Row:
    """Coverage of a 95 % interval: between 93 and 97 %."""
    return _row(check, study, num_seeds, _array(shares), low=0.93, high=0.97)


def at_least(check: str, study: str, num_seeds: int, hits: Iterable[float], *, level: float) -> Row:
    """A share of at least ``level``."""
    return _row(check, study, num_seeds, _array(hits), low=level)


def stated(check: str, study: str, num_seeds: int, values: Iterable[float]) -> Row:
    """A rate that is told and not promised."""
    return _row(check, study, num_seeds, _array(values))


def _array(values: Iterable[float]) -> Floats:
    return np.fromiter(values, dtype=np.float64)


def _row(
    check: str,
    study: str,
    num_seeds: int,
    found: Floats,
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> Row:
    # Where nothing happened the spread is 0; the error is then as if 5 % had.
    spread = float(found.std(ddof=1)) or math.sqrt(0.05 * 0.95)
    error = spread / math.sqrt(len(found))
    return Row(check, study, num_seeds, len(found), float(found.mean()), error, low, high)
