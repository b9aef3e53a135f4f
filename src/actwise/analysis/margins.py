"""Means of the compared factor's levels at each level of another factor: interaction plots."""

from collections.abc import Iterator

from .contrasts import Condition, cell_at, conditions, mean_over
from .evidence import Evidence
from .results import Margin


def margins(evidence: Evidence) -> tuple[Margin, ...]:
    """For each data set, and each other factor, the mean of each level at each of its levels.

    Only conditions that have every level count, so that the lines of a plot compare like with
    like; conditions weigh alike.
    """
    model, observed = evidence.model, evidence.observed
    focus = observed.focus
    levels = list(dict.fromkeys(cell[model.factors.index(focus)] for cell in model.cells))
    complete = [
        condition
        for condition in conditions(model.factors, model.cells, focus=focus)
        if all(
            cell_at(model.factors, condition, focus=focus, level=level) in model.index
            for level in levels
        )
    ]
    return tuple(_rows(evidence, complete, levels))


def _rows(evidence: Evidence, complete: list[Condition], levels: list[str]) -> Iterator[Margin]:
    model, observed = evidence.model, evidence.observed
    pool, focus = observed.dataset_factor, observed.focus
    groups: dict[tuple[str, str, str], list[Condition]] = {}
    for condition in complete:
        dataset = dict(condition).get(pool or "", "all")
        for factor, level in condition:
            if factor != pool and len(observed.levels_of(factor)) > 1:
                groups.setdefault((dataset, factor, level), []).append(condition)
    for (dataset, factor, at), found in groups.items():
        for level in levels:
            cells = [cell_at(model.factors, c, focus=focus, level=level) for c in found]
            mean = model.contrast(mean_over(cells), name=f"{level} at {factor}={at}")
            yield Margin(dataset, factor, at, level, mean)
