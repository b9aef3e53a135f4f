"""The views of what was found: cells, effects, differences, ranking, rules."""

import math
from collections.abc import Iterator

from ..analysis.asked import ContrastRow
from ..analysis.conditions import PairRow
from ..analysis.observations import Observations
from ..analysis.results import Analysis, Decomposed, ScaleResults
from .views import UNKNOWN, View, degrees, interval, make_view, number, p_text, place, signed, yes


def result_views(analysis: Analysis) -> Iterator[View]:
    """Every table of results that the runs allow, the most useful first."""
    if analysis.differences.ranking:
        yield ranking_view(analysis)
    if analysis.differences.asked or analysis.differences.refusals:
        yield from _asked_views(analysis)
    if analysis.differences.separations:
        yield separation_view(analysis)
    if analysis.differences.simple:
        yield pairs_view(analysis)
    if analysis.differences.incumbent:
        yield _incumbent_view(analysis)
    if analysis.points and analysis.points.pooled and analysis.points.pooled.sizes:
        yield effects_view(analysis)
        yield from _dataset_views(analysis)
    if analysis.shown and analysis.shown.gains:
        yield _gains_view(analysis.shown)
    if analysis.rules:
        yield _rules_view(analysis)
    if analysis.published.comparisons:
        yield _published_view(analysis)


def ranking_view(analysis: Analysis) -> View:
    """Levels from best to worst, as a set of those that may be best."""
    rows = [
        (
            row.level,
            number(row.mean),
            number(row.behind_best.value),
            interval(row.behind_best),
            yes(row.may_be_best),
            UNKNOWN if math.isnan(row.probability_best) else f"{row.probability_best:.2f}",
        )
        for row in analysis.differences.ranking
    ]
    header = ("level", "mean", "behind", "95 % interval", "may be best", "P(best)")
    note = (
        "Mean over the conditions that all levels share. Behind: the best other level minus this "
        "one, negative for the leader. May be best: not shown to be worse than another (95 %, "
        "Hsu). P(best) is a picture of the uncertainty, not a test."
    )
    return make_view("Ranking", header, rows, note=note)


def separation_view(analysis: Analysis) -> View:
    """The best against the second best in each condition."""
    rows = [
        (
            place(row.condition, analysis.source.observed),
            row.best,
            row.second,
            number(row.estimates[-1].value),
            interval(row.estimates[-1]),
            p_text(row.p[-1].adjusted),
            yes(row.is_separated),
        )
        for row in analysis.differences.separations
    ]
    header = ("condition", "best", "second", "gap", "95 % interval", "p", "separated")
    note = "p is two-sided, Holm over the conditions, under the most cautious model of the error."
    return make_view("Best against second best", header, rows, left=3, note=note)


def pairs_view(analysis: Analysis) -> View:
    """All pairs in all conditions, with verdicts."""
    pairs = analysis.differences.simple
    family = pairs[0].p[-1]
    rows = [
        (
            place(row.condition, analysis.source.observed),
            f"{row.high} - {row.low}",
            signed(row.estimate.value),
            interval(row.estimate, level=0.90),
            p_text(row.p[-1].adjusted),
            _verdict(row),
        )
        for row in pairs
    ]
    header = ("condition", "difference", "points", "90 % interval", "p", "verdict")
    note = (
        f"The verdict is on the first of the two: equivalent inside the margin "
        f"({_margins(pairs)} points), else better or worse by the 90 % interval and the adjusted "
        f"one-sided p ({family.method}, {family.size} {family.family})."
    )
    view = make_view("Differences of pairs", header, rows, left=2, note=note, most_rows=24)
    return View(
        view.title, view.header, view.rows, view.right[:3], view.note, most_rows=view.most_rows
    )


def effects_view(analysis: Analysis) -> View:
    """The decomposition on both scales."""
    assert analysis.points is not None and analysis.points.pooled is not None
    points = analysis.points.pooled
    logit = analysis.logit.pooled if analysis.logit else None
    return _decomposition("Effects", points, logit, _pool_note(points))


def _dataset_views(analysis: Analysis) -> Iterator[View]:
    """One decomposition a data set, where there are several."""
    assert analysis.points is not None
    if len(analysis.points.by_dataset) > 1:
        for name, found in analysis.points.by_dataset.items():
            logit = analysis.logit.by_dataset.get(name) if analysis.logit else None
            yield _decomposition(f"Effects on {name}", found, logit, "")


