"""The views of differences: pairs, the pair asked for, against the one in use, and their errors."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ..analysis.asked import ContrastRow
from ..analysis.conditions import PairRow
from ..analysis.numbers import UNKNOWN, degrees, number, p_text, signed, span
from ..analysis.results import Analysis
from ..analysis.side_tests import model_tests, published_tests, robust_tests
from .views import View, digits_of, interval, make_view, place, unit, verdict_name


def difference_views(analysis: Analysis) -> Iterator[View]:
    """Every table of differences that the runs allow."""
    found = analysis.differences
    if found.asked or found.refusals:
        yield from _asked_views(analysis)
    if found.simple:
        yield pairs_view(analysis)
    if found.images:
        yield _images_view(analysis)
    if found.robustness:
        yield _robustness_view(analysis)
    if found.incumbent:
        yield _incumbent_view(analysis)
    if analysis.published.comparisons:
        yield _published_view(analysis)


def pairs_view(analysis: Analysis) -> View:
    """All pairs in all conditions, with verdicts."""
    pairs, digits = analysis.differences.simple, digits_of(analysis)
    family, logits = pairs[0].p[-1], _logits(analysis)
    rows = [
        (
            place(row.condition, analysis.source.observed),
            f"{row.high} - {row.low}",
            signed(row.estimate.value, digits),
            span(*row.estimate.verdict_interval(), digits),
            *logits[position : position + 1],
            p_text(row.p[-1].adjusted),
            _verdict(row),
        )
        for position, row in enumerate(pairs)
    ]
    names = ("condition", "difference", unit(analysis), verdict_name(analysis))
    header = (*names, *(("logit",) if logits else ()), "p", "verdict")
    note = (
        f"The verdict is on the first of the two: equivalent inside the margin "
        f"({_margins(pairs, analysis)}), else better or worse by the interval and the "
        "adjusted one-sided p"
    )
    if family.size:
        note += f" ({family.method}; family: {family.family}, {family.size})."
    else:
        note += "; there is none, since nothing is known of the run-to-run deviation."
    if logits:
        note += " Interval, p and verdict are in points; logit: the difference on that scale."
    view = make_view("Differences of pairs", header, rows, left=2, note=note, most_rows=24)
    return replace(view, right=view.right[:-1])


def _logits(analysis: Analysis) -> list[str]:
    """Estimates of the pairs on the logit scale, where it was asked for."""
    if analysis.scale != "logit" or analysis.logit is None:
        return []
    return [signed(found.value, 3) for found in analysis.logit.differences]


def _asked_views(analysis: Analysis) -> Iterator[View]:
    found = analysis.differences
    if found.asked:
        yield _contrast_view(analysis, "The pair asked for", found.asked, "Holm inside each kind.")
    if found.refusals:
        rows = [
            (refusal.name, "; ".join(", ".join(cell) for cell in refusal.missing))
            for refusal in found.refusals
        ]
        view = make_view("Not estimable", ("contrast", "no runs in"), rows, left=2)
        yield view


def _images_view(analysis: Analysis) -> View:
    found = analysis.differences
    models = model_tests(found.images)
    rows = [
        (
            place(found.simple[position].condition, analysis.source.observed),
            row.new.name,
            signed(row.new.value),
            number(row.these.standard_error, 3),
            number(row.new.standard_error, 3),
            interval(row.new),
            p_text(models[position].adjusted),
        )
        for position, row in found.images.items()
    ]
    header = (
        *("condition", "difference", unit(analysis), "SE seeds", "SE both", "95 % new images"),
        "two models p",
    )
    note = (
        "SE seeds: on these test images, from the paired seeds of the two cells alone. SE both: "
        "on new images of the same kind. Two models p: McNemar's test of these two trained models, "
        "not the activations, at the first seed that both have (Holm). "
        f"{_verdicts_rest_on(analysis)}"
    )
    return make_view("Seeds and test images", header, rows, left=2, note=note, most_rows=12)


def _verdicts_rest_on(analysis: Analysis) -> str:
    """What the errors of the verdicts are, beside those of one pair's own seeds."""
    evidence = analysis.points.evidence if analysis.points else None
    if evidence and evidence.single_run:
        return "Verdicts use none of these: single runs tell no run SD."
    if analysis.variance == "cell":
        return "Verdicts use each cell's own run SD, not paired by seed (Satterthwaite)."
    return "Verdicts use none of these: they pool the run SD."


