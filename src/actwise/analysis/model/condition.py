"""One condition as it was fitted, and the values of a contrast over its seeds."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..table.conditions import Condition
from ..table.observations import Floats
from .blocks import BlockFit


@dataclass(frozen=True)
class ConditionFit:
    """One condition: its levels, its runs, and the stratum that it belongs to."""

    condition: Condition
    levels: tuple[str, ...]
    seeds: tuple[str, ...]
    fit: BlockFit
    stratum: int


def own_values(entry: ConditionFit, weights_L: Floats) -> Iterator[tuple[object, float, Floats]]:
    """(direction, scale, values) whose means times their scales add up to the contrast here."""
    used = np.flatnonzero(weights_L)
    if entry.fit.is_paired and (len(used) == 1 or entry.fit.pairs(weights_L)):
        scale = float(weights_L[used[0]])
        direction_L = weights_L / scale
        key = tuple((entry.levels[i], round(float(direction_L[i]), 9)) for i in used)
        yield key, scale, entry.fit.per_seed(direction_L)
        return
    for place in used:
        values_S = entry.fit.values_LS[place]
        yield (
            (entry.condition, entry.levels[place]),
            float(weights_L[place]),
            values_S[~np.isnan(values_S)],
        )


def pooled_part(rows: Sequence[tuple[float, Floats]]) -> tuple[float, float]:
    """Variance and df of a sum of scaled means whose values share one variance."""
    df = sum(len(values) - 1 for _, values in rows)
    squares = math.fsum(float(np.sum((values - values.mean()) ** 2)) for _, values in rows)
    factor = math.fsum(scale**2 / len(values) for scale, values in rows)
    return squares / df * factor, float(df)
