"""Findings: what a careful reader must know before trusting a result, with stable codes.

Each has a title, the evidence in this study, and what to do. A function returns its finding or
None; those that need more than the runs take what they need as plain values.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .assumptions import OutlierRun, SeedCorrelation
from .divergence import divergence_rates
from .effects import effect_sizes
from .equal_variances import EqualVariances
from .evidence import Evidence, is_percent
from .factorial import decompose, missing_cells
from .looks import Seen
from .observations import Cell, Floats, Observations
from .scales import on_scale
from .summaries import Contradiction

_FEW_SEEDS = 3
_SHARE_CHANGE = 5.0
_LISTED = 6

TITLES: Mapping[str, tuple[str, str]] = {
    "A001": (
        "factors change only together",
        "Read an effect of one as an effect of all of them; add cells that break the pattern.",
    ),
    "A002": (
        "too few seeds",
        "Add seeds: 3 screen, 5 to 10 decide. Single runs never show equivalence.",
    ),
    "A003": ("outlier seed", "Look at the run's log and curve; it stays in every number."),
    "A004": (
        "selected on test",
        "Use the last epoch. The best of 200 epochs is too good by 0.48 points on CIFAR-10 and "
        "1.38 on CIFAR-100 (203 trainings, bank trottier).",
    ),
    "A005": (
        "seeds added after a look",
        "Take p values and intervals as nominal; plan the looks in the study next time.",
    ),
    "A006": (
        "unequal epochs",
        "The schedule let the length depend on the cell; compare at a fixed length too.",
    ),
    "A007": (
        "mixed numerics fingerprints within a seed",
        "Repeat these runs on one kind of machine, or treat the seeds as unpaired.",
    ),
    "A008": (
        "diverged runs",
        "Read accuracy given completion beside the divergence rate; lower the learning rate.",
    ),
    "A009": (
        "gaps near the ceiling",
        "Judge changes of gaps on both scales; in points gaps shrink mechanically near 100 %.",
    ),
    "A010": (
        "published statistics contradict themselves",
        "Do not use the row; ask the authors or recompute it from their runs.",
    ),
    "A011": ("missing cells", "Run them, or compare only what is estimable without them."),
    "A012": (
        "unequal variances",
        "Use each cell's own variance (Satterthwaite) and see whether verdicts stand.",
    ),
    "A013": (
        "pairing by seed does not pay",
        "Nothing to repair: blocks were fixed beforehand; plan more seeds rather than pairs.",
    ),
    "A014": (
        "no variance at all",
        "Check that seeds change anything: equal results of several seeds are suspicious.",
    ),
    "A015": (
        "runs that failed or are missing",
        "Finish them before deciding; what is missing may not be missing by chance.",
    ),
}
"""Code -> (title, what to do). Codes are never reused."""


@dataclass(frozen=True)
class Finding:
    """One finding in one study."""

    code: str
    evidence: str

    @property
    def title(self) -> str:
        """What it is."""
        return TITLES[self.code][0]

    @property
    def advice(self) -> str:
        """What to do."""
        return TITLES[self.code][1]


def findings_of_runs(
    evidence: Evidence, *, shares: Sequence[Mapping[str, float]] = ()
) -> tuple[Finding, ...]:
    """Every finding that follows from the runs alone, in the order of the codes.

    Args:
        evidence: In points.
        shares: See :func:`near_ceiling`.
    """
    observed = evidence.observed
    found = (
        confounded_factors(observed),
        few_seeds(observed),
        selected_on_test(observed.response),
        diverged_runs(observed),
        near_ceiling(observed, shares=shares),
        cells_without_runs(observed),
        no_variance(evidence),
    )
    return tuple(finding for finding in found if finding is not None)


def confounded_factors(observed: Observations) -> Finding | None:
    """A001: two factors whose levels always come in the same pairs."""
    pairs = []
    for first, second in combinations(range(len(observed.factors)), 2):
        levels = len(observed.levels[first]), len(observed.levels[second])
        together = {(cell[first], cell[second]) for cell in observed.cells}
        if min(levels) > 1 and len(together) == levels[0] == levels[1]:
            pairs.append(f"{observed.factors[first]} and {observed.factors[second]}")
    return Finding("A001", "; ".join(pairs)) if pairs else None


def few_seeds(observed: Observations) -> Finding | None:
    """A002: cells with fewer than three completed runs."""
    done = observed.completed()
    few = int(np.sum(np.bincount(done.run_cells, minlength=len(done.cells)) < _FEW_SEEDS))
    if not few:
        return None
    return Finding("A002", f"{few} of {len(done.cells)} cells have fewer than {_FEW_SEEDS} runs")


def outlier_seeds(outliers: Sequence[OutlierRun]) -> Finding | None:
    """A003: runs far from what their cell and seed predict."""
    rows = [
        f"{', '.join(o.cell)}{f', seed {o.seed}' if o.seed else ''}: {o.deviations:+.1f} robust SD"
        for o in outliers
    ]
    return Finding("A003", _listed(rows)) if rows else None


def selected_on_test(response: str) -> Finding | None:
    """A004: the response is the best epoch's test result."""
    if not response.startswith("best_"):
        return None
    return Finding(
        "A004", f"the response {response} is the best over epochs, chosen on test images"
    )


