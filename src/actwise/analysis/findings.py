"""Findings: what a careful reader must know before trusting a result, with stable codes.

Each has a title, the evidence in this study, and what to do. A function returns its finding or
None; those that need more than the runs take what they need as plain values.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from .assumptions import OutlierRun, SeedCorrelation
from .divergence import divergence_rates, near_chance
from .effects import effect_sizes
from .equal_variances import EqualVariances
from .evidence import Evidence, is_percent, looks_like_fraction
from .factorial import decompose, missing_cells
from .finding import Finding
from .looks import Looks
from .numbers import counted, number, span
from .run_spreads import UnequalSpreads, unequal_spreads
from .scales import on_scale
from .summaries import Contradiction
from .table import Cell, Observations

_FEW_SEEDS = 3
_SHARE_CHANGE = 5.0
_LISTED = 6
_LENGTH = "train.epochs"


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
        unequal_run_spreads(unequal_spreads(observed)),
        fractions(observed),
        near_floor(observed),
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
    return Finding(
        "A002", f"{few} of {counted(len(done.cells), 'cell')} with fewer than {_FEW_SEEDS} runs"
    )


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


def seeds_after_look(looks: Looks) -> Finding | None:
    """A005: verdicts were printed when no look was planned, or once more when runs were added."""
    if not looks.unplanned:
        return None
    before = f"verdicts had been printed at {_words(looks.earlier)}; " if looks.earlier else ""
    planned = f"; planned: {_words(looks.planned)} seeds" if looks.planned else ""
    return Finding("A005", f"{before}now {looks.now}{planned}")


def unequal_epochs(epochs: Mapping[Cell, float], factors: Sequence[str] = ()) -> Finding | None:
    """A006: mean number of epochs differs between cells that were to be trained equally long.

    Args:
        epochs: Of every cell.
        factors: Of the cells; lengths that a factor ``train.epochs`` asks for are no finding.
    """
    asked = factors.index(_LENGTH) if _LENGTH in factors else None
    alike: dict[str | None, list[Cell]] = {}
    for cell in sorted(epochs, key=epochs.__getitem__):
        alike.setdefault(None if asked is None else cell[asked], []).append(cell)
    pairs = [(cells[0], cells[-1]) for cells in alike.values()]
    unequal = [(low, high) for low, high in pairs if epochs[high] - epochs[low] >= 1]
    if not unequal:
        return None
    shortest, longest = max(unequal, key=lambda pair: epochs[pair[1]] - epochs[pair[0]])
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
    if found is None or not found.upper < found.pooled_break_even:
        return None
    return Finding(
        "A013",
        f"within-seed correlation {number(found.value)} ({span(found.lower, found.upper)}), "
        f"break-even {number(found.pooled_break_even)} with one variance for {found.num_cells} "
        f"cells ({number(found.break_even)} for two cells alone)",
    )


def no_variance(evidence: Evidence) -> Finding | None:
    """A014: replicates of a data set agree, up to rounding."""
    rows = evidence.without_noise
    return Finding("A014", f"data set {_words(rows)}") if rows else None


def incomplete_runs(flow: Mapping[str, int]) -> Finding | None:
    """A015: runs of the plan that failed or have no result, from the run flow."""
    rows = [f"{flow[key]} {key}" for key in ("failed", "missing") if flow.get(key)]
    return (
        Finding("A015", f"{', '.join(rows)} of {flow.get('planned', 0)} planned") if rows else None
    )


def unequal_run_spreads(rows: Sequence[UnequalSpreads]) -> Finding | None:
    """A016: runs of one network, activation or cell vary much more than those of another."""
    texts = [
        f"{r.dataset}, by {r.factor}: run SD {r.noisy_sd:.2f} ({r.noisy}) against "
        f"{r.quiet_sd:.2f} ({r.quiet}), p = {r.p:.2g}"
        for r in rows
    ]
    return Finding("A016", _listed(texts)) if texts else None


def fractions(observed: Observations) -> Finding | None:
    """A017: accuracies or errors between 0 and 1."""
    if not looks_like_fraction(observed):
        return None
    values_R = observed.completed().response_R
    return Finding(
        "A017", f"{observed.response} lies between {values_R.min():.4g} and {values_R.max():.4g}"
    )


def near_floor(observed: Observations) -> Finding | None:
    """A018: cells of known data sets at most twice as accurate as guessing."""
    rows = [", ".join(cell) for cell in near_chance(observed)] if is_percent(observed) else []
    total = counted(len(observed.completed().cells), "cell")
    return Finding("A018", f"{len(rows)} of {total}: {_listed(rows)}") if rows else None


def _listed(rows: Sequence[str]) -> str:
    more = f"; and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    return "; ".join(rows[:_LISTED]) + more


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)
