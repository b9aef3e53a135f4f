"""Every level against the one in use now, in each network: Dunnett over the levels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import Estimate, Model
from ..table.conditions import Condition, Network, at_largest_budget, network_of
from .dunnett import dunnett_p
from .families import AdjustedP
from .margins import margin_among
from .sets import difference, level_means, mean_variances
from .verdicts import Adjuster, Difference, Judged, judge_family

USUAL = "relu"
"""What networks use unless somebody chose otherwise."""


@dataclass(frozen=True)
class IncumbentRow:
    """A level minus the incumbent, over the conditions of a network that have every level."""

    network: Network
    level: str
    incumbent: str
    judged: Judged


def choose_incumbent(model: Model) -> str | None:
    """ReLU where it is a level, else the first level of the study."""
    levels = model.observed.levels_of(model.observed.focus)
    if not levels:
        return None
    return USUAL if USUAL in levels else levels[0]


def by_network(model: Model) -> Mapping[Network, list[Condition]]:
    """The conditions of every network; where budgets vary, at the largest."""
    found: dict[Network, list[Condition]] = {}
    for entry in model.conditions:
        found.setdefault(network_of(entry.condition), []).append(entry.condition)
    return {network: found[network] for network in at_largest_budget(found)}


def against_incumbent(
    model: Model, incumbent: str, *, margin: float | None = None
) -> tuple[IncumbentRow, ...]:
    """Mean over the complete conditions of each network of every other level minus the incumbent.

    Dunnett 1955 with the variances that the means have, Bonferroni over networks; the own
    variances are adjusted by Holm over the same rows.
    """
    rows, family, groups = [], [], []
    for number, (network, conditions) in enumerate(by_network(model).items()):
        means, _, _ = level_means(model, conditions)
        for level in means if incumbent in means else ():
            if level != incumbent:
                weights = difference(means[level], means[incumbent])
                found = margin_among(model, weights, margin)
                family.append(Difference(f"{level} - {incumbent}", weights, found))
                rows.append((network, level))
                groups.append(number)
    judged = judge_family(model, family, _dunnett(model, family, groups, incumbent))
    return tuple(
        IncumbentRow(network, level, incumbent, row)
        for (network, level), row in zip(rows, judged, strict=True)
    )


def _dunnett(
    model: Model, family: Sequence[Difference], groups: Sequence[int], incumbent: str
) -> Adjuster:
    num_networks = len(set(groups))
    between: dict[tuple[int, int], Estimate] = {}
    for i, row in enumerate(family):
        for j in range(i):
            if groups[i] == groups[j]:
                between[j, i] = model.contrast(difference(family[j].weights, row.weights))

    def adjuster(estimates: Sequence[Estimate]) -> tuple[AdjustedP, ...]:
        adjusted = [0.0] * len(estimates)
        for group in dict.fromkeys(groups):
            mine = [i for i, number in enumerate(groups) if number == group]
            gaps = {(str(i), ""): estimates[i] for i in mine}
            gaps |= {(str(i), str(j)): between[i, j] for i in mine for j in mine if i < j}
            variances = mean_variances([*map(str, mine), ""], gaps)
            for i in mine:
                if not estimates[i].is_testable:
                    adjusted[i] = math.nan
                    continue
                if estimates[i].p_value() * num_networks >= 1.0:
                    adjusted[i] = 1.0  # as adjusting over the levels only makes it larger
                    continue
                (p,) = dunnett_p(
                    [estimates[i].statistic()],
                    variances=[variances[str(j)] for j in mine],
                    control_variance=variances[""],
                    df=estimates[i].df,
                )
                if math.isnan(p):  # how levels vary beside each other is not known: Bonferroni
                    p = estimates[i].p_value() * len(mine)
                adjusted[i] = min(1.0, max(p * num_networks, estimates[i].p_value()))
        size = len(estimates)
        return tuple(
            AdjustedP(e.p_value(), p, f"against {incumbent}", size, "dunnett")
            for e, p in zip(estimates, adjusted, strict=True)
        )

    return adjuster
