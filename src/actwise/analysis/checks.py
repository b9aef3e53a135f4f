"""How far runs and model can be trusted: precision, assumptions, robustness, findings."""

from collections.abc import Sequence

import numpy as np

from . import findings as find
from .assumptions import EqualVariances, brown_forsythe, outlier_runs, seed_correlation
from .conditions import PairRow
from .contrasts import cell_at
from .divergence import divergence_rates
from .evidence import Evidence
from .findings import Finding
from .looks import unplanned_looks
from .observations import Cell, Observations
from .precision import precisions
from .results import Checks, Looks
from .robustness import PairedTests, paired_tests
from .source import Source

MOST_ROBUSTNESS_ROWS = 200
"""Robustness columns are computed up to so many pairs; larger tables are exploratory anyway."""
_LEAST_RUNS = 3


def check_runs(observed: Observations, evidence: Evidence) -> Checks:
    """Everything about the runs that may limit a conclusion; it chooses no model."""
    return Checks(
        precisions(evidence),
        _equal_variances(observed),
        seed_correlation(observed),
        outlier_runs(observed, evidence.model),
        divergence_rates(observed),
    )


def all_findings(
    source: Source, looks: Looks, checks: Checks, evidence: Evidence
) -> tuple[Finding, ...]:
    """Every finding, in the order of the codes."""
    aliased = None
    if source.aliases:
        aliased = Finding("A001", "one network under several labels: " + "; ".join(source.aliases))
    taken = [*(count for _, _, count in looks.taken), looks.num_seeds]
    further = (
        aliased,
        find.outlier_seeds(checks.outliers),
        find.seeds_after_look(unplanned_looks(looks.planned, taken)) if source.looks else None,
        find.unequal_epochs(source.epochs),
        find.mixed_fingerprints(source.fingerprints),
        find.unequal_variances(checks.equal_variances),
        find.pairing_does_not_pay(checks.seed_correlation),
        find.incomplete_runs(source.flow),
    )
    found = [*find.findings_of_runs(evidence), *(finding for finding in further if finding)]
    return tuple(sorted(found, key=lambda finding: finding.code))


def robustness_of(
    observed: Observations, pairs: Sequence[PairRow], *, seed: int
) -> dict[int, PairedTests]:
    """Sign-flip and Wilcoxon tests of the pairs that share at least six seeds, by position.

    Args:
        observed: The runs.
        pairs: From ``simple_effects``; tables above :data:`MOST_ROBUSTNESS_ROWS` get none.
        seed: Of the random sign flips.
    """
    done = observed.completed()
    if done.seeds_R is None or len(pairs) > MOST_ROBUSTNESS_ROWS:
        return {}
    values: dict[Cell, dict[str, float]] = {cell: {} for cell in done.cells}
    for run, run_seed in enumerate(done.seeds_R.tolist()):
        values[done.cells[done.run_cells[run]]][run_seed] = float(done.response_R[run])
    generator = np.random.default_rng(seed)
    found = {}
    for number, pair in enumerate(pairs):
        high, low = (
            values[cell_at(done.factors, pair.condition, focus=done.focus, level=level)]
            for level in (pair.high, pair.low)
        )
        shared = sorted(set(high) & set(low))
        differences_N = np.array([high[name] - low[name] for name in shared])
        tests = paired_tests(differences_N, family_size=len(pairs), generator=generator)
        if tests is not None:
            found[number] = tests
    return found


def _equal_variances(observed: Observations) -> tuple[EqualVariances, ...]:
    """Of cells with three runs: two deviate alike from their median, whatever their spread."""
    done = observed.completed()
    counts_C = np.bincount(done.run_cells, minlength=len(done.cells))
    return brown_forsythe(done.select(counts_C[done.run_cells] >= _LEAST_RUNS))
