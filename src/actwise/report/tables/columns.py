"""A view as lines of text: names wrap at words, numbers stay whole, nothing is left out.

Where the columns do not fit side by side, further ones follow in a block below that begins with
the names again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from .view import View
from .wrapping import widest_line, widest_word, wrap

TextRow = Sequence[str]


class Fitted:
    """Lines for a rich Console that are made for its width; they stay text, without markup."""

    def __init__(self, lines: Callable[[int], Iterable[Text]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        yield from self._lines(options.max_width)


_LEAST = 8
"""Columns of a name before its words are cut, on a terminal too narrow for words."""
_GAP = 2


def text_lines(view: View, width: int, most_rows: int | None = None) -> list[Text]:
    """The header, bold, and the rows of each block, for a rich Console; no title, no note.

    Args:
        view: The table.
        width: Columns of the terminal.
        most_rows: Rows that are shown; absent = all.
    """
    found = []
    for number, (header, rows) in enumerate(columns(view, width, most_rows=most_rows)):
        found += [Text()] if number else []
        found += [Text(line, style="bold") for line in header]
        found += [Text(line) for line in rows]
    return found


def columns(
    view: View, width: int, *, most_rows: int | None = None
) -> Iterator[tuple[list[str], list[str]]]:
    """Blocks of lines, each as (lines of the header, lines of the rows).

    A block below the first one leaves out the rows of which it would say nothing.
    """
    rows = view.rows[:most_rows]
    table = list(zip(view.header, *_without_repeats(rows), strict=True))
    are_numbers = view.are_numbers
    least = [
        max(widest_word(header), *map(widest_line if is_number else widest_word, cells), 1)
        for (header, *cells), is_number in zip(table, are_numbers, strict=True)
    ]
    num_keys = max(1, are_numbers.index(True)) if any(are_numbers) else 1
    for place, members in enumerate(_blocks(least, num_keys, width)):
        said = [row for row in rows if not place or any(row[m] for m in members[num_keys:])]
        if place and not said:
            continue
        widths = _widths([table[m] for m in members], [least[m] for m in members], width)
        right = [are_numbers[m] for m in members]
        shown = (view.header, *_without_repeats(said))
        lines = [_lines([row[m] for m in members], widths, right) for row in shown]
        yield lines[0], [line for row in lines[1:] for line in row]


def _without_repeats(rows: Sequence[TextRow]) -> list[TextRow]:
    """A name in the first columns that is that of the row above is not said again."""
    found: list[TextRow] = []
    for row, above in zip(rows, [(), *rows], strict=False):
        same = 0
        while same < len(above) - 1 and row[same] == above[same] and not row[same][:1].isdigit():
            same += 1
        found.append((*("" for _ in range(same)), *row[same:]))
    return found


def _blocks(least: Sequence[int], num_keys: int, width: int) -> Iterator[list[int]]:
    """Positions of the columns side by side; every block begins with the names."""
    keys = list(range(num_keys))
    block = [*keys]
    for position in range(num_keys, len(least)):
        needed = sum(least[m] + _GAP for m in (*block, position)) - _GAP
        if needed > width and len(block) > num_keys:
            yield block
            block = [*keys]
        block.append(position)
    yield block


def _widths(table: Sequence[TextRow], least: Sequence[int], width: int) -> list[int]:
    """What is left of the width goes to the columns in turn, the least wanting first."""
    widths = list(least)
    room = width - _GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    wanted = [max(map(widest_line, column)) for column in table]
    order = sorted(range(len(widths)), key=lambda m: wanted[m] - widths[m])
    for done, m in enumerate(order):
        share = (room - sum(widths)) // (len(order) - done)
        widths[m] += max(0, min(share, wanted[m] - widths[m]))
    return widths


def _lines(row: TextRow, widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    columns = zip(row, widths, right, strict=True)
    wrapped = [
        _aligned(wrap(cell, width), width, right=is_right) for cell, width, is_right in columns
    ]
    lines = zip_longest(*wrapped)
    return [
        (" " * _GAP).join(t or " " * w for t, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _aligned(texts: Sequence[str], width: int, *, right: bool) -> list[str]:
    blanks = [" " * max(0, width - cell_len(text)) for text in texts]
    pairs = zip(texts, blanks, strict=True)
    return [blank + text if right else text + blank for text, blank in pairs]
