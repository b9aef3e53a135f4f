"""A signal report for a terminal, and as one HTML file with profiles over depth."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from ..store.exchange import write_file
from . import words
from .figures import signal_figures
from .page import both_widths, make_environment, page_values
from .tables import Fitted, text_lines, wrap
from .views import further_views, sites_view

if TYPE_CHECKING:
    from ..diagnostics import SignalReport

MOST_SITES = 12
"""Of the short form, what is odd first."""


def signal_text(report: "SignalReport", *, full: bool = False) -> Fitted:
    """What to print on a rich Console: a line a site, what is odd first; short, or everything."""
    return Fitted(lambda width: _lines(report, width, full=full))


def write_signal(report: "SignalReport", target: Path, *, command: str) -> None:
    """Write the page of a report.

    Raises:
        SpecError: if no file may stand there.
        OutputError: if it cannot be written.
    """
    write_file(target, render_signal(report, command=command).encode("utf-8", "backslashreplace"))


def render_signal(report: "SignalReport", *, command: str, now: datetime | None = None) -> str:
    """The page as text; ``now`` is the time that it bears, None this moment, UTC."""
    views = [sites_view(report, is_short=False), *further_views(report)]
    template = make_environment().get_template("signal.html.j2")
    return template.render(
        report=report,
        headline=words.signal_headline(report),
        scope=[*words.signal_scope(report)],
        findings=[*words.finding_lines(report, is_full=False)],
        all_findings=[*words.finding_lines(report, is_full=True)],
        pictures=both_widths(lambda width: signal_figures(report, width=width)),
        views=[view for view in views if view is not None],
        words=words,
        **page_values(command=command, now=now),
    )


def _lines(report: "SignalReport", width: int, *, full: bool) -> Iterator[Text]:
    yield Text(words.signal_headline(report), style="bold")
    for code, sentence in words.finding_lines(report, is_full=full):
        yield from _folded(f"{code}: {sentence}", width)
    if not report.findings:
        yield Text("  nothing odd")
    views = [sites_view(report, is_short=not full, most=None if full else MOST_SITES)]
    views += further_views(report) if full else ()
    for view in filter(None, views):
        yield from (Text(), *([Text(view.title, style="bold")] * full))
        yield from text_lines(view, width)
        yield from (Text(line, style="dim") for line in wrap(view.note, width) if view.note)
    yield Text()
    for sentence in words.signal_scope(report):
        yield from _folded(sentence, width, style="dim")
    if not full:
        hidden = len(report.sites) - MOST_SITES
        more = f"{hidden} more sites, " if hidden > 0 else ""
        yield Text(f"More   {more}all columns, norms, additions: --full; profiles: --report FILE")


def _folded(text: str, width: int, *, style: str = "") -> Iterator[Text]:
    first, *rest = wrap(text, max(width - 4, 20))
    yield Text(f"  {first}", style=style)
    yield from (Text(f"    {line}", style=style) for line in rest)
