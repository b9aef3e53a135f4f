"""In-sample regret of the usual rules of choice: always the same level, and the paper's advice.

Regret of a rule in a condition: mean of the best level minus mean of the chosen one. Choosing and
scoring use the same runs, so that a rule that was read off them looks better than it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..model import Model
from ..table import Condition, is_augmented, is_residual

Means = Mapping[Condition, Mapping[str, float]]
"""For each condition the mean of each level, higher is better."""


@dataclass(frozen=True)
class Regret:
    """Regret of one rule, in the response's unit.

    Attributes:
        rule: Its name.
        mean, worst: Over the conditions that have every level of the compared factor.
        num_conditions: How many these are.
    """

    rule: str
    mean: float
    worst: float
    num_conditions: int


def regret_table(model: Model) -> tuple[Regret, ...]:
    """Regret of every rule that chooses among the levels of this study.

    Args:
        model: In points.
    """
    means = _complete_means(model)
    if not means:
        return ()
    levels = next(iter(means.values()))
    rows = [_regret(f"always {level}", means, partial(_always, level)) for level in levels]
    if model.observed.focus == "activation" and {"model", "regularization"} <= set(model.factors):
        for residual in ("relu", "elu"):
            name = f"paper (residual: {residual})"
            rows.append(_regret(name, means, partial(_paper, residual)))
        name = "paper (residual: try relu and elu, two runs)"
        rows.append(_regret(name, _with_either(means), partial(_paper, "either")))
    return tuple(row for row in rows if row is not None)


def paper_advice(*, is_augmented: bool, is_residual: bool, residual: str = "relu") -> str:
    """PReLU without augmentation; with it ELU, in residual networks ``residual``.

    Args:
        is_augmented: Whether the training images are flipped or cropped.
        is_residual: Whether the network has shortcuts.
        residual: Of augmented residual networks, where the paper leaves ReLU and ELU open.
    """
    if not is_augmented:
        return "prelu"
    return residual if is_residual else "elu"


def _complete_means(model: Model) -> Means:
    sign = 1.0 if model.observed.higher_is_better else -1.0
    num_levels = len(model.observed.levels_of(model.observed.focus))
    return {
        entry.condition: dict(zip(entry.levels, (sign * entry.fit.means_L).tolist(), strict=True))
        for entry in model.conditions
        if len(entry.levels) == num_levels
    }


def _with_either(means: Means) -> Means:
    """With a level for trying both, of which the better one counts."""
    return {
        condition: {**row, "either": max(row["relu"], row["elu"])}
        for condition, row in means.items()
        if {"relu", "elu"} <= row.keys()
    }


def _always(level: str, condition: Condition) -> str:
    return level


def _paper(residual: str, condition: Condition) -> str:
    levels = dict(condition)
    return paper_advice(
        is_augmented=is_augmented(levels["regularization"]),
        is_residual=is_residual(levels["model"]),
        residual=residual,
    )


def _regret(name: str, means: Means, rule: Callable[[Condition], str]) -> Regret | None:
    """None where the rule chooses a level that was not run."""
    if not means or any(rule(condition) not in row for condition, row in means.items()):
        return None
    losses = [max(row.values()) - row[rule(condition)] for condition, row in means.items()]
    return Regret(name, float(np.mean(losses)), max(losses), len(losses))
