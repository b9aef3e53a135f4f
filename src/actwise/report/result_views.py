"""The views of what was found: cells, effects, differences, ranking, rules."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..analysis.conditions import Separation
from ..analysis.estimate import Estimate
from ..analysis.numbers import UNKNOWN, counted, number, p_text, percent, signed, span
from ..analysis.ranking import RankRow
from ..analysis.results import Analysis, Decomposed, ScaleResults
from ..analysis.table import Observations
from .difference_views import difference_views
from .views import (
    View,
    adjustment,
    digits_of,
    interval,
    interval_name,
    make_view,
    place,
    term_text,
    unit,
    yes,
)

_MOST_RULES = 12
"""Rows of the rules on a terminal, unless more are cross-fitted."""


def result_views(analysis: Analysis) -> Iterator[View]:
    """Every table of results that the runs allow, the most useful first."""
    if analysis.differences.ranking:
        yield ranking_view(analysis)
    if analysis.differences.ranking_at_chance:
        yield _chance_view(analysis)
    if analysis.differences.separations:
        yield separation_view(analysis)
    yield from difference_views(analysis)
    if analysis.points and analysis.points.pooled and analysis.points.pooled.sizes:
        yield effects_view(analysis)
        yield from _dataset_views(analysis)
    if analysis.shown and analysis.shown.gains:
        yield _gains_view(analysis, analysis.shown)
    if analysis.rules and analysis.differences.separations:
        yield _rules_view(analysis)


def ranking_view(analysis: Analysis) -> View:
    """Levels from best to worst, as a set of those that may be best."""
    note = (
        "Mean over the conditions that all levels share. Behind: the best other level minus this "
        "one, negative for the leader; its interval is for that one difference. May be best: not "
        "shown to be worse than another, all comparisons taken together "
        f"({percent(1 - analysis.alpha)}, {_method(analysis)}). P(best) is a picture of the "
        f"uncertainty, not a test. {adjustment(analysis)}"
    )
    return _ranking("Ranking", analysis.differences.ranking, analysis, note.strip())


def _method(analysis: Analysis) -> str:
    return "Hsu" if analysis.variance == "pooled" else "t tests against each rival, Bonferroni"


def _chance_view(analysis: Analysis) -> View:
    note = "The same, with the accuracy of chance in the place of each diverged run."
    rows = analysis.differences.ranking_at_chance
    return _ranking("Ranking with diverged runs at chance", rows, analysis, note)


def _ranking(title: str, ranked: Sequence[RankRow], analysis: Analysis, note: str) -> View:
    digits = digits_of(analysis)
    rows = [
        (
            row.level,
            number(row.mean, digits),
            number(row.behind_best.value, digits),
            interval(row.behind_best, digits),
            yes(row.may_be_best),
            number(row.probability_best),
        )
        for row in ranked
    ]
    header = ("level", "mean", "behind", interval_name(analysis), "may be best", "P(best)")
    return make_view(title, header, rows, note=note)


def separation_view(analysis: Analysis) -> View:
    """The best against the second best in each condition."""
    digits = digits_of(analysis)
    rows = [
        (
            place(row.condition, analysis.source.observed),
            row.best,
            row.second,
            number(abs(row.estimates[-1].value), digits),
            _gap_interval(row.estimates[-1], digits),
            p_text(row.p[-1].adjusted),
            _separated(row, analysis),
        )
        for row in analysis.differences.separations
    ]
    header = ("condition", "best", "second", "gap", interval_name(analysis), "p", "separated")
    note = (
        "Gap: by how much the best leads the second best, which these runs pick. p is two-sided, "
        "Holm over the conditions, under the most cautious model of the error."
    )
    view = make_view("Best against second best", header, rows, left=3, note=note)
    return replace(view, right=view.right[:-1])


def _separated(row: Separation, analysis: Analysis) -> str:
    if not row.is_separated:
        return f"no ({row.reason})"
    evidence = analysis.points.evidence if analysis.points else None
    if evidence and (
        evidence.is_single_run or evidence.single_run & {*dict(row.condition).values()}
    ):
        return "yes, if the run SD holds"
    return "yes"


def _gap_interval(estimate: Estimate, digits: int) -> str:
    """Of the lead, which is negative as a difference where lower is better."""
    lower, upper = estimate.interval()
    return span(-upper, -lower, digits) if estimate.value < 0 else span(lower, upper, digits)


def effects_view(analysis: Analysis) -> View:
    """The decomposition on both scales."""
    assert analysis.points is not None and analysis.points.pooled is not None
    points = analysis.points.pooled
    logit = analysis.logit.pooled if analysis.logit else None
    digits = _square_digits(analysis)
    return _decomposition(
        "Effects", points, logit, _pool_note(points, digits, has_logit=logit is not None), digits
    )


def _square_digits(analysis: Analysis) -> int:
    """Decimals of sums of squares."""
    digits = digits_of(analysis)
    return 3 if digits == 2 else 2 * digits


def _dataset_views(analysis: Analysis) -> Iterator[View]:
    """One decomposition a data set, where there are several."""
    assert analysis.points is not None
    if len(analysis.points.by_dataset) > 1:
        for name, found in analysis.points.by_dataset.items():
            logit = analysis.logit.by_dataset.get(name) if analysis.logit else None
            yield _decomposition(f"Effects on {name}", found, logit, "", _square_digits(analysis))


def _decomposition(
    title: str, points: Decomposed, logit: Decomposed | None, note: str, digits: int
) -> View:
    shares = {size.term: size.share for size in logit.sizes} if logit else {}
    has_error = points.found.residual_df > 0
    middle = ("F", "p", "partial eta² (90 %)", "omega²") if has_error else ("noise SS",)
    rows = []
    for size in points.sizes:
        eta = UNKNOWN
        if not math.isnan(size.eta_lower):
            eta = f"{number(size.partial_eta_squared)} ({span(size.eta_lower, size.eta_upper)})"
        error = (number(size.f), p_text(size.p), eta, number(size.omega_squared, 3))
        rows.append(
            (
                term_text(size.term),
                str(size.df),
                number(size.ss, digits),
                number(size.share, 1),
                number(shares.get(size.term), 1),
                *(error if has_error else (number(size.noise_ss, 2),)),
            )
        )
    header = ("term", "df", "SS", "share %", "logit %", *middle)
    return replace(make_view(title, header, rows, note=note), whole=("term",))


def _pool_note(points: Decomposed, digits: int, *, has_logit: bool) -> str:
    found = points.found
    scales = ", in points and on the logit scale" if has_logit else ""
    note = (
        f"Type {found.sums} sums of squares; total {number(found.total_ss, digits)}, of which "
        f"{number(found.focus_ss, digits)} involves {found.focus}: shares are of this part{scales}."
    )
    if found.residual_df > 0:
        note += " p is each term's own; --json adjusts it over the terms."
    if points.noise_ss:
        known = {name: number(v, 1) for name, v in points.noise_ss.items() if math.isfinite(v)}
        parts = ", ".join(f"{value} ({name})" for name, value in known.items())
        note += (
            " Without degrees of freedom of the error there is no F test; noise alone would add "
            f"{parts} to it."
        )
    if found.missing:
        missing = counted(len(found.missing), "missing cell")
        note += f" With {missing} some terms lose degrees of freedom."
    return note


def _gains_view(analysis: Analysis, shown: ScaleResults) -> View:
    is_logit = shown.scale == "logit"
    digits = 3 if is_logit else digits_of(analysis)
    rows = [
        (
            gain.activation,
            signed(gain.estimate.value, max(3, digits)),
            interval(gain.estimate, digits),
        )
        for gain in shown.gains
    ]
    note = "Mean over data sets and networks, with minus without augmentation."
    header = ("level", "logit" if is_logit else unit(analysis), interval_name(analysis))
    return make_view("Gain by augmentation", header, rows, note=note)


def _rules_view(analysis: Analysis) -> View:
    # They come first, and none is left out, however many levels there are.
    digits = digits_of(analysis)
    num_fitted = sum(row.label.startswith("cross-fitted") for row in analysis.rules)
    rows = [
        (
            row.rule,
            row.label,
            number(row.mean, max(3, digits)),
            number(row.worst, digits),
            str(row.num_conditions),
        )
        for row in analysis.rules
    ]
    note = (
        "Regret: the best level's mean minus the chosen one's. In-sample values choose and score "
        "on the same runs; they are never compared with the others."
    )
    header = ("rule", "scored", "mean", "worst", "conditions")
    return make_view(
        "Regret of rules of choice",
        header,
        rows,
        left=2,
        note=note,
        most_rows=max(_MOST_RULES, num_fitted + _MOST_RULES // 2),
    )


def scale_text(analysis: Analysis) -> str:
    """What the logit scale is shown for; "" where it was not asked for."""
    if analysis.scale != "logit":
        return ""
    return (
        "Verdicts, ranking and intervals of differences stay in points; the logit scale is shown "
        "for pairs, gains and shares of effects."
    )


def measured_text(observed: Observations) -> str:
    """What was measured, in which direction it is good, and the factors with their levels."""
    better = "" if observed.higher_is_better else " (lower is better)"
    pairs = zip(observed.factors, observed.levels, strict=True)
    factors = [f"{name} ({len(levels)})" for name, levels in pairs if len(levels) > 1]
    return "; ".join(filter(None, (f"{observed.response}{better}", ", ".join(factors))))
