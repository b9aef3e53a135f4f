"""``actwise report``: everything in one HTML file, to read or to send to somebody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..numbers import counted
from .analysis_options import analyses
from .options import output_file, output_folder
from .output import print_text, typed_command

if TYPE_CHECKING:
    from ..analysis import Analysis


@analyses
def report(
    analysis: "Analysis",
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE.html", help="The report.", callback=output_file
        ),
    ],
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures",
            metavar="DIR",
            help="Write every figure as SVG too.",
            callback=output_folder,
        ),
    ] = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="The figures of --figures as PDF as well.")
    ] = False,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="Above it (default: the study's name).")
    ] = "",
    author: Annotated[
        str, typer.Option("--author", metavar="NAME", help="Who made it, below the title.")
    ] = "",
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What the reader is to be told first.")
    ] = "",
) -> None:
    """Write one HTML file: the decision, tables with intervals, figures, claims, findings."""
    from ..report.figures import write_figures
    from ..report.html import Cover, write_report

    if pdf and figures is None:
        raise SpecError("--pdf says how figures are written; it goes with --figures DIR")
    cover = Cover(title, author, note)
    write_report(analysis, output, command=typed_command(), cover=cover)
    print_text(f"report: {output}")
    if figures is not None:
        paths = write_figures(analysis, figures, with_pdf=pdf)
        print_text(f"figures: {counted(len(paths), 'file')} in {figures}")


def write_demo_report(store: str, target: Path) -> str:
    """Write the report of the demo; what to use, in a sentence."""
    from ..report.html import report as write
    from ..report.words import headline

    return f"{headline(write(store, target))}."
