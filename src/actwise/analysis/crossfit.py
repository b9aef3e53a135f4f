"""Out-of-sample regret: halves of the seeds and test images, or a whole data set left out.

A rule is chosen on one half and scored on the other, and the halves are swapped. The best level
with which it is compared is that of the scoring half; its noise makes every regret a little too
large, all rules alike. Values in-sample, cross-fitted and cross-validated are never compared.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .contrasts import cell_at, combine
from .estimate import Estimate, satterthwaite
from .evidence import Evidence
from .inference import CellModel, Weights, fit_cells
from .observations import Cell, Floats, Observations
from .rules import Learner, Regret, Rule, condition_means, regret


def cross_fitted(
    observed: Observations,
    learners: Mapping[str, Learner],
    *,
    image_halves: tuple[Floats, Floats] | None = None,
) -> tuple[Regret, ...]:
    """Regret of learned rules, chosen on one half and scored on the other, swapped.

    Args:
        observed: The runs.
        learners: By name; a fixed rule is a learner that ignores the means.
        image_halves: As in :func:`halves`.

    Returns:
        Nothing where a cell has a single run.
    """
    parts = halves(observed, image_halves=image_halves)
    if parts is None:
        return ()
    first, second = (condition_means(part) for part in parts)
    rows = []
    for name, learner in learners.items():
        folds = [
            regret(score, learner(choose), name=name, label="cross-fitted")
            for choose, score in ((first, second), (second, first))
            if choose
        ]
        rows += _average(folds)
    return tuple(rows)


def cross_validated(
    observed: Observations, learners: Mapping[str, Learner], *, factor: str
) -> tuple[Regret, ...]:
    """Regret at each level of ``factor`` (a data set, a network) of rules learned on the others."""
    means = condition_means(observed)
    levels = sorted({dict(condition)[factor] for condition in means})
    if len(levels) < 2:
        return ()
    rows = []
    for name, learner in learners.items():
        folds = []
        for level in levels:
            inside = {c: row for c, row in means.items() if dict(c)[factor] == level}
            outside = {c: row for c, row in means.items() if dict(c)[factor] != level}
            label = f"cross-validated over {factor}"
            folds.append(regret(inside, learner(outside), name=name, label=label))
        rows += _average(folds)
    return tuple(rows)


def cross_fitted_regret(evidence: Evidence, rule: Rule, *, name: str) -> Estimate | None:
    """Mean regret of a fixed rule with its standard error; None without two runs in each cell.

    In each half the best level is taken as given, so regret is a contrast; the halves share no
    run, and their mean has a quarter of the summed variances.
    """
    parts = halves(evidence.observed)
    if parts is None:
        return None
    found = []
    for part in parts:
        model = _with_variance_of(fit_cells(part), evidence.model)
        weights = _regret_weights(part, rule)
        if weights is None:
            return None
        found.append(model.contrast(weights, name=name))
    variance, df = satterthwaite([(e.standard_error**2 / 4, e.df) for e in found])
    value = sum(estimate.value for estimate in found) / len(found)
    source = "cross-fitted, " + evidence.model.source
    return Estimate(name, value, math.sqrt(variance), df, source, evidence.alpha)


def halves(
    observed: Observations, *, image_halves: tuple[Floats, Floats] | None = None
) -> tuple[Observations, Observations] | None:
    """The completed runs in two halves: every other seed, or without seeds every other run.

    Args:
        observed: The runs.
        image_halves: Response of each run on either half of the stored test images: the first
            half of the runs then has the first, the second the second.

    Returns:
        None where a cell would have no run in one of the halves.
    """
    if observed.seeds_R is None:
        seen: Counter[int] = Counter()
        order_R = np.zeros(observed.num_runs, dtype=np.int64)
        for run, cell in enumerate(observed.run_cells.tolist()):
            order_R[run] = seen[cell]
            seen[cell] += 1
    else:
        names = sorted(set(observed.seeds_R.tolist()), key=_natural)
        place = {name: position for position, name in enumerate(names)}
        order_R = np.array([place[seed] for seed in observed.seeds_R.tolist()], dtype=np.int64)
    parts = []
    for half in (0, 1):
        source = observed.with_response(image_halves[half]) if image_halves else observed
        parts.append(source.select((order_R % 2 == half) & ~observed.diverged_R))
    complete = all(set(part.cells) == set(observed.completed().cells) for part in parts)
    return (parts[0], parts[1]) if complete and observed.num_runs else None


def _average(folds: list[Regret | None]) -> list[Regret]:
    """One row from the folds, conditions weighted alike; none if a fold could not be scored."""
    found = [fold for fold in folds if fold is not None]
    if not found or len(found) < len(folds):
        return []
    counts = [fold.num_conditions for fold in found]
    mean = float(np.average([fold.mean for fold in found], weights=counts))
    worst = max(fold.worst for fold in found)
    return [replace(found[0], mean=mean, worst=worst, num_conditions=sum(counts))]


def _regret_weights(part: Observations, rule: Rule) -> Weights | None:
    means = condition_means(part)
    terms: list[tuple[float, Weights]] = []
    for condition, row in means.items():
        best = max(row, key=lambda level: row[level])
        if rule(condition) not in row:
            return None
        for level, sign in ((best, 1.0), (rule(condition), -1.0)):
            cell: Cell = cell_at(part.factors, condition, focus=part.focus, level=level)
            terms.append((sign / len(means), {cell: 1.0}))
    return combine(*terms) if terms else None


def _with_variance_of(model: CellModel, whole: CellModel) -> CellModel:
    """The half's means with the residual variances that all runs give."""
    known = {part.name: part for part in whole.parts}
    parts = tuple(
        replace(part, variance=known[part.name].variance, df=known[part.name].df)
        for part in model.parts
    )
    return replace(model, parts=parts)


def _natural(seed: str) -> tuple[int, str]:
    return (int(seed), "") if seed.isdigit() else (1 << 62, seed)
