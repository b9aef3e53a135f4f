"""Regret of every rule of choice that a study can score, each labelled by how it was scored."""

from .crossfit import cross_fitted, cross_validated
from .rules import (
    Learner,
    Regret,
    always,
    best_overall,
    best_per,
    condition_means,
    paper_rule,
    regret_table,
)
from .table import Observations

_FOLDS = ("dataset", "model", "depth")
"""Factors of which whole levels are left out."""


def rule_table(observed: Observations) -> tuple[Regret, ...]:
    """Cross-fitted regret, then in-sample and cross-validated; the labels keep them apart."""
    means = condition_means(observed)
    if not means:
        return ()
    learners = _learners(observed, sorted({level for row in means.values() for level in row}))
    rows = [*cross_fitted(observed, learners), *regret_table(observed)]
    for name in _FOLDS:
        if name in observed.factors:
            rows += cross_validated(observed, learners, factor=name)
    return tuple(rows)


def _learners(observed: Observations, levels: list[str]) -> dict[str, Learner]:
    others = [name for name in observed.factors if name != observed.focus]
    learners: dict[str, Learner] = {f"always {level}": _fixed(level) for level in levels}
    learners["best overall"] = best_overall
    learners |= {f"best per {name}": best_per(name) for name in others}
    if {"model", "regularization"} <= set(others):
        learners["paper (residual: relu)"] = lambda means: paper_rule("relu")
    return learners


def _fixed(level: str) -> Learner:
    return lambda means: always(level)
