"""Fitting the model: runs that count, their conditions, and the strata that these belong to."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..table.conditions import Condition, condition_of, stratum_of
from ..table.observations import Floats, Observations
from .blocks import BlockFit
from .chance import lost_runs, stuck_runs
from .condition import ConditionFit
from .estimate import ALPHA
from .fitted import Model
from .percent import is_percent
from .scales import Scale, on_scale
from .single_runs import known_errors
from .strata import Stratum, make_stratum


def fit_model(observed: Observations, *, scale: Scale = "points", alpha: float = ALPHA) -> Model:
    """Fit the model to the runs that count.

    Args:
        observed: The runs in points; diverged and stuck ones are set apart.
        scale: Of the model; the logit for percentages alone.
        alpha: Level of each test, which every estimate carries.
    """
    stuck_R = stuck_runs(observed)
    lost = lost_runs(observed, stuck_R)
    kept = observed.select(~stuck_R) if stuck_R.any() else observed
    done = kept.completed
    conditions, strata = _fit_conditions(on_scale(done, scale))
    is_any_single = not all(stratum.has_replicates for stratum in strata)
    # Binomial, over test images: of a training of the user's own nobody knows these.
    has_images = is_percent(observed) and not observed.is_task
    known = known_errors(done, scale) if is_any_single and has_images else {}
    return Model(done, scale, conditions, strata, lost, known, alpha)


def _fit_conditions(scaled: Observations) -> tuple[tuple[ConditionFit, ...], tuple[Stratum, ...]]:
    focus = scaled.position(scaled.focus)
    places: dict[Condition, list[int]] = defaultdict(list)
    for position, cell in enumerate(scaled.cells):
        places[condition_of(scaled.factors, cell, focus=scaled.focus)].append(position)
    order_R = np.argsort(scaled.run_cells, kind="stable")
    starts_C = np.searchsorted(scaled.run_cells[order_R], np.arange(len(scaled.cells) + 1))
    runs_C = [order_R[start:end] for start, end in pairwise(starts_C.tolist())]
    names = {condition: stratum_of(condition, scaled) for condition in places}
    order = {name: place for place, name in enumerate(dict.fromkeys(names.values()))}
    found = []
    for condition, positions in places.items():
        levels = tuple(scaled.cells[position][focus] for position in positions)
        seeds, values_LS = _matrix(scaled, [runs_C[position] for position in positions])
        fit = BlockFit(values_LS, is_paired=scaled.seeds_R is not None)
        found.append(ConditionFit(condition, levels, seeds, fit, order[names[condition]]))
    strata = tuple(
        make_stratum(name, [entry.fit for entry in found if entry.stratum == place])
        for name, place in order.items()
    )
    return tuple(found), strata


def _matrix(scaled: Observations, runs: Sequence[np.ndarray]) -> tuple[tuple[str, ...], Floats]:
    """Names of the columns (seeds, or nothing for replicates), and the responses of each level."""
    if scaled.seeds_R is None:
        values_LS = np.full((len(runs), max(map(len, runs))), np.nan)
        for level, mine in enumerate(runs):
            values_LS[level, : len(mine)] = scaled.response_R[mine]
        return ("",) * values_LS.shape[1], values_LS
    seeds, column_R = np.unique(scaled.seeds_R[np.concatenate(runs)], return_inverse=True)
    values_LS = np.full((len(runs), len(seeds)), np.nan)
    start = 0
    for level, mine in enumerate(runs):
        values_LS[level, column_R[start : start + len(mine)]] = scaled.response_R[mine]
        start += len(mine)
    return tuple(seeds.tolist()), values_LS
