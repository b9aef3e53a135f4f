"""The report: one HTML file that needs nothing else, the choice for each network first.

No script, no network: the policy in its head forbids everything but its own style sheet, whose
hash it names. Every text is escaped by the template; pictures are inline SVG.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..analysis import Analysis, analyze
from ..store.exchange import write_file
from . import words
from .figures import curve_figures, summary_figure, write_figures
from .page import both_widths, make_environment, page_values
from .views import choice_view, sections


@dataclass(frozen=True)
class Cover:
    """What stands above a report for a person who is sent it; all of it may be empty.

    Attributes:
        title: In place of the name of the study.
        author: Who made it.
        note: Whatever is to be said first; its line breaks stay.
    """

    title: str = ""
    author: str = ""
    note: str = ""


def report(
    source: Any,
    target: str | Path,
    *,
    figures_dir: str | Path | None = None,
    title: str = "",
    author: str = "",
    note: str = "",
    **question: Any,
) -> Analysis:
    """Analyse a source and write its report.

    Args:
        source: A store, a CSV file, ``bank:NAME``, rows, or a DataFrame.
        target: The HTML file.
        figures_dir: Folder for the figures as SVG.
        title: Of the report, in place of the study's name.
        author: Who made it.
        note: What a reader is to be told first.
        **question: As for :func:`actwise.analyze`.

    Raises:
        ActwiseError: if the source cannot be read or the file cannot be written.
    """
    analysis = analyze(source, command="report", **question)
    cover = Cover(title, author, note)
    write_report(analysis, Path(target), command="aw.report(...)", cover=cover)
    if figures_dir is not None:
        write_figures(analysis, Path(figures_dir))
    return analysis


_NO_COVER = Cover()


def write_report(
    analysis: Analysis, target: Path, *, command: str, cover: Cover = _NO_COVER
) -> None:
    """Write the report of an analysis.

    Raises:
        SpecError: if no file may stand there.
        OutputError: if it cannot be written.
    """
    page = render_html(analysis, command=command, cover=cover)
    write_file(target, page.encode("utf-8", "backslashreplace"))


def render_html(
    analysis: Analysis, *, command: str, now: datetime | None = None, cover: Cover = _NO_COVER
) -> str:
    """The report as text.

    Args:
        analysis: From :func:`actwise.analyze`.
        command: What made it, for the provenance.
        now: The time that it bears; absent = this moment, UTC.
        cover: Title, author and note.
    """
    analysis = words.with_labels(analysis)
    environment = make_environment()
    pictures = {
        "first": both_widths(lambda width: summary_figure(analysis, width=width)),
        "curves": both_widths(lambda width: curve_figures(analysis, width=width)),
    }
    return environment.get_template("report.html.j2").render(
        analysis=analysis,
        cover=cover,
        words=words,
        pictures=pictures,
        choice=choice_view(analysis),
        sections=[s for s in sections(analysis) if s.views or s.sentences or pictures.get(s.id)],
        specs=[
            (note.study, json.dumps(json.loads(note.spec_json), indent=2, ensure_ascii=False))
            for note in analysis.results.studies
        ],
        **page_values(command=command, now=now),
    )