def _robustness_view(analysis: Analysis) -> View:
    found = analysis.differences
    robust = robust_tests(found.robustness)
    rows = []
    for position, row in found.robustness.items():
        pair, tests, bca = found.simple[position], robust.get(position), row.bca
        rows.append(
            (
                place(pair.condition, analysis.source.observed),
                f"{pair.high} - {pair.low}",
                p_text(tests.permutation.adjusted if tests else math.nan),
                p_text(tests.wilcoxon.adjusted if tests else math.nan),
                p_text(tests.smallest.adjusted if tests else math.nan),
                span(*bca, digits_of(analysis)) if bca else UNKNOWN,
            )
        )
    header = ("condition", "difference", "flips p", "Wilcoxon p", "least p", "95 % BCa")
    note = (
        "Without the normal assumption, from 6 pairs (BCa from 20 runs); they decide nothing. "
        "Each p is adjusted in its column; least p: the smallest that so many pairs can reach."
    )
    return make_view("Robustness", header, rows, left=2, note=note, most_rows=12)


def _incumbent_view(analysis: Analysis) -> View:
    rows = analysis.differences.incumbent
    p = rows[0].p[-1]
    note = f"Mean over the conditions that all levels share; {p.method.capitalize()}."
    return _contrast_view(analysis, f"Means {p.family}", rows, note)


def _contrast_view(
    analysis: Analysis, title: str, rows: tuple[ContrastRow, ...], note: str
) -> View:
    digits = digits_of(analysis)
    texts = [
        (
            row.name,
            signed(row.estimate.value, digits),
            span(*row.estimate.verdict_interval(), digits),
            number(row.estimate.standard_error, max(3, digits)),
            degrees(row.estimate.df),
            p_text(row.p[-1].adjusted),
            _verdict(row),
        )
        for row in rows
    ]
    header = ("contrast", unit(analysis), verdict_name(analysis), "SE", "df", "p", "verdict")
    view = make_view(title, header, texts, note=note)
    return View(view.title, view.header, view.rows, view.right[:-1], note)


def _published_view(analysis: Analysis) -> View:
    compared = analysis.published.comparisons
    rows = [
        (
            f"{row.high} - {row.low}",
            signed(row.pooled.value),
            interval(row.pooled, 3),
            number(row.cohens_d, 3),
            p_text(pooled.adjusted),
            interval(row.welch, 3),
            number(row.welch.df, 1),
        )
        for row, (pooled, _) in zip(compared, published_tests(compared), strict=True)
    ]
    header = ("difference", "points", "95 % pooled", "Cohen d", "p", "95 % Welch", "df")
    note = (
        "Recomputed from the published means, standard deviations and numbers of runs; p is with "
        "the pooled deviation, two-sided, Holm over the comparisons."
    )
    return make_view("Published comparisons", header, rows, note=note)


def _verdict(row: PairRow | ContrastRow) -> str:
    return row.verdict if row.reason == "ok" else f"{row.verdict} ({row.reason})"


def _margins(pairs: tuple[PairRow, ...], analysis: Analysis) -> str:
    if any(math.isnan(row.margin) for row in pairs):
        return "never, without --margin: the response is no percentage"
    found = [f"{margin:g}" for margin in sorted({row.margin for row in pairs})]
    if unit(analysis) != "points":
        return " or ".join(found)
    return f"{' or '.join(found)} {'point' if found == ['1'] else 'points'}"
