"""A table on a terminal: blocks of columns below each other, as many as the width holds."""

import math
from collections.abc import Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from ..analysis import Table
from .grid import Column, Entry, Grid, make_grids
from .wording import ALIAS_MARK, notes, scope, shortfalls, support, title, value_text

# Characters: what a block would like to have, whatever the terminal.
_UNBOUNDED = 100_000
BEST_MARK = "*"
"""Beside bold, which is lost where text goes to a file."""


def text_renderables(table: Table) -> list[RenderableType]:
    """What to print on a rich Console, in order; it adapts to the console's width.

    Every name is a :class:`rich.text.Text`, so markup in it is printed as it is.
    """
    heading = Group(Text(title(table), style="bold"), Text(scope(table)))
    grids = make_grids(table)
    remarks = [Text(note, style="dim") for note in (*_best_note(grids), *notes(table))]
    blocks = [TextGrid(grid) for grid in grids]
    return [heading, *blocks, *([Group(Text(), *remarks)] if remarks else [])]


def _best_note(grids: Sequence[Grid]) -> list[str]:
    entries = (entry for grid in grids for column in grid.columns for entry in column.entries)
    has_best = any(entry is not None and entry.is_best for entry in entries)
    return [f"{BEST_MARK} The highest mean among the activations."] if has_best else []


class TextGrid:
    """A grid that wraps whole columns into further blocks instead of squeezing them."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the blocks, each with its line of title."""
        blocks = self._blocks(console, options)
        last = 0
        for block in blocks:
            first, last = last + 1, last + len(block)
            span = f"column {first}" if first == last else f"columns {first} to {last}"
            part = f", {span}" if len(blocks) > 1 else ""
            yield Text()
            yield Text.assemble((self._grid.dataset, "bold"), (part, "dim"))
            yield self._block(block)

    def _blocks(self, console: Console, options: ConsoleOptions) -> Sequence[Sequence[Column]]:
        """The fewest blocks that fit, of equal size; a name alone may be wider than a terminal."""
        columns = self._grid.columns
        for size in dict.fromkeys(math.ceil(len(columns) / n) for n in range(1, len(columns))):
            blocks = [columns[first : first + size] for first in range(0, len(columns), size)]
            if all(self._fits(block, console, options) for block in blocks):
                return blocks
        return [[column] for column in columns]

    def _fits(self, columns: Sequence[Column], console: Console, options: ConsoleOptions) -> bool:
        unbounded = options.update_width(_UNBOUNDED)
        needed = Measurement.get(console, unbounded, self._block(columns)).maximum
        return needed <= options.max_width

    def _block(self, columns: Sequence[Column]) -> RichTable:
        table = RichTable(
            box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 0, 0, 1)
        )
        table.add_column("activation", vertical="top", overflow="fold")
        for column in columns:
            table.add_column(Text("\n".join(column.heading)), overflow="fold")
        for row, activation in enumerate(self._grid.activations):
            table.add_row(Text(activation), *(_entry(column.entries[row]) for column in columns))
        return table


def _entry(entry: Entry | None) -> Text:
    if entry is None:
        return Text()
    value = Text(value_text(entry.cell), style="bold" if entry.is_best else "")
    value.append(BEST_MARK if entry.is_best else "")
    value.append(ALIAS_MARK if entry.cell.is_aliased else "", style="not bold")
    lines = [value]
    below = " ".join(support(entry.cell, entry.paper))
    lines += [Text(line, style="dim") for line in (below,) if line]
    lines += [Text(line, style="yellow") for line in shortfalls(entry.cell)]
    return Text("\n").join(lines)
