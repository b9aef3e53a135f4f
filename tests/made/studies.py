"""Studies with a known truth, for the tests of the analysis."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from actwise.analysis.table import Observations

LEVELS = {
    "dataset": ("cifar10", "cifar100"),
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug"),
    "activation": ("relu", "prelu", "elu"),
}
Truth = Callable[[dict[str, str]], float]


def made_rows(
    *,
    seeds: int,
    generator: np.random.Generator,
    truth: Truth = lambda cell: 80.0,
    sd: float = 0.25,
    seed_sd: float = 0.0,
    levels: dict[str, tuple[str, ...]] = LEVELS,
) -> list[dict[str, Any]]:
    """Rows of a full crossing: truth + a seed's effect + noise, in percent."""
    effects = generator.normal(0.0, seed_sd, size=seeds) if seed_sd else np.zeros(seeds)
    rows = []
    for values in product(*levels.values()):
        cell = dict(zip(levels, values, strict=True))
        for seed in range(seeds):
            value = truth(cell) + effects[seed] + generator.normal(0.0, sd)
            rows.append({**cell, "seed": seed, "test_accuracy": value, "status": "finished"})
    return rows


def made_study(*, levels: dict[str, tuple[str, ...]] = LEVELS, **settings: Any) -> Observations:
    """The same as observations; ``settings`` are those of :func:`made_rows`."""
    rows = made_rows(levels=levels, **settings)
    return Observations.from_rows(rows, factors=tuple(levels))


def at(observed: Observations, **levels: str) -> Observations:
    """The runs at these levels."""
    codes = [observed.codes_RF[:, observed.position(name)] for name in levels]
    wanted = [observed.levels_of(name).index(level) for name, level in levels.items()]
    return observed.select(np.all(wanted == np.array(codes).T, axis=1))
