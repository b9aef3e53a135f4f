"""A table for LaTeX with the package booktabs."""

import re
from collections.abc import Sequence

from ...analysis.table import Table
from ...errors import SpecError
from ..words import code_parts, table_with_labels
from .grid import ALIAS_MARK, Column, GridEntry, TableGrid, digits_of_table, make_grids
from .notes import notes, scope, title

COLUMNS_PER_BLOCK = 4
"""What a page in portrait holds; further columns follow in another tabular."""

_WORDS = {"\\": "backslash", "~": "asciitilde", "^": "asciicircum", "<": "less", ">": "greater"}
_WORDS |= {"|": "bar", "`": "asciigrave"}
_ESCAPES = str.maketrans(
    {
        **{character: f"\\text{word}{{}}" for character, word in _WORDS.items()},
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "±": r"$\pm$",
        "–": "--",
        ALIAS_MARK: r"$^\dagger$",
        # A bracket at the beginning of a row would be read as the option of the \\ before it.
        "[": "{[}",
        "]": "{]}",
    }
)


def render_latex(table: Table, *, caption: str = "", label: str = "") -> str:
    r"""A table environment for each data set, its notes below; needs the package booktabs.

    Args:
        table: The cells.
        caption: Text in place of the title and the settings; of several data sets each goes
            before it.
        label: For ``\ref``; of several data sets each follows it. Absent: ``tab:STUDY``.

    Raises:
        SpecError: for a label that LaTeX cannot read.
    """
    if not re.fullmatch(r"[A-Za-z0-9:._/+-]*", label):
        raise SpecError(f"--label {label!r}: letters, digits and any of : . _ / + - are expected")
    table = table_with_labels(table)
    about = caption or f"{title(table)}; {scope(table)}."
    label = label or f"tab:{_key('-'.join(table.studies), 'table')}"
    remarks = " ".join(_note(text) for text in notes(table))
    digits = digits_of_table(table)
    grids = make_grids(table)
    blocks = []
    for place, grid in enumerate(grids, start=1):
        is_one, name = len(grids) == 1, grid.dataset
        heading = about if (is_one and caption) or not name else f"{name}. {about}"
        of_part = label if is_one else f"{label}-{_key(name, str(place))}"
        blocks.append(_environment(grid, (_escape(heading), of_part), remarks, digits))
    return "\n".join(blocks) or f"% {_escape(title(table))}: {_escape(scope(table))}\n"


def _key(name: str, otherwise: str) -> str:
    """A name as part of a label, in which LaTeX reads no command."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or otherwise


def _environment(grid: TableGrid, heading: tuple[str, str], remarks: str, digits: int) -> str:
    columns, (caption, label) = grid.columns, heading
    parts = [
        _tabular(grid, columns[first : first + COLUMNS_PER_BLOCK], digits)
        for first in range(0, len(columns), COLUMNS_PER_BLOCK)
    ]
    if remarks:
        parts.append(
            f"\\begin{{minipage}}{{\\linewidth}}\\footnotesize\n{remarks}\n\\end{{minipage}}"
        )
    body = "\n\n\\medskip\n".join(parts)
    return (
        "\\begin{table}\n\\centering\n"
        f"\\caption{{{caption}}}\n\\label{{{label}}}\n"
        f"{body}\n\\end{{table}}\n"
    )


def _tabular(grid: TableGrid, columns: Sequence[Column], digits: int) -> str:
    lines = [f"\\begin{{tabular}}{{l{'r' * len(columns)}}}", "\\toprule"]
    for number, heading in enumerate(zip(*(column.heading for column in columns), strict=True)):
        lines.append(_line(["activation" if number == 0 else "", *map(_escape, heading)]))
    lines.append("\\midrule")
    for row, activation in enumerate(grid.activations):
        entries = [column.entries[row] for column in columns]
        lines.append(_line([_escape(activation), *(_value(e, digits) for e in entries)]))
        lines.append(_line(["", *(_small(e, digits) for e in entries)]))
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])


def _line(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _value(entry: GridEntry | None, digits: int) -> str:
    if entry is None:
        return ""
    value = _escape(entry.value(digits))
    mark = _escape(ALIAS_MARK * entry.is_aliased)
    return f"\\textbf{{{value}}}{mark}" if entry.is_best else f"{value}{mark}"


def _small(entry: GridEntry | None, digits: int) -> str:
    below = entry.below(digits) if entry else ""
    return f"{{\\footnotesize {_escape(below)}}}" if below else ""


def _note(text: str) -> str:
    """A note, with what is a command in typewriter."""
    return "".join(
        f"\\texttt{{{_escape(part)}}}" if is_code else _escape(part)
        for part, is_code in code_parts(text)
    )


def _escape(text: str) -> str:
    """Names are printed as they are: no command in them is executed."""
    return text.translate(_ESCAPES)
