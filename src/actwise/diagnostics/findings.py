"""What is odd in a signal flow: one table of kinds, from numbers alone."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .signal import SiteSignal
from .signal_report import Code, SignalFinding, SignalReport

_UNITS = 0.05
"""Share of a site's units from which a count of them is told."""
_SATURATED = 0.5
_MOST_RANK, _UNITS_OF_RANK = 1.1, 8
_FACTOR = 1e3
_SILENT_BRANCH = 1e-6


class _OfSite(NamedTuple):
    """A kind of finding at a site: how much, and how many; None where there is none."""

    code: Code
    amount: Callable[[SiteSignal], tuple[float, int | None] | None]


def findings(report: SignalReport) -> tuple[SignalFinding, ...]:
    """All findings, in the order of :data:`_OF_SITES`, of the model before its sites."""
    found = [*_of_model(report)]
    for kind in _OF_SITES:
        for site in report.sites:
            amount = kind.amount(site) if site.is_activation else None
            if amount is not None:
                found.append(SignalFinding(kind.code, site.name, *amount))
    for site in report.sites:
        if site.images < report.images:
            reached = site.images / report.images
            found.append(SignalFinding("not-reached", site.name, reached, site.images))
    return tuple(found)


def _of_model(report: SignalReport) -> Iterator[SignalFinding]:
    if report.nonfinite_outputs:
        share = report.nonfinite_outputs / report.outputs
        yield SignalFinding("nonfinite-output", "", share, report.nonfinite_outputs)
    if report.loss is not None and not math.isfinite(report.loss):
        yield SignalFinding("nonfinite-loss", "", report.loss)
    if fresh := sum(not norm.is_fitted for norm in report.norms):
        yield SignalFinding("unfitted", "", fresh / len(report.norms), fresh)
    shift = report.shift
    if shift is not None and report.is_shifted:
        least = min(report.told_norms, key=lambda norm: norm.variance_ratio)
        yield SignalFinding("shift", least.name, shift[0])
    norms = [s.gradient_norm for s in report.activations if s.gradient_norm is not None]
    if len(norms) > 1 and norms[0] and norms[-1]:
        yield from _grown("gradient", norms[0] / norms[-1])
    moments = [site.second_moment for site in report.activations]
    if len(moments) > 1 and moments[0]:
        yield from _grown("signal", moments[-1] / moments[0])
    for part in report.sums:
        if part.branch_energy <= _SILENT_BRANCH * part.shortcut_energy:
            yield SignalFinding("silent-branch", part.name, part.branch_share)


def _grown(what: str, ratio: float) -> Iterator[SignalFinding]:
    if ratio < 1 / _FACTOR:
        yield SignalFinding(_VANISHING[what], "", ratio)
    elif ratio > _FACTOR:
        yield SignalFinding(_EXPLODING[what], "", ratio)


_VANISHING: dict[str, Code] = {"gradient": "vanishing-gradient", "signal": "vanishing-signal"}
_EXPLODING: dict[str, Code] = {"gradient": "exploding-gradient", "signal": "exploding-signal"}


def _units(site: SiteSignal, count: int | None) -> tuple[float, int] | None:
    share = (count or 0) / site.units
    return (share, count or 0) if share >= _UNITS else None


def _nonfinite(site: SiteSignal) -> tuple[float, int] | None:
    return (site.nonfinite / site.values, site.nonfinite) if site.nonfinite else None


def _nonfinite_gradient(site: SiteSignal) -> tuple[float, None] | None:
    norm = site.gradient_norm
    return None if norm is None or math.isfinite(norm) else (norm, None)


def _no_gradient(site: SiteSignal) -> tuple[float, None] | None:
    return (0.0, None) if site.gradient_norm == 0 else None


def _saturated(site: SiteSignal) -> tuple[float, None] | None:
    share = site.saturated_fraction or 0.0
    return (share, None) if site.is_bounded and share > _SATURATED else None


def _low_rank(site: SiteSignal) -> tuple[float, None] | None:
    rank = site.effective_rank
    is_low = rank is not None and rank < _MOST_RANK and site.rank_units >= _UNITS_OF_RANK
    return (rank, None) if is_low and rank is not None else None


_OF_SITES = (
    _OfSite("nonfinite", _nonfinite),
    _OfSite("nonfinite-gradient", _nonfinite_gradient),
    _OfSite("no-gradient", _no_gradient),
    _OfSite("dead", lambda site: _units(site, site.dead)),
    _OfSite("nearly-dead", lambda s: _units(s, (s.nearly_dead or 0) - (s.dead or 0))),
    _OfSite("blocked", lambda s: _units(s, (s.blocked or 0) - (s.nearly_dead or 0))),
    _OfSite("constant", lambda s: _units(s, s.constant - (s.nearly_dead or 0))),
    _OfSite("saturated", _saturated),
    _OfSite("low-rank", _low_rank),
)
