"""A view as lines of text: names wrap at words, numbers stay whole, nothing is left out.

Where the columns do not fit side by side, further ones follow in a block below that begins with
the names again.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from .views import View
from .wrapping import widest_word, wrap

Row = Sequence[str]
_LEAST = 8
"""Columns of a name before its words are cut, on a terminal too narrow for words."""


def columns(view: View, width: int) -> Iterator[tuple[list[str], list[str]]]:
    """Blocks of lines, each as (lines of the header, lines of the rows)."""
    rows = list(_shown(view))
    table = list(zip(view.header, *rows, strict=True))
    is_number = [name in view.right for name in view.header]
    least = [
        _least(column, is_whole=n or _stays_whole(column, view, width))
        for column, n in zip(table, is_number, strict=True)
    ]
    num_keys = is_number.index(True) if any(is_number) else 1
    for members in _blocks(least, num_keys, width):
        widths = _widths([table[m] for m in members], [least[m] for m in members], width)
        right = [is_number[m] for m in members]
        lines = [_lines([row[m] for m in members], widths, right) for row in (view.header, *rows)]
        yield lines[0], [line for row in lines[1:] for line in row]


def _shown(view: View) -> Iterator[Row]:
    """The rows; a condition that is that of the row above is not said again."""
    above = None
    for row in view.rows[: view.most_rows]:
        repeats = row[0] == above and view.header[0] == "condition"
        yield ("", *row[1:]) if repeats else row
        above = row[0]


def _stays_whole(column: Row, view: View, width: int) -> bool:
    header, *cells = column
    return header in view.whole and max(map(cell_len, cells), default=0) <= width // 2


def _least(column: Row, *, is_whole: bool) -> int:
    header, *cells = column
    widest = cell_len if is_whole else widest_word
    return max(widest_word(header), *map(widest, cells), 1)


def _blocks(least: Sequence[int], num_keys: int, width: int) -> Iterator[list[int]]:
    """Positions of the columns side by side; every block begins with the names."""
    keys = list(range(num_keys))
    block = [*keys]
    for position in range(num_keys, len(least)):
        needed = sum(least[m] + 1 for m in (*block, position)) - 1
        if needed > width and len(block) > num_keys:
            yield block
            block = [*keys]
        block.append(position)
    yield block


def _widths(table: Sequence[Row], least: Sequence[int], width: int) -> list[int]:
    """What is left of the width goes to the columns in turn, the least wanting first."""
    widths = list(least)
    room = width - len(widths) + 1
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    wanted = [max(map(cell_len, column)) for column in table]
    order = sorted(range(len(widths)), key=lambda m: wanted[m] - widths[m])
    for done, m in enumerate(order):
        share = (room - sum(widths)) // (len(order) - done)
        widths[m] += max(0, min(share, wanted[m] - widths[m]))
    return widths


def _lines(row: Row, widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    wrapped = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [
        " ".join(
            _padded(text, width, is_right=is_right)
            for text, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in zip_longest(*wrapped, fillvalue="")
    ]


def _padded(text: str, width: int, *, is_right: bool) -> str:
    blank = " " * max(0, width - cell_len(text))
    return blank + text if is_right else text + blank