def selection_optimism(curves_RE: Floats, *, higher_is_better: bool) -> float:
    """Mean of best epoch minus last epoch over complete curves, in the curves' unit, at least 0."""
    complete_RE = curves_RE[~np.isnan(curves_RE).any(axis=1)]
    if not len(complete_RE):
        return math.nan
    best_R = complete_RE.max(axis=1) if higher_is_better else complete_RE.min(axis=1)
    return float(np.mean(np.abs(best_R - complete_RE[:, -1])))


def seeds_after_look(unplanned: Sequence[Seen]) -> Finding | None:
    """A005: verdicts were printed when no look was planned, or once more when runs were added."""
    if not unplanned:
        return None
    return Finding("A005", f"verdicts were printed at {_words(unplanned)}, unplanned")


def unequal_epochs(epochs: Mapping[Cell, float]) -> Finding | None:
    """A006: mean number of epochs differs between cells."""
    if not epochs or max(epochs.values()) - min(epochs.values()) < 1:
        return None
    shortest, longest = (pick(epochs, key=lambda cell: epochs[cell]) for pick in (min, max))
    return Finding(
        "A006",
        f"from {epochs[shortest]:.0f} ({', '.join(shortest)}) to {epochs[longest]:.0f} epochs "
        f"({', '.join(longest)})",
    )


def mixed_fingerprints(fingerprints: Mapping[str, set[str]]) -> Finding | None:
    """A007: seeds (keys) whose runs come from more than one numerics fingerprint."""
    mixed = sorted(seed for seed, kinds in fingerprints.items() if len(kinds) > 1)
    return Finding("A007", f"seeds {_words(mixed)}") if mixed else None


def diverged_runs(observed: Observations) -> Finding | None:
    """A008: cells with diverged runs, with the exact interval of their rate."""
    rows = [
        f"{', '.join(r.cell)}: {r.diverged}/{r.runs} ({r.lower:.0%} to {r.upper:.0%})"
        for r in divergence_rates(observed)
    ]
    return Finding("A008", _listed(rows)) if rows else None


def near_ceiling(
    observed: Observations, *, shares: Sequence[Mapping[str, float]] = ()
) -> Finding | None:
    """A009: a term's share of the compared factor's part depends on the scale.

    Args:
        observed: The runs.
        shares: Of every term, in points and on the logit scale; computed if not given.
    """
    done = observed.completed()
    if not done.num_runs or not is_percent(done) or len(done.levels_of(done.focus)) < 2:
        return None
    shares = shares or [
        {size.term: size.share for size in effect_sizes(decompose(on_scale(done, scale)))}
        for scale in ("points", "logit")
    ]
    moved = [
        f"{term}: {share:.1f} % in points, {shares[1][term]:.1f} % on the logit scale"
        for term, share in shares[0].items()
        if abs(share - shares[1][term]) > _SHARE_CHANGE
    ]
    return Finding("A009", _listed(moved)) if moved else None


def contradicting_rows(rows: Sequence[Contradiction]) -> Finding | None:
    """A010: published statistics that do not follow from their own mean, SD and n."""
    texts = [
        f"{row.name}: "
        + ", ".join(
            f"{what} {given:.4f}, recomputed {value:.4f}" for what, given, value in row.evidence
        )
        for row in rows
    ]
    return Finding("A010", _listed(texts)) if texts else None


def cells_without_runs(observed: Observations) -> Finding | None:
    """A011: cells of the full crossing that have no runs."""
    rows = [", ".join(cell) for cell in missing_cells(observed)] if observed.num_runs else []
    return Finding("A011", f"{len(rows)}: {_listed(rows)}") if rows else None


def unequal_variances(tests: Iterable[EqualVariances]) -> Finding | None:
    """A012: Brown-Forsythe rejects equal variances at 5 % in a data set."""
    rows = [
        f"{t.dataset}: F({t.df1}, {t.df2}) = {t.f:.2f}, p = {t.p:.3g}" for t in tests if t.p <= 0.05
    ]
    return Finding("A012", "; ".join(rows)) if rows else None


def pairing_does_not_pay(found: SeedCorrelation | None) -> Finding | None:
    """A013: the within-seed correlation's interval lies below the break-even value."""
    if found is None or not found.upper < found.break_even:
        return None
    return Finding(
        "A013",
        f"within-seed correlation {found.value:.2f} ({found.lower:.2f} to {found.upper:.2f}), "
        f"break-even {found.break_even:.2f}",
    )


def no_variance(evidence: Evidence) -> Finding | None:
    """A014: replicates of a data set agree exactly."""
    rows = [p.name for p in evidence.pooled.parts if p.fit.df > 0 and p.fit.variance == 0.0]
    return Finding("A014", f"data set {_words(rows)}") if rows else None


def incomplete_runs(flow: Mapping[str, int]) -> Finding | None:
    """A015: runs of the plan that failed or have no result, from the run flow."""
    rows = [f"{flow[key]} {key}" for key in ("failed", "missing") if flow.get(key)]
    return (
        Finding("A015", f"{', '.join(rows)} of {flow.get('planned', 0)} planned") if rows else None
    )


def _listed(rows: Sequence[str]) -> str:
    more = f"; and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    return "; ".join(rows[:_LISTED]) + more


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)
