"""``actwise table`` on a terminal: a grid a data set, as many columns as the width holds."""

from collections.abc import Iterator

from rich.text import Text

from ...analysis.table import Table
from ..words import table_with_labels
from .columns import Fitted, text_lines
from .grid import BEST_MARK, digits_of_table, grid_view, make_grids
from .notes import notes, scope, title


def table_text(table: Table) -> Fitted:
    """What to print on a rich Console."""
    named = table_with_labels(table)
    return Fitted(lambda width: _lines(named, width))


def _lines(table: Table, width: int) -> Iterator[Text]:
    yield Text(title(table), style="bold")
    yield Text(scope(table))
    grids = make_grids(table)
    for grid in grids:
        yield Text()
        yield from [Text(grid.dataset, style="bold")] if grid.dataset else []
        digits = digits_of_table(table)
        view = grid_view(grid, id="cells", title=grid.dataset, corner="activation", digits=digits)
        yield from text_lines(view, width)
    entries = (entry for grid in grids for column in grid.columns for entry in column.entries)
    is_any_best = any(entry and entry.is_best for entry in entries)
    best = "highest" if table.response.higher_is_better else "lowest"
    star = [f"{BEST_MARK} The {best} mean among the activations."] * is_any_best
    remarks = [Text(note, style="dim") for note in (*star, *notes(table))]
    yield from [Text(), *remarks] if remarks else []
