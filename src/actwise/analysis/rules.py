"""Rules of choice ("always PReLU", the paper's, the best of each condition) and their regret.

Regret of a rule in a condition: mean of the best level minus mean of the chosen one. In-sample
values choose and score on the same runs and carry that label. Cross-fitted ones choose on one
half of the runs (and of the stored test images) and score on the other (``crossfit``).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .contrasts import Condition, conditions
from .inference import fit_cells
from .table import Observations
from .wording import NETWORKS, is_augmented

Means = Mapping[Condition, Mapping[str, float]]
"""For each condition the mean of each level, higher is better."""
Rule = Callable[[Condition], str]
Learner = Callable[[Means], Rule]


@dataclass(frozen=True)
class Regret:
    """Regret of one rule, in points.

    Attributes:
        rule: Its name.
        mean, worst: Over the conditions in which the chosen level was run.
        num_conditions: How many these are.
        label: "in-sample", "cross-fitted" or "cross-validated over FACTOR"; values with
            different labels are not comparable.
    """

    rule: str
    mean: float
    worst: float
    num_conditions: int
    label: str


def condition_means(observed: Observations) -> Means:
    """Means of the conditions that have every level of the compared factor."""
    model = fit_cells(observed)
    sign = 1.0 if observed.higher_is_better else -1.0
    place = model.factors.index(observed.focus)
    found: dict[Condition, dict[str, float]] = defaultdict(dict)
    for cell, value in zip(model.cells, model.means_C.tolist(), strict=True):
        (condition,) = conditions(model.factors, [cell], focus=observed.focus)
        found[condition][cell[place]] = sign * value
    levels = {level for row in found.values() for level in row}
    return {condition: row for condition, row in found.items() if set(row) == levels}


def always(level: str) -> Rule:
    """The rule that chooses one level everywhere."""
    return lambda condition: level


def paper_rule(residual: str) -> Rule:
    """The paper's: PReLU without augmentation; with it ELU, in residual networks ``residual``."""

    def choose(condition: Condition) -> str:
        levels = dict(condition)
        if not is_augmented(levels.get("regularization", "")):
            return "prelu"
        return residual if levels.get("model", "").startswith(NETWORKS["S"]) else "elu"

    return choose


def best_overall(means: Means) -> Rule:
    """Learns the level with the highest mean over conditions."""
    levels = sorted({level for row in means.values() for level in row})
    scores = {level: np.mean([row[level] for row in means.values()]) for level in levels}
    return always(max(levels, key=lambda level: scores[level]))


def best_per(*factors: str) -> Learner:
    """Learns the best level for each combination of levels of some factors.

    A combination that was not seen gets the level that is best overall.
    """

    def learn(means: Means) -> Rule:
        groups: dict[Condition, dict[Condition, Mapping[str, float]]] = defaultdict(dict)
        for condition, row in means.items():
            groups[_part(condition, factors)][condition] = row
        chosen = {part: best_overall(rows) for part, rows in groups.items()}
        otherwise = best_overall(means)
        return lambda condition: chosen.get(_part(condition, factors), otherwise)(condition)

    return learn


def regret(means: Means, rule: Rule, *, name: str, label: str = "in-sample") -> Regret | None:
    """Regret of a rule on some means; None where it chooses levels that were not run."""
    losses = [
        max(row.values()) - row[rule(condition)]
        for condition, row in means.items()
        if rule(condition) in row
    ]
    if not losses or len(losses) < len(means):
        return None
    return Regret(name, float(np.mean(losses)), max(losses), len(losses), label)


def regret_table(observed: Observations) -> tuple[Regret, ...]:
    """In-sample regret of the usual rules: always each level, and the paper's three."""
    means = condition_means(observed)
    levels = sorted({level for row in means.values() for level in row})
    rows = [regret(means, always(level), name=f"always {level}") for level in levels]
    if "regularization" in observed.factors and "model" in observed.factors:
        rows += [
            regret(means, paper_rule(r), name=f"paper (residual: {r})") for r in ("relu", "elu")
        ]
        rows.append(_try_both(means))
    return tuple(row for row in rows if row is not None)


def _try_both(means: Means) -> Regret | None:
    """The paper's rule that tries ReLU and ELU in augmented residual networks: two runs there."""
    both = {
        condition: {**row, "relu": max(row.get("relu", -math.inf), row.get("elu", -math.inf))}
        for condition, row in means.items()
    }
    return regret(both, paper_rule("relu"), name="paper (residual: try relu and elu, two runs)")


def _part(condition: Condition, factors: Sequence[str]) -> Condition:
    return tuple(pair for pair in condition if pair[0] in factors)
