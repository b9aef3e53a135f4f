"""The report: one HTML file that needs nothing else, the choice for each network first.

No script, no network: the policy in its head forbids everything but its own style sheet, whose
hash it names. Every text is escaped by the template; pictures are inline SVG.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..analysis import Analysis, analyze
from ..numbers import counted
from ..printable import printable
from ..store.exchange import write_file
from . import words
from .figures import (
    NARROW,
    WIDE,
    Drawing,
    curve_figures,
    summary_figure,
    svg_style,
    to_svg,
    write_figures,
)
from .views import choice_view, sections

MOST_ROWS = 400
"""Rows of one table in a report; ``analyze --json`` has them all."""
_FOLDER = Path(__file__).parent


def report(
    source: Any, target: str | Path, *, figures_dir: str | Path | None = None, **question: Any
) -> Analysis:
    """Analyse a source and write its report.

    Args:
        source: A store, a CSV file, ``bank:NAME``, or rows.
        target: The HTML file.
        figures_dir: Folder for the figures as SVG and PNG.
        **question: As for :func:`actwise.analyze`.

    Raises:
        ActwiseError: if the source cannot be read or the file cannot be written.
    """
    analysis = analyze(source, command="report", **question)
    write_report(analysis, Path(target), command="aw.report(...)")
    if figures_dir is not None:
        write_figures(analysis, Path(figures_dir))
    return analysis


def write_report(analysis: Analysis, target: Path, *, command: str) -> None:
    """Write the report of an analysis.

    Raises:
        SpecError: if no file may stand there.
        OutputError: if it cannot be written.
    """
    write_file(target, render_html(analysis, command=command).encode("utf-8", "backslashreplace"))


def render_html(analysis: Analysis, *, command: str, now: datetime | None = None) -> str:
    """The report as text.

    Args:
        analysis: From :func:`actwise.analyze`.
        command: What made it, for the provenance.
        now: The time that it bears; absent = this moment, UTC.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_FOLDER / "report.css").read_text(encoding="utf-8") + svg_style(root=":root")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pictures = {
        "first": _both(lambda width: summary_figure(analysis, width=width)),
        "curves": _both(lambda width: curve_figures(analysis, width=width)),
    }
    return environment.get_template("template.html.j2").render(
        analysis=analysis,
        words=words,
        # Both are ours: the style sheet is a file beside this one, pictures escape their texts.
        style=Markup(style),
        picture=Markup,
        pictures=pictures,
        choice=choice_view(analysis),
        sections=[s for s in sections(analysis) if s.views or s.sentences or pictures.get(s.id)],
        specs=[
            (note.study, json.dumps(json.loads(note.spec_json), indent=2, ensure_ascii=False))
            for note in analysis.results.studies
        ],
        counted=counted,
        digest=digest,
        command=command,
        version=__version__,
        most_rows=MOST_ROWS,
        now=(now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _shown(value: Any) -> Any:
    """What a page shows of a value; markup is ours."""
    return value if hasattr(value, "__html__") else printable(str(value), keep="\n")


def _both(draw: Callable[[float], list[Drawing]]) -> dict[str, list[str]]:
    """Pictures for a wide window, which they share, and for a narrow one; empty without any."""
    narrow = draw(NARROW)
    wide = draw(max(NARROW, WIDE / max(1, len(narrow))))
    both = {"wide": wide, "narrow": narrow} if narrow else {}
    return {name: [to_svg(drawing) for drawing in found] for name, found in both.items()}
