"""What hangs on a single seed: leaders and verdicts without each seed label.

Means and differences are those of the other seeds; standard errors and critical values stay those
of all runs, so that a change comes of the seed's runs and not of their number.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..differences import PairRow, Verdict, adjust, by_network, by_rank, judge
from ..model import ConditionFit, Model
from ..model.blocks import BlockFit
from ..table import Condition, Levels
from .outliers import OutlierRun

LEAST_SEEDS = 3
MOST_VERDICTS = 20_000
"""Pairs times seeds; of larger tables, which are exploratory, verdicts are not judged again."""


@dataclass(frozen=True)
class ChangedVerdict:
    """The verdict on a minus b in a condition, as it is without a seed."""

    condition: Condition
    a: str
    b: str
    verdict: Verdict


@dataclass(frozen=True)
class WithoutSeed:
    """What changes without one seed label.

    Attributes:
        seed: The label.
        leaders: Networks (by their complete conditions) and conditions with another best level.
        verdicts: Pairs with another verdict.
    """

    seed: str
    leaders: tuple[Levels, ...]
    verdicts: tuple[ChangedVerdict, ...]


@dataclass(frozen=True)
class Checks:
    """Outlying runs, and what hangs on one seed; neither changes a number."""

    outliers: tuple[OutlierRun, ...] = ()
    without_seed: tuple[WithoutSeed, ...] = ()


def without_each_seed(model: Model, pairs: Sequence[PairRow] = ()) -> tuple[WithoutSeed, ...]:
    """One row a seed label; empty below three of them, and without any.

    Args:
        model: In points.
        pairs: Differences in conditions, one family.
    """
    seeds_R = model.observed.seeds_R
    seeds = [] if seeds_R is None else sorted(set(seeds_R.tolist()), key=lambda s: (len(s), s))
    if len(seeds) < LEAST_SEEDS:
        return ()
    has_verdicts = len(pairs) * len(seeds) <= MOST_VERDICTS
    where: dict[str, list[ConditionFit]] = defaultdict(list)
    for entry in model.conditions:
        for seed in entry.seeds:
            where[seed].append(entry)
    networks = _complete_networks(model)
    rows = []
    for seed in seeds:
        reduced = {e.condition: found for e in where[seed] if (found := _reduced(e, seed))}
        leaders = _changed_leaders(model, networks, reduced)
        verdicts = _changed_verdicts(model, pairs, reduced) if has_verdicts else ()
        rows.append(WithoutSeed(seed, leaders, verdicts))
    return tuple(rows)


Reduced = dict[Condition, ConditionFit]


def _reduced(entry: ConditionFit, seed: str) -> ConditionFit | None:
    """The condition without a seed; None where a level has no other run."""
    column = entry.seeds.index(seed)
    values_LS = np.delete(entry.fit.values_LS, column, axis=1)
    if np.isnan(values_LS).all(axis=1).any():
        return None
    seeds = entry.seeds[:column] + entry.seeds[column + 1 :]
    return replace(entry, seeds=seeds, fit=BlockFit(values_LS, entry.fit.is_paired))


def _complete_networks(model: Model) -> dict[Levels, list[ConditionFit]]:
    """Of networks with several conditions those that have every level of the network."""
    entries = {entry.condition: entry for entry in model.conditions}
    found = {}
    for network, conditions in by_network(model).items():
        own = [entries[condition] for condition in conditions]
        levels = {level for entry in own for level in entry.levels}
        complete = [entry for entry in own if set(entry.levels) == levels]
        if len(own) > 1 and complete:
            found[network] = complete
    return found


def _changed_leaders(
    model: Model, networks: dict[Levels, list[ConditionFit]], reduced: Reduced
) -> tuple[Levels, ...]:
    changed: list[Levels] = []
    for network, entries in networks.items():
        now = [reduced.get(entry.condition, entry) for entry in entries]
        if _leader(model, now) != _leader(model, entries):
            changed.append(network)
    before = {entry.condition: entry for entry in model.conditions}
    changed += [
        condition
        for condition, entry in reduced.items()
        if by_rank(model, entry)[0] != by_rank(model, before[condition])[0]
    ]
    return tuple(changed)


def _leader(model: Model, entries: Sequence[ConditionFit]) -> str:
    """The level with the best mean over conditions that all have it."""
    sign = 1.0 if model.observed.higher_is_better else -1.0
    sums: dict[str, float] = defaultdict(float)
    for entry in entries:
        for level, mean in zip(entry.levels, entry.fit.adjusted_L.tolist(), strict=True):
            sums[level] += sign * mean
    return max(sums, key=sums.__getitem__)


def _changed_verdicts(
    model: Model, pairs: Sequence[PairRow], reduced: Reduced
) -> tuple[ChangedVerdict, ...]:
    if not pairs:
        return ()
    estimates, p_values = [], []
    for pair in pairs:
        estimate, p_value = pair.judged.estimate, pair.judged.p[-1].p
        # Most pairs of a large table lie in conditions without this seed.
        if entry := reduced.get(pair.condition):
            estimate = replace(estimate, value=_difference(entry, pair))
            p_value = estimate.p_value()
        estimates.append(estimate)
        p_values.append(p_value)
    adjusted = adjust(p_values, family="", method=pairs[0].judged.p[-1].method)
    found = []
    for pair, estimate, p in zip(pairs, estimates, adjusted, strict=True):
        # Other reasons than these do not come of the values.
        if pair.judged.reason not in ("ok", "imprecise"):
            continue
        verdict = judge(
            estimate,
            margin=pair.judged.margin,
            higher_is_better=model.observed.higher_is_better,
            adjusted_p=p.adjusted,
        )
        if verdict != pair.judged.verdict:
            found.append(ChangedVerdict(pair.condition, pair.a, pair.b, verdict))
    return tuple(found)


def _difference(entry: ConditionFit, pair: PairRow) -> float:
    weights_L = np.zeros(len(entry.levels))
    weights_L[entry.levels.index(pair.a)] = 1.0
    weights_L[entry.levels.index(pair.b)] = -1.0
    is_within = entry.fit.pairs(weights_L)
    return float(weights_L @ (entry.fit.effects_L if is_within else entry.fit.means_L))
