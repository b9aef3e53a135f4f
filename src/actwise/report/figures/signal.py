"""Profiles of a signal report over depth."""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ...printable import printable
from .axes import NARROW
from .drawing import Drawing
from .lines import Points, lines_chart

if TYPE_CHECKING:
    from ...diagnostics import SignalReport, SiteSignal

_Value = float | None
_Of = Callable[["SiteSignal"], _Value]


class _Profile(NamedTuple):
    """A picture: its lines over the activations in the order of their calls."""

    name: str
    title: str
    unit: str
    lines: Mapping[str, _Of]


def _share(name: str) -> _Of:
    def share(site: "SiteSignal") -> _Value:
        count = getattr(site, name)
        return None if count is None else count / site.units

    return share


def _log(name: str) -> _Of:
    return lambda site: log10(getattr(site, name))


def _rank(site: "SiteSignal") -> _Value:
    return None if site.effective_rank is None else site.effective_rank / site.rank_units


_PROFILES = (
    _Profile(
        "units",
        "Units that do nothing",
        "share of a site's units",
        {
            "dead": _share("dead"),
            "nearly dead": _share("nearly_dead"),
            "constant": _share("constant"),
            "blocked": _share("blocked"),
        },
    ),
    _Profile(
        "slopes",
        "Slopes",
        "share of values; E f'^2",
        {
            "|f'| < 0.001": attrgetter("blocked_fraction"),
            "|f'| < 0.1": attrgetter("low_slope_fraction"),
            "E f'^2": attrgetter("slope_second_moment"),
        },
    ),
    _Profile(
        "values",
        "Values at zero and at a limit",
        "share of values",
        {"f = 0": attrgetter("zero_fraction"), "at a limit": attrgetter("saturated_fraction")},
    ),
    _Profile(
        "moments",
        "Second moments",
        "log10",
        {"input z": _log("input_second_moment"), "output f": _log("second_moment")},
    ),
    _Profile(
        "means",
        "Means",
        "E f; E f - E z",
        {"mean": attrgetter("mean"), "shift": attrgetter("mean_shift")},
    ),
    _Profile("gradient", "Gradient norm", "log10", {"gradient": _log("gradient_norm")}),
    _Profile("rank", "Effective rank", "of the number of units", {"rank": _rank}),
)


def signal_figures(report: "SignalReport", *, width: float = NARROW) -> list[Drawing]:
    """A picture for each kind of quantity that was measured."""
    sites = report.activations or report.sites
    found = [
        _drawn(profile.name, profile.title, profile.unit, lines, "activation", width)
        for profile in _PROFILES
        if (lines := {n: [of(site) for site in sites] for n, of in profile.lines.items()})
    ]
    norms = {"variance": [log10(n.variance_ratio) for n in report.told_norms]}
    title = "Variance in evaluation over the running one"
    found.append(_drawn("norms", title, "log10", norms, "batch norm", width))
    shares = {"branch": [part.branch_share for part in report.sums]}
    title = "The branch's part of the energy"
    found.append(_drawn("sums", title, "branch / (branch + shortcut)", shares, "addition", width))
    return [drawing for drawing in found if drawing is not None]


def log10(value: _Value) -> _Value:
    """NaN where there is no logarithm."""
    return math.log10(value) if value is not None and value > 0 else math.nan


def _drawn(
    name: str,
    title: str,
    unit: str,
    lines: Mapping[str, Sequence[_Value]],
    below: str,
    width: float,
) -> Drawing | None:
    # Lines that would hide one another are one: of ReLU what is blocked is dead.
    names: dict[Points, list[str]] = {}
    for key, values in lines.items():
        names.setdefault(_points(values), []).append(key)
    shown = {printable(", ".join(keys)): points for points, keys in names.items() if points}
    if not any(len(points) > 1 for points in shown.values()):  # the tables have single values
        return None
    drawing = Drawing(f"signal-{name}", title, width)
    return lines_chart(
        drawing, shown, unit=unit, x_unit=f"{below}, in the order of calls", digits=3
    )


def _points(values: Sequence[_Value]) -> Points:
    return tuple(
        (float(place), value, math.nan, math.nan)
        for place, value in enumerate(values, start=1)
        if value is not None and math.isfinite(value)
    )
