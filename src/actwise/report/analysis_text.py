"""An analysis for a terminal of 80 columns: the decision, then the tables that lead to it."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from ..analysis.results import Analysis
from .check_views import check_views
from .result_views import factors_text, result_views
from .views import View
from .wording import printable


def analysis_renderables(analysis: Analysis) -> list[RenderableType]:
    """What to print on a rich Console; every name is text, so markup in it has no effect."""
    return [_heading(analysis), *_views(analysis)]


def _heading(analysis: Analysis) -> RenderableType:
    source, decision = analysis.source, analysis.decision
    observed = source.observed
    about = f"{observed.response}; {factors_text(observed)}" if observed else ""
    lines = [Text(printable(source.citation), style="dim"), Text(printable(about), style="dim")]
    lines += [Text(), Text(printable(decision.headline), style="bold")]
    lines += [Text(f"- {printable(reason)}") for reason in decision.reasons]
    return Group(*lines)


def _views(analysis: Analysis) -> Iterator[RenderableType]:
    for view in (*result_views(analysis), *check_views(analysis)):
        yield Group(Text(), Text(view.title, style="bold"))
        if view.rows:
            yield _table(view)
        left_out = len(view.rows) - view.most_rows
        if left_out > 0:
            yield Text(f"... and {left_out} more rows: --json has them all", style="dim")
        if view.note:
            yield Text(view.note, style="dim")


def _table(view: View) -> RenderableType:
    table = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for name in view.header:
        is_number = name in view.right
        table.add_column(
            Text(name),
            justify="right" if is_number else "left",
            no_wrap=is_number,
            overflow="fold",
        )
    above = ""
    for first, *rest in view.rows[: view.most_rows]:
        # A condition that is that of the row above is not said again.
        repeated = first == above and view.header[0] == "condition"
        table.add_row(Text("" if repeated else first), *(Text(cell) for cell in rest))
        above = first
    return table
