"""What can be seen in the runs themselves."""

import math
from itertools import combinations, islice, product
from typing import Literal

import numpy as np

from ...rows import alike
from ..differences import OWN_DF, by_network, difference
from ..model import (
    Model,
    Weights,
    chance_accuracy,
    exact_interval,
    floor_accuracy,
    hardly_learned,
    looks_like_fraction,
)
from ..reading import level_text
from ..table import Observations
from .facts import Facts, Rows

_FEW_SEEDS = 3
_CEILING = 90.0
_SHARE_CHANGE = 5.0
_LISTED = 6


def confounded_factors(observed: Observations, model: Model) -> Rows:
    """Two factors whose levels always come in the same pairs."""
    rows = []
    for first, second in combinations(range(len(observed.factors)), 2):
        levels = len(observed.levels[first]), len(observed.levels[second])
        together = {(cell[first], cell[second]) for cell in observed.cells}
        if min(levels) > 1 and len(together) == levels[0] == levels[1]:
            rows.append(f"{observed.factors[first]} and {observed.factors[second]}")
    return rows


def alike_levels(observed: Observations, model: Model) -> Rows:
    """Levels that only their writing tells apart."""
    return [
        f"{factor} {' and '.join(group)}"
        for factor, levels in zip(observed.factors, observed.levels, strict=True)
        for group in alike(levels)
    ]


def few_seeds(observed: Observations, model: Model) -> Rows:
    """Cells with fewer than three completed runs."""
    done = observed.completed
    few = int(np.sum(np.bincount(done.run_cells, minlength=len(done.cells)) < _FEW_SEEDS))
    return [f"{few} of {len(done.cells)} cells with fewer than {_FEW_SEEDS} runs"] if few else ()


def selected_on_test(observed: Observations, model: Model) -> Rows:
    """The response is the best epoch's test result."""
    return [observed.response] if observed.response.startswith("best_") else ()


def near_ceiling(facts: Facts) -> Rows:
    """Terms whose share of the compared factor's part depends on the scale."""
    parts = [found.together for found in facts.effects]
    if len(parts) < 2 or facts.model is None:
        return ()
    points, logit = ({row.term: row.share for row in p.effects} if p else {} for p in parts)
    moved = [
        f"{term}: {share:.1f} % in points, {logit[term]:.1f} % on the logit scale"
        for term, share in points.items()
        if abs(share - logit[term]) > _SHARE_CHANGE
    ]
    return [_place_of_accuracies(facts.model), *moved] if moved else ()


def _place_of_accuracies(model: Model) -> str:
    """Whether any cell lies near the ceiling or the floor."""
    observed = model.observed
    means = {cell: model.mean(cell).value for cell in model.cells}
    if not observed.higher_is_better:
        means = {cell: 100.0 - mean for cell, mean in means.items()}
    text = f"mean accuracies from {min(means.values()):.1f} to {max(means.values()):.1f} %"
    near = [f"ceiling ({_CEILING:g} %)"] if max(means.values()) > _CEILING else []
    for dataset in dict.fromkeys(observed.run_datasets().tolist()):
        chance = chance_accuracy(observed, dataset)
        floor = -math.inf if chance is None else floor_accuracy(chance)
        if any(m < floor for cell, m in means.items() if observed.dataset_of(cell) == dataset):
            near.append(f"floor of {dataset} ({floor:g} %)")
    return f"{text}: beyond the {' and the '.join(near)}" if near else text


def missing_cells(observed: Observations, model: Model) -> Rows:
    """Cells of the full crossing that have no runs."""
    num_missing = math.prod(map(len, observed.levels)) - len(observed.cells)
    if not num_missing:
        return ()
    present = set(observed.cells)
    absent = (", ".join(cell) for cell in product(*observed.levels) if cell not in present)
    # Of a large crossing only the first are made.
    return [f"{num_missing:,} of {num_missing + len(present):,}", *islice(absent, _LISTED)]


def no_variance(observed: Observations, model: Model) -> Rows:
    """Strata whose replicates agree, up to rounding."""
    return [
        ", ".join(level_text(*pair) for pair in stratum.name) or "all runs"
        for place, stratum in enumerate(model.strata)
        if model.has_no_noise(_first_cell(model, place))
    ]


def lost_runs(facts: Facts, fate: Literal["diverged", "stuck"]) -> Rows:
    """Cells with such runs, with the exact interval of their rate."""
    return [
        f"{', '.join(row.cell)}: {count}/{row.runs} ({{:.0%}} to {{:.0%}})".format(
            *exact_interval(count, row.runs)
        )
        for row in (facts.model.lost if facts.model else ())
        if (count := row.diverged if fate == "diverged" else row.stuck)
    ]


def fractions(observed: Observations, model: Model) -> Rows:
    """Accuracies or errors between 0 and 1."""
    if not looks_like_fraction(observed):
        return ()
    values_R = observed.completed.response_R
    return [f"{observed.response} from {values_R.min():.4g} to {values_R.max():.4g}"]


def hardly_learned_cells(observed: Observations, model: Model) -> Rows:
    """Cells near chance, or far behind the best of their data set and budget."""
    cells = hardly_learned(model.observed)
    rows = [
        f"{', '.join(cell)}: {model.mean(cell).value:.1f}" for cell in model.cells if cell in cells
    ]
    return [f"{len(rows)} of {len(model.cells)} cells", *rows] if rows else ()


def no_own_variance(observed: Observations, model: Model) -> Rows:
    """Networks whose means of levels have no own variance of 4 degrees of freedom."""
    rows = []
    entries = {entry.condition: entry for entry in model.conditions}
    for network, conditions in by_network(model).items():
        levels = entries[conditions[0]].levels[:2]
        shared = [c for c in conditions if set(levels) <= set(entries[c].levels)]
        means = [{model.cell_at(condition, level): 1.0 for condition in shared} for level in levels]
        if len(means) < 2 or model.is_single(means[0]):
            continue
        own = model.own(difference(means[0], means[1]))
        df = own.df if own else 0.0
        if df < OWN_DF:
            name = ", ".join(level_text(*pair) for pair in network) or "all runs"
            rows.append(f"{name}: {df:.3g} degrees of freedom")
    return rows


def _first_cell(model: Model, stratum: int) -> Weights:
    entry = next(entry for entry in model.conditions if entry.stratum == stratum)
    return {model.cell_at(entry.condition, entry.levels[0]): 1.0}
