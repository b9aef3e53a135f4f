"""A signal report as tables of words."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ...numbers import significant
from .. import words
from ..tables import View, make_view

if TYPE_CHECKING:
    from ...diagnostics import SignalReport, SiteSignal


class _Column(NamedTuple):
    """A column of the sites.

    Attributes:
        value: Of a site; None is empty.
        is_short: Whether the short table has it too.
    """

    name: str
    value: Callable[["SiteSignal"], object]
    is_short: bool = False


def _number(name: str) -> Callable[["SiteSignal"], object]:
    return lambda site: _said(getattr(site, name))


def _said(value: float | None) -> str:
    return "" if value is None else significant(value)


_COLUMNS = (
    _Column("#", lambda site: site.depth + 1),
    _Column("site", attrgetter("name"), is_short=True),
    _Column("activation", attrgetter("activation"), is_short=True),
    _Column("role", lambda site: "" if site.role == "activation" else site.role),
    _Column("units", attrgetter("units"), is_short=True),
    _Column("dead", attrgetter("dead"), is_short=True),
    _Column("nearly", attrgetter("nearly_dead")),
    _Column("constant", attrgetter("constant")),
    _Column("blocked", attrgetter("blocked")),
    _Column("f=0", _number("zero_fraction"), is_short=True),
    _Column("|f'|<.001", _number("blocked_fraction")),
    _Column("|f'|<.1", _number("low_slope_fraction")),
    _Column("E f'^2", _number("slope_second_moment"), is_short=True),
    _Column("at limit", _number("saturated_fraction")),
    _Column("E f", _number("mean")),
    _Column("E f - E z", _number("mean_shift")),
    _Column("E z^2", _number("input_second_moment")),
    _Column("E f^2", _number("second_moment"), is_short=True),
    _Column("to last", _number("second_moment_ratio")),
    _Column("gradient", _number("gradient_norm"), is_short=True),
    _Column("rank", _number("effective_rank")),
)
NOTE = (
    "z is what an activation is given, f what it gives, a unit one channel. dead: f' = 0 on all "
    "images and f constant; nearly: the same with |f'| up to 0.001; blocked: |f'| below 0.001, "
    "whether f moves or not; gradient: root mean square over images of the norm with respect to z; "
    "to last: E f^2 over that of the activation before; rank: of the units' covariance."
)


def sites_view(report: "SignalReport", *, is_short: bool, most: int | None = None) -> View | None:
    """A row a site: short, what is odd first; else all columns in the order of calls."""
    odd = words.odd_codes(report)
    sites: Sequence[SiteSignal] = report.sites
    if is_short:
        order = [finding.name for finding in report.findings]
        places = {name: place for place, name in reversed([*enumerate(order)])}
        sites = sorted(sites, key=lambda site: places.get(site.name, len(places) + len(order)))
    columns = [column for column in _COLUMNS if column.is_short or not is_short]
    if len(words.activations_of(report)) < 2:
        columns = [column for column in columns if column.name != "activation"]
    header = [*(column.name for column in columns), "odd"]
    rows = [
        [*(column.value(site) for column in columns), odd.get(site.name, "")]
        for site in sites[:most]
    ]
    return make_view("sites", "Activations", header, rows, "" if is_short else NOTE)


def further_views(report: "SignalReport") -> Iterator[View]:
    """Norms, additions and learned slopes, where there are any."""
    norms = [
        (n.name, n.channels, _said(n.variance_ratio), _said(n.mean_difference), n.is_fitted)
        for n in report.norms
    ]
    header = ("batch norm", "channels", "variance", "mean", "trained")
    note = (
        "variance: in evaluation over the running one, geometric mean over channels; mean: "
        "difference in running SDs, root mean square"
    )
    sums = [
        (
            s.name or "the model",
            *map(_said, (s.shortcut_energy, s.branch_energy, s.sum_energy, s.branch_share)),
        )
        for s in report.sums
    ]
    learned = [
        (site.name, part.name, part.count, *map(_said, (part.mean, part.least, part.greatest)))
        for site in report.sites
        for part in site.learned
    ]
    found = (
        make_view("norms", "Batch norm against its running statistics", header, norms, note),
        make_view(
            "sums",
            "Shortcuts and branches",
            ("addition", "E shortcut^2", "E branch^2", "E sum^2", "branch share"),
            sums,
            "of two ways that are added the longer one is the branch",
        ),
        make_view(
            "learned",
            "What is learned of the activations",
            ("site", "parameter", "values", "mean", "least", "greatest"),
            learned,
        ),
    )
    yield from filter(None, found)
