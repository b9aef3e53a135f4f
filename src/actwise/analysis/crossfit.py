"""Out-of-sample regret: halves of the seeds and test images, or a whole data set left out.

A rule is chosen on one half and scored on the other, and the halves are swapped. The best level
with which it is compared is that of the scoring half; its noise makes every regret a little too
large, all rules alike. Values in-sample, cross-fitted and cross-validated are never compared.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np

from .estimate import Estimate
from .evidence import Evidence
from .inference import CellModel, NotEstimableError, Weights, fit_cells
from .rules import Learner, Regret, condition_means, regret
from .table import Cell, Observations


def cross_fitted(observed: Observations, learners: Mapping[str, Learner]) -> tuple[Regret, ...]:
    """Regret of learned rules, chosen on one half and scored on the other, swapped.

    Args:
        observed: The runs.
        learners: By name; a fixed rule is a learner that ignores the means.

    Returns:
        Nothing where a cell has a single run.
    """
    parts = halves(observed)
    if parts is None:
        return ()
    first, second = (condition_means(part) for part in parts)
    label = cross_fitted_label(observed)
    rows = []
    for name, learner in learners.items():
        folds = [
            regret(score, learner(choose), name=name, label=label)
            for choose, score in ((first, second), (second, first))
            if choose
        ]
        # Both halves have all conditions: each is scored twice, and counts once.
        rows += [replace(row, num_conditions=len(first)) for row in _average(folds)]
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


def cross_fitted_contrast(
    evidence: Evidence,
    cells: Collection[Cell],
    choose: Callable[[CellModel], Weights],
    *,
    name: str,
) -> Estimate | None:
    """The mean over both halves of a contrast that is chosen in each, with its standard error.

    The halves share no run, so their mean has a quarter of the summed variances; the residual
    variances are those of all runs, on the same test images.

    Args:
        evidence: The runs and how their variance is pooled.
        cells: Those of which the contrast is made; only their runs are halved.
        choose: The contrast, given a half.
        name: Of the estimate.

    Returns:
        None where a cell has no run in one of the halves, or seeds do not connect the cells there.
    """
    observed, pooled = evidence.observed, evidence.variance == "pooled"
    wanted_C = np.array([cell in cells for cell in observed.cells], dtype=np.bool_)
    parts = halves(observed.select(wanted_C[observed.run_cells]))
    if parts is None:
        return None
    found = []
    for half, part in enumerate(parts):
        whole = fit_cells(_on_images(observed, half), pooled=pooled)
        model = _with_variance_of(fit_cells(part, pooled=pooled), whole)
        try:
            found.append(model.contrast(choose(model), name=name))
        except NotEstimableError:
            return None
    variance = sum(estimate.standard_error**2 for estimate in found) / 4
    # Both halves have the variance of all runs: one estimate of it, whose df do not add up.
    df = min(estimate.df for estimate in found)
    value = sum(estimate.value for estimate in found) / len(found)
    source = f"{cross_fitted_label(observed)}, {evidence.model.source}"
    return Estimate(name, value, math.sqrt(variance), df, source, evidence.alpha)


def cross_fitted_label(observed: Observations) -> str:
    """How values are scored: on other seeds, and where predictions are stored on other images."""
    return "cross-fitted" + ("" if observed.image_halves_R2 is None else ", seeds and test images")


def halves(observed: Observations) -> tuple[Observations, Observations] | None:
    """The completed runs in two halves: every other seed, or without seeds every other run.

    Where the response is known on either half of the test images, the first half of the runs has
    it on the first half of the images, the second on the second.

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
        chosen_R = (order_R % 2 == half) & ~observed.diverged_R
        parts.append(_on_images(observed, half).select(chosen_R))
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


def _on_images(observed: Observations, half: int) -> Observations:
    """The runs with their response on one half of the test images, where that is known."""
    values_R2 = observed.image_halves_R2
    return observed if values_R2 is None else observed.with_response(values_R2[:, half])


def _with_variance_of(model: CellModel, whole: CellModel) -> CellModel:
    """The half's means with the residual variances that all runs give."""
    of_cell = {whole.cells[place]: part for part in whole.parts for place in part.members_G}
    known = [of_cell[model.cells[part.members_G[0]]] for part in model.parts]
    parts = tuple(
        replace(part, variance=other.variance, df=other.df)
        for part, other in zip(model.parts, known, strict=True)
    )
    return replace(model, parts=parts)


def _natural(seed: str) -> tuple[int, str]:
    return (int(seed), "") if seed.isdigit() else (1 << 62, seed)
