"""An analysis for a terminal of 80 columns: the decision, then the tables that lead to it."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from ..analysis.numbers import counted
from ..analysis.results import Analysis
from .cell_views import published_views
from .check_views import check_views
from .claim_views import claim_views
from .columns import columns
from .result_views import measured_text, result_views, scale_text
from .views import View
from .wording import printable, scope


def analysis_renderables(analysis: Analysis) -> list[RenderableType]:
    """What to print on a rich Console; every name is text, so markup in it has no effect."""
    return [_heading(analysis), *_views(analysis)]


def _heading(analysis: Analysis) -> RenderableType:
    source, decision = analysis.source, analysis.decision
    observed = source.observed
    about = [source.citation, *([measured_text(observed)] if observed else [])]
    about += [scope(source.table)] if source.table else []
    lines = [Text(printable(text), style="dim") for text in about]
    lines += [Text(scale_text(analysis), style="dim")] if scale_text(analysis) else []
    lines += [Text(), Text(printable(decision.headline), style="bold")]
    lines += [Text(f"- {printable(reason)}") for reason in decision.reasons]
    return Group(*lines)


def _views(analysis: Analysis) -> Iterator[RenderableType]:
    for view in _in_order(analysis):
        yield Group(Text(), Text(view.title, style="bold"))
        if view.rows:
            yield _ViewText(view)
        left_out = len(view.rows) - view.most_rows
        if left_out > 0:
            yield Text(f"... and {counted(left_out, 'more row')}: --json has all", style="dim")
        if view.note:
            yield Text(view.note, style="dim")


def _in_order(analysis: Analysis) -> Iterator[View]:
    yield from result_views(analysis)
    yield from published_views(analysis)
    for view in check_views(analysis):
        yield view
        if view.title == "Claims":
            yield from claim_views(analysis)


class _ViewText:
    """A view that fits the width of the console."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the header, bold, and the rows of each block."""
        for number, (header, rows) in enumerate(columns(self._view, options.max_width)):
            if number:
                yield Text()
            yield from (Text(line, style="bold") for line in header)
            yield from map(Text, rows)
