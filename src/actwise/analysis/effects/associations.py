"""Whether accuracy changes where signal flow does, over cells: to look at, it decides nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..table import (
    Cell,
    Floats,
    Observations,
    is_augmented,
    is_residual,
    plain_twin,
    without_augmentation,
)

Treatment = Literal["augmentation", "identity mapping"]


@dataclass(frozen=True)
class Change:
    """What a step changes in one cell; means over runs with the step less those without.

    Attributes:
        cell: Levels with the step.
        signal: Change of signal flow.
        response: Change of the study's response.
    """

    cell: Cell
    signal: float
    response: float


@dataclass(frozen=True)
class Association:
    """Changes of signal flow and of the response by one step, side by side.

    Attributes:
        step: What the cells of a pair differ by, all else equal.
        signal: The response of signal flow that a claim's mechanism is about.
        changes: Of every pair that was measured in both.
        rank_correlation: Spearman's, of the two changes over the pairs; None below 3 pairs, or
            where one of the two is constant.
    """

    step: Treatment
    signal: str
    changes: tuple[Change, ...]
    rank_correlation: float | None


def associations(
    observed: Observations, signals: Mapping[str, Observations]
) -> tuple[Association, ...]:
    """Of each mechanism of :func:`..claims.mechanism_claims`, where pairs of cells were probed.

    Of runs whose response counts alone: ``observed`` is without those that are stuck.
    """
    found = []
    for step, signal in _SIGNALS.items():
        changes = _changes(step, observed, signals[signal]) if signal in signals else ()
        if changes:
            pairs_C2 = np.array([(row.signal, row.response) for row in changes])
            found.append(Association(step, signal, changes, _rank_correlation(pairs_C2)))
    return tuple(found)


def _changes(step: Treatment, observed: Observations, signal: Observations) -> tuple[Change, ...]:
    factor, is_with, without = _STEPS[step]
    if factor not in observed.factors:
        return ()
    place = observed.position(factor)
    known_runs = {*_runs(observed)}
    keep_R = np.array([run in known_runs for run in _runs(signal)], dtype=np.bool_)
    responses, flows = observed.cell_means, signal.select(keep_R).cell_means
    known = responses.keys() & flows.keys()
    rows = []
    for cell in (cell for cell in responses if cell in known and is_with(cell[place])):
        twin = (*cell[:place], without(cell[place]), *cell[place + 1 :])
        if twin in known:
            flow, response = flows[cell] - flows[twin], responses[cell] - responses[twin]
            rows.append(Change(cell, flow, response))
    return tuple(rows)


def _runs(observed: Observations) -> list[tuple[Cell, str]]:
    """Cell and seed of each run."""
    seeds = [""] * observed.num_runs if observed.seeds_R is None else observed.seeds_R.tolist()
    return [(observed.cells[c], seed) for c, seed in zip(observed.run_cells, seeds, strict=True)]


_SIGNALS: dict[Treatment, str] = {
    "augmentation": "probes.log_slope_second_moment",
    "identity mapping": "probes.log_gradient_ratio",
}
_STEPS: dict[Treatment, tuple[str, Callable[[str], bool], Callable[[str], str]]] = {
    "augmentation": ("regularization", is_augmented, without_augmentation),
    "identity mapping": ("model", is_residual, plain_twin),
}


def _rank_correlation(pairs_C2: Floats) -> float | None:
    ranks_2C = np.array([_ranks(values_C) for values_C in pairs_C2.T])
    if len(pairs_C2) < 3 or (ranks_2C.std(axis=1) == 0.0).any():
        return None
    return float(np.corrcoef(ranks_2C)[0, 1])


def _ranks(values_C: Floats) -> Floats:
    """Equal values share the mean of their ranks."""
    _, places_C, counts = np.unique(values_C, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places_C])
