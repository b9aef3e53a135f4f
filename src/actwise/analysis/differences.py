"""Every comparison of the levels of the compared factor, and the means that it rests on."""

import math

import numpy as np

from .asked import Pair, PairReport, pair_report
from .checks import robustness_of
from .conditions import PairRow, separations, simple_effects
from .evidence import Evidence
from .image_errors import image_errors
from .incumbent import against_incumbent, choose_incumbent
from .precision import cell_deviations
from .ranking import RankRow, ranking
from .reading import StudyResults
from .results import CellRow, Differences

SEED = 20_261_123
"""Of the draws behind P(best) and random sign flips: fixed, so that a report can be repeated."""


def all_differences(
    source: StudyResults, evidence: Evidence, contrast: Pair | None
) -> tuple[Differences, tuple[PairRow, ...]]:
    """Every comparison, and the pairs that the decision rests on (all, whatever was asked for)."""
    every_pair = simple_effects(evidence, direction=contrast)
    asked = PairReport(every_pair, (), ())
    if contrast:
        asked = pair_report(evidence, contrast, every_pair)
    incumbent = choose_incumbent(evidence)
    at_chance = evidence.with_diverged()
    found = Differences(
        simple=asked.simple,
        robustness=robustness_of(evidence.observed, asked.simple, seed=SEED),
        images=image_errors(evidence.observed, source.correct, asked.simple, seed=SEED),
        asked=asked.rows,
        refusals=asked.refusals,
        incumbent=against_incumbent(evidence, incumbent) if incumbent else (),
        separations=separations(evidence),
        ranking=_ranking(evidence),
        ranking_at_chance=_ranking(at_chance) if at_chance else (),
    )
    return found, every_pair


def cell_rows(source: StudyResults, evidence: Evidence) -> tuple[CellRow, ...]:
    """Every cell with runs; one without a completed run has no mean."""
    observed, model = evidence.observed, evidence.model
    deviations = cell_deviations(observed)
    diverged = np.bincount(observed.run_cells[observed.diverged_R], minlength=len(observed.cells))
    rows = []
    for cell, count in zip(observed.cells, diverged.tolist(), strict=True):
        sd, num_runs = deviations.get(cell, (math.nan, 0))
        mean = model.mean(cell) if num_runs else None
        epochs, seconds = source.epochs.get(cell), source.seconds.get(cell)
        published = source.published.get(cell)
        rows.append(CellRow(cell, num_runs, mean, sd, count, epochs, seconds, published))
    return tuple(rows)


def _ranking(evidence: Evidence) -> tuple[RankRow, ...]:
    return ranking(evidence, generator=np.random.default_rng(SEED))