def _decomposition(title: str, points: Decomposed, logit: Decomposed | None, note: str) -> View:
    shares = {size.term: size.share for size in logit.sizes} if logit else {}
    has_error = points.found.residual_df > 0
    middle = ("F", "p", "partial eta² (90 %)", "omega²") if has_error else ("noise SS",)
    rows = []
    for size in points.sizes:
        eta = UNKNOWN
        if not math.isnan(size.eta_lower):
            eta = f"{size.partial_eta_squared:.2f} ({size.eta_lower:.2f} to {size.eta_upper:.2f})"
        error = (number(size.f), p_text(size.p), eta, number(size.omega_squared, 3))
        rows.append(
            (
                size.term,
                str(size.df),
                number(size.ss, 3),
                number(size.share, 1),
                number(shares.get(size.term), 1),
                *(error if has_error else (number(size.noise_ss, 2),)),
            )
        )
    header = ("term", "df", "SS", "share %", "logit %", *middle)
    return make_view(title, header, rows, note=note)


def _pool_note(points: Decomposed) -> str:
    found = points.found
    note = (
        f"Type {found.sums} sums of squares; total {found.total_ss:.3f}, of which "
        f"{found.focus_ss:.3f} involves {found.focus}: shares are of this part, in points and on "
        "the logit scale."
    )
    if points.noise_ss:
        parts = ", ".join(f"{value:.1f} ({name})" for name, value in points.noise_ss.items())
        note += f" Without replicates there is no F test; noise alone would add {parts} to it."
    if found.missing:
        note += f" {len(found.missing)} cells are missing: some terms lose degrees of freedom."
    return note


def _asked_views(analysis: Analysis) -> Iterator[View]:
    found = analysis.differences
    if found.asked:
        yield _contrast_view("The pair asked for", found.asked, "Holm inside each kind.")
    if found.refusals:
        rows = [
            (refusal.name, "; ".join(", ".join(cell) for cell in refusal.missing))
            for refusal in found.refusals
        ]
        view = make_view("Not estimable", ("contrast", "no runs in"), rows, left=2)
        yield view


def _incumbent_view(analysis: Analysis) -> View:
    rows = analysis.differences.incumbent
    name = rows[0].p[-1].family
    return _contrast_view(
        f"Means {name}", rows, "Mean over the conditions that all levels share; Dunnett."
    )


def _contrast_view(title: str, rows: tuple[ContrastRow, ...], note: str) -> View:
    texts = [
        (
            row.name,
            signed(row.estimate.value),
            interval(row.estimate, level=0.90),
            number(row.estimate.standard_error, 3),
            degrees(row.estimate.df),
            p_text(row.p[-1].adjusted),
            _verdict(row),
        )
        for row in rows
    ]
    header = ("contrast", "points", "90 % interval", "SE", "df", "p", "verdict")
    view = make_view(title, header, texts, note=note)
    return View(view.title, view.header, view.rows, view.right[:-1], note)


def _gains_view(shown: ScaleResults) -> View:
    unit = "points" if shown.scale == "points" else "logit"
    digits = 2 if shown.scale == "points" else 3
    rows = [
        (gain.activation, signed(gain.estimate.value, 3), interval(gain.estimate, digits))
        for gain in shown.gains
    ]
    note = "Mean over data sets and networks of the accuracy with minus without augmentation."
    return make_view("Gain by augmentation", ("level", unit, "95 % interval"), rows, note=note)


def _rules_view(analysis: Analysis) -> View:
    rows = [
        (row.rule, row.label, number(row.mean, 3), number(row.worst), str(row.num_conditions))
        for row in analysis.rules
    ]
    note = (
        "Regret: the best level's mean minus the chosen one's. In-sample values choose and score "
        "on the same runs; they are never compared with the others."
    )
    header = ("rule", "scored", "mean", "worst", "conditions")
    return make_view("Regret of rules of choice", header, rows, left=2, note=note, most_rows=12)


def _published_view(analysis: Analysis) -> View:
    rows = [
        (
            f"{row.high} - {row.low}",
            signed(row.pooled.value),
            interval(row.pooled, 3),
            number(row.cohens_d, 3),
            p_text(row.pooled.p_value()),
            interval(row.welch, 3),
            number(row.welch.df, 1),
        )
        for row in analysis.published.comparisons
    ]
    header = ("difference", "points", "95 % pooled", "Cohen d", "p", "95 % Welch", "df")
    note = "Recomputed from the published means, standard deviations and numbers of runs."
    return make_view("Published comparisons", header, rows, note=note)


def _verdict(row: PairRow | ContrastRow) -> str:
    return row.verdict if row.reason == "ok" else f"{row.verdict} ({row.reason})"


def _margins(pairs: tuple[PairRow, ...]) -> str:
    return " or ".join(f"{margin:g}" for margin in sorted({row.margin for row in pairs}))


def factors_text(observed: Observations | None) -> str:
    """Names of the factors and how many levels each has."""
    if observed is None:
        return ""
    pairs = zip(observed.factors, observed.levels, strict=True)
    return ", ".join(f"{name} ({len(levels)})" for name, levels in pairs if len(levels) > 1)
