"""The views of effects: what each factor does to the compared one, gains, rules of choice."""

import math
from collections.abc import Iterator, Mapping

from ...analysis import Analysis
from ...analysis.effects import Decomposition, Effect
from ...numbers import counted, degrees, number, p_text, signed
from .. import words
from ..tables import View, make_view

_COLUMNS = ("SS", "share %", "logit %", "noise SS", "F", "df of F", "p", "omega²")


def effect_views(analysis: Analysis) -> Iterator[View | None]:
    """Decompositions in points with the shares on the logit scale, gains, regret."""
    yield _effects_view(analysis)
    yield _gains_view(analysis)
    rows = [(row.rule, row.mean, row.worst) for row in analysis.rules]
    count = counted(analysis.rules[0].num_conditions, "condition") if rows else ""
    note = (
        f"Regret: the best level's mean minus the chosen one's, over {count}; in-sample: rules are "
        "read off and scored on the same runs."
    )
    header, digits = ("rule", "mean", "worst"), words.digits_of(analysis)
    yield make_view("rules", "Regret of rules of choice", header, rows, note, digits=digits)


def _effects_view(analysis: Analysis) -> View | None:
    """Every term of all data; data set by data set and network by network the compared ones."""
    digits = words.digits_of(analysis)
    digits = 3 if digits == 2 else 2 * digits  # of squares
    parts = [
        part for part in _parts(analysis) if sum(bool(e.noise_ss) for e in part[1].effects) > 1
    ]
    rows = [
        (
            where if len(parts) > 1 else "",
            ":".join(map(words.short, row.factors)),
            row.df,
            *_said(row, _shares(other), digits),
        )
        for place, (where, found, other) in enumerate(parts)
        for row in found.effects
        if row.df and (row.noise_ss or not place)
    ]
    if not rows:
        return None
    found = parts[0][1]
    noise = [number(value, 1) for value in found.noise_ss if math.isfinite(value)]
    note = (
        f"Type {found.sums} sums of squares, of {number(found.total_ss, digits)}; shares are of "
        f"what involves {words.focus(analysis)}, in all {number(found.focus_ss, digits)}, of which "
        f"noise alone explains {' or '.join(noise) or 'nobody knows how much'}. p: Holm over the "
        "terms."
    )
    if found.num_missing:
        missing = counted(found.num_missing, "missing cell")
        note += f" With {missing} some terms lose degrees of freedom, or all."
    return make_view("effects", "Effects", ("where", "term", "df", *_COLUMNS), rows, note)


DataPart = tuple[str, Decomposition, Decomposition | None]
"""Of what, in points, and on the logit scale. One compared term alone is 100 % of itself."""


def _parts(analysis: Analysis) -> Iterator[DataPart]:
    points, logit = analysis.effects, analysis.logit
    if points is None:
        return
    if points.together is not None:
        yield "all", points.together, logit.together if logit else None
    for name, found in points.by_dataset.items():
        yield name, found, logit.by_dataset.get(name) if logit else None
    for network, found in points.by_network.items():
        name = words.place(network, words.varying_factors(analysis.observed))
        yield name, found, logit.by_network.get(network) if logit else None


def _said(row: Effect, shares: Mapping[str, float], digits: int) -> tuple[str, ...]:
    """The cells of :data:`_COLUMNS`; terms without the compared factor have a sum of squares."""
    ss = number(row.ss, digits)
    if not row.noise_ss:
        return (ss, *("",) * 7)
    logit = number(shares[row.term], 1) if row.term in shares else ""
    said = (ss, number(row.share, 1), logit, number(row.noise_ss[-1], 2))
    if row.test is None:
        return (*said, *("",) * 4)
    df = f"{degrees(row.test.df1)}, {degrees(row.test.df2)}"
    omega = number(row.omega_squared, 3)
    return (*said, number(row.test.f), df, p_text(row.test.p.adjusted), omega)


def _shares(found: Decomposition | None) -> dict[str, float]:
    return {row.term: row.share for row in found.effects} if found else {}


def _gains_view(analysis: Analysis) -> View | None:
    is_logit = analysis.question.scale == "logit"
    digits = 3 if is_logit else words.digits_of(analysis)
    rows = [
        (row.activation, signed(row.estimate.value, digits), row.estimate.interval())
        for row in (analysis.shown.gains if analysis.shown else ())
    ]
    header = ("level", "logit" if is_logit else words.unit(analysis), words.interval_name(analysis))
    note = "Mean over data sets and networks, with minus without augmentation."
    return make_view("gains", "Gain by augmentation", header, rows, note, digits=digits)
