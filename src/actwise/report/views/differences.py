"""The views of differences: the choice, the ranking, pairs, the pair asked for, the one in use."""

from collections.abc import Iterator, Sequence

from ...analysis import Analysis
from ...analysis.differences import Judged, RankedLevel
from ...numbers import degrees, number, percent, signed
from .. import words
from ..tables import View, make_view


def choice_view(analysis: Analysis, *, most_names: int = 5) -> View | None:
    """The choice for each network, or for each condition where regularization changes it."""
    digits, rows = words.digits_of(analysis), []
    for name, found, labels in words.choices(analysis):
        leader, *others = found.levels
        parts = (
            [leader],
            [row for row in others if row.may_be_best],
            [row for row in others if not row.may_be_best],
        )
        rows.append((name, *(_with_means(part, digits, most_names) for part in parts), labels))
    is_by_condition = any(network.by == "condition" for network in analysis.decision.networks)
    name = "condition" if is_by_condition else "network"
    header = (name, "leads", "not told apart", "behind", "remarks")
    return make_view("choice", "Choice", header, rows)


def difference_views(analysis: Analysis) -> Iterator[View | None]:
    """Every table of differences that the runs allow."""
    yield _ranking_view(analysis)
    yield _judged_view(
        analysis,
        *("pairs", "Differences of pairs", words.pairs_note(analysis)),
        [
            (_place(analysis, row.condition), f"{row.a} - {row.b}", row.judged, False)
            for row in analysis.pairs
        ],
    )
    yield _judged_view(
        analysis,
        *("asked", "The pair asked for", "Holm inside each kind."),
        [("", row.name, row.judged, row.kind == "change") for row in analysis.asked],
    )
    refused = [
        (row.name, "; ".join(", ".join(c) for c in row.missing)) for row in analysis.refusals
    ]
    yield make_view("refused", "Not estimable", ("contrast", "no runs in"), refused)
    for row in analysis.incumbent[:1]:
        yield _judged_view(
            analysis,
            *("incumbent", f"Against {row.incumbent}"),
            "Mean over the conditions that all levels share; Dunnett, Bonferroni over networks.",
            [
                (_place(analysis, r.network), f"{r.level} - {r.incumbent}", r.judged, False)
                for r in analysis.incumbent
            ],
        )
    yield _images_view(analysis)
    yield _published_view(analysis)


def _ranking_view(analysis: Analysis) -> View | None:
    """Levels from best to worst in each set, as those that may be best."""
    shown = words.decided_factors(analysis)
    rows = [
        (words.place(found.condition or network.network, shown), *_rank(row))
        for network in analysis.decision.networks
        for found in network.sets
        for row in found.levels
    ]
    overall = analysis.decision.overall if len(analysis.decision.networks) > 1 else ()
    rows += [("average over networks (exploratory)", *_rank(row)) for row in overall]
    interval = words.interval_name(analysis)
    header = ("network", "level", "mean", "behind", interval, "may be best", "kept by")
    note = (
        "Mean over the conditions that all levels share. Behind: the best other level minus this "
        "one, negative for the leader; its interval is for that one difference. May be best: not "
        f"shown to be worse than another, all sets taken together ({percent(1 - analysis.alpha)}, "
        "Hsu), by the pooled variance, by the pairs' own, or with lost runs at chance."
    )
    return make_view("ranking", "Ranking", header, rows, note, digits=words.digits_of(analysis))


def _rank(row: RankedLevel) -> tuple[object, ...]:
    behind = row.behind_best
    return row.level, row.mean, behind.value, behind.interval(), row.may_be_best, row.kept_by


def _judged_view(
    analysis: Analysis,
    id: str,
    title: str,
    note: str,
    judged: Sequence[tuple[str, str, Judged, bool]],
) -> View | None:
    """Differences in full, each with its network, its name, and whether it is a change of one."""
    digits = words.digits_of(analysis)
    rows = [
        (
            where,
            name,
            signed(row.estimate.value, digits),
            row.estimate.verdict_interval(),
            number(row.estimate.standard_error, max(3, digits)),
            degrees(row.estimate.df),
            row.p[-1],
            words.verdict_text(row, is_change=is_change),
        )
        for where, name, row, is_change in judged
    ]
    names = words.unit(analysis), words.verdict_name(analysis)
    header = ("where", "difference", *names, "SE", "df", "p", "verdict")
    return make_view(id, title, header, rows, note, digits=digits)


def _images_view(analysis: Analysis) -> View | None:
    rows = [
        (
            _place(analysis, analysis.pairs[position].condition),
            row.new.name,
            signed(row.new.value),
            number(row.these.standard_error, 3),
            number(row.new.standard_error, 3),
            row.new.interval(),
        )
        for position, row in analysis.images.items()
    ]
    header = ("condition", "difference", "points", "SE these", "SE new", "95 % new images")
    note = (
        "SE these: on these test images, from the paired seeds of the two cells alone. SE new: on "
        "new images of the same kind. Verdicts rest on these images."
    )
    return make_view("images", "Seeds and test images", header, rows, note)


def _published_view(analysis: Analysis) -> View | None:
    rows = [
        (
            f"{row.high} - {row.low}",
            signed(row.pooled.value),
            row.pooled.interval(),
            row.cohens_d,
            row.p,
            row.welch.interval(),
            number(row.welch.df, 1),
        )
        for row in analysis.published.comparisons
    ]
    header = ("difference", "points", "95 % pooled", "Cohen d", "p", "95 % Welch", "df")
    note = (
        "Recomputed from the published means, standard deviations and numbers of runs; p is with "
        "the pooled deviation, two-sided, Holm over the comparisons."
    )
    return make_view("comparisons", "Published comparisons", header, rows, note, digits=3)


def _place(analysis: Analysis, levels: Sequence[tuple[str, str]]) -> str:
    return words.place(levels, words.varying_factors(analysis.observed))


def _with_means(levels: Sequence[RankedLevel], digits: int, most: int) -> str:
    named = [f"{row.level} {number(row.mean, digits)}" for row in levels]
    more = [f"{len(named) - most} more"] if len(named) > most else []
    return ", ".join([*named[:most], *more])
