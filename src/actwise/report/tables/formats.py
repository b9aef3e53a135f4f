"""Every format of ``actwise table``; a new one is added to the table here."""

import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ...analysis.table import Table
from ...errors import SpecError, UnknownNameError
from ...printable import printable_bytes
from ...store.exchange import render_table, write_file
from .columns import Fitted
from .data import render_json, to_arrow
from .latex import render_latex
from .markdown import render_markdown
from .text import table_text

DEFAULT_WIDTH = 80


def render(table: Table, format: str, *, width: int | None = None) -> str:
    """A table as text.

    Args:
        table: From :func:`actwise.analysis.make_table`.
        format: ``text``, ``markdown``, ``latex``, ``csv`` or ``json``.
        width: Columns of the terminal, for ``text``; absent = 80.

    Raises:
        UnknownNameError: for another format.
        SpecError: for ``parquet``, which is no text.
    """
    if format == "parquet":
        raise SpecError("format 'parquet' is binary; write it to a file")
    return _content(table, format, width or DEFAULT_WIDTH).decode()


def write(
    table: Table,
    format: str,
    target: Path | None = None,
    *,
    caption: str = "",
    label: str = "",
) -> None:
    """Write a table, in any format, to a file or to stdout.

    Args:
        table: From :func:`actwise.analysis.make_table`.
        format: One of :data:`FORMATS`.
        target: The file; absent = stdout.
        caption: Of a table in LaTeX; absent = its title and settings.
        label: By which LaTeX refers to it; absent = ``tab:STUDY``.

    Raises:
        UnknownNameError: for an unknown format.
        SpecError: for a binary format on a terminal, for a caption or a label of another format,
            and if no file may stand there.
        OutputError: if it cannot be written.
    """
    if (caption or label) and format != "latex":
        raise SpecError(f"--caption and --label go with --format latex, not with {format}")
    if caption or label:
        content = render_latex(table, caption=caption, label=label).encode()
    else:
        content = _content(table, format, DEFAULT_WIDTH)
    if target is None:
        if format == "parquet" and sys.stdout.isatty():
            raise SpecError("format 'parquet' is binary; give -o FILE")
        sys.stdout.buffer.write(content if format == "parquet" else printable_bytes(content))
        sys.stdout.flush()
        return
    write_file(target, content)


def plain(text: Fitted, width: int) -> str:
    """What rich would print in ``width`` columns, without colours, lines stripped at the end."""
    from rich.console import Console

    # Stated in full, so that neither a terminal nor the environment changes the text.
    console = Console(
        file=io.StringIO(),
        width=width,
        color_system=None,
        force_terminal=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(text, crop=False)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _content(table: Table, format: str, width: int) -> bytes:
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    return FORMATS[format](table, width)


FORMATS: Mapping[str, Callable[[Table, int], bytes]] = {
    "text": lambda table, width: plain(table_text(table), width).encode(),
    "markdown": lambda table, width: render_markdown(table).encode(),
    "latex": lambda table, width: render_latex(table).encode(),
    "csv": lambda table, width: render_table(to_arrow(table), "csv"),
    "parquet": lambda table, width: render_table(to_arrow(table), "parquet"),
    "json": lambda table, width: render_json(table).encode(),
}
"""From a name to the bytes of a table; the width counts for text."""
