"""How far runs and model can be trusted: precision, assumptions, robustness, findings."""

from collections.abc import Mapping, Sequence

import numpy as np

from . import findings as find
from .assumptions import outlier_runs, seed_correlation
from .conditions import PairRow
from .contrasts import cell_at
from .divergence import divergence_rates
from .equal_variances import brown_forsythe
from .evidence import Evidence
from .finding import Finding
from .looks import Looks
from .precision import precisions
from .reading import Correct, StudyResults
from .results import Checks, Robustness, ScaleResults
from .robustness import bca_interval, paired_tests
from .table import Integers, Observations

MOST_ROBUSTNESS_ROWS = 200
"""Robustness columns are computed up to so many pairs; larger tables are exploratory anyway."""


def check_runs(observed: Observations, evidence: Evidence, correct: Correct) -> Checks:
    """Everything about the runs that may limit a conclusion; it chooses no model."""
    return Checks(
        precisions(evidence, correct),
        brown_forsythe(observed),
        seed_correlation(observed),
        outlier_runs(observed, evidence.pooled),
        divergence_rates(observed),
    )


_OF_POOLING = ("A012", "A016")
"""They advise to give each cell its own variance."""


def all_findings(
    source: StudyResults, looks: Looks, checks: Checks, scales: Sequence[ScaleResults]
) -> tuple[Finding, ...]:
    """Every finding, in the order of the codes; ``scales`` are the results, points first."""
    evidence = scales[0].evidence
    both = [r.pooled for r in scales if r.pooled is not None]
    shares = [{size.term: size.share for size in found.sizes} for found in both]
    aliased = None
    if source.aliases:
        aliased = Finding("A001", "one network under several labels: " + "; ".join(source.aliases))
    further = (
        aliased,
        find.outlier_seeds(checks.outliers),
        find.seeds_after_look(looks),
        find.unequal_epochs(source.epochs, scales[0].evidence.observed.factors),
        find.mixed_fingerprints(source.fingerprints),
        find.unequal_variances(checks.equal_variances),
        find.pairing_does_not_pay(checks.seed_correlation),
        find.incomplete_runs(due_runs(source, looks)),
    )
    found = [
        *find.findings_of_runs(evidence, shares=shares if len(shares) > 1 else ()),
        *(finding for finding in further if finding),
    ]
    if evidence.variance == "cell":
        found = [finding for finding in found if finding.code not in _OF_POOLING]
    return tuple(sorted(found, key=lambda finding: finding.code))


def due_runs(source: StudyResults, looks: Looks) -> Mapping[str, int]:
    """The run flow without the missing runs of seeds that a planned look leaves to later ones."""
    if source.table is None or looks.num_seeds not in looks.planned:
        return source.flow
    overdue = 0
    for cell in source.table.cells:
        ended = len(cell.accuracies) + cell.num_diverged + cell.num_failed
        overdue += min(cell.num_missing, max(0, looks.num_seeds - ended))
    return {**source.flow, "missing": min(overdue, source.flow.get("missing", 0))}


def robustness_of(
    observed: Observations, pairs: Sequence[PairRow], *, seed: int
) -> dict[int, Robustness]:
    """Tests and bootstrap intervals of the pairs with enough runs, by position.

    Args:
        observed: The runs.
        pairs: From ``simple_effects``; tables above :data:`MOST_ROBUSTNESS_ROWS` get none.
        seed: Of the random sign flips and the bootstrap.
    """
    if len(pairs) > MOST_ROBUSTNESS_ROWS:
        return {}
    done = observed.completed()
    runs = {cell: np.flatnonzero(done.run_cells == c) for c, cell in enumerate(done.cells)}
    generator = np.random.default_rng(seed)
    found = {}
    for number, pair in enumerate(pairs):
        high, low = (
            runs[cell_at(done.factors, pair.condition, focus=done.focus, level=level)]
            for level in (pair.high, pair.low)
        )
        columns = _robustness(done, high, low, pair.p[-1].size, generator)
        if columns.tests or columns.bca:
            found[number] = columns
    return found


def _robustness(
    done: Observations,
    high: Integers,
    low: Integers,
    family_size: int,
    generator: np.random.Generator,
) -> Robustness:
    """Of paired differences where both arms have seeds, else of two samples."""
    if done.seeds_R is None:
        values = (done.response_R[high], done.response_R[low])
        return Robustness(None, bca_interval(*values, generator=generator))
    by_seed = [dict(zip(done.seeds_R[r], done.response_R[r], strict=True)) for r in (high, low)]
    shared = sorted(set(by_seed[0]) & set(by_seed[1]))
    differences_N = np.array([by_seed[0][name] - by_seed[1][name] for name in shared])
    tests = paired_tests(differences_N, family_size=family_size, generator=generator)
    return Robustness(tests, bca_interval(differences_N, generator=generator))
