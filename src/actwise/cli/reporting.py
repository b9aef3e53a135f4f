"""``actwise report``: everything in one HTML file, to read or to send to somebody."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from .options import Artifacts, StudyName, Where
from .output import count, print_text
from .reading import (
    ClaimsFile,
    Contrast,
    Factors,
    FromBank,
    FromCsv,
    FromStore,
    LowerIsBetter,
    Margin,
    Origin,
    Response,
    Scale,
    Sums,
    Variance,
    make_question,
    read_and_analyze,
)


def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.html", help="The report.")
    ],
    store: FromStore = None,
    csv: FromCsv = None,
    bank: FromBank = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Write every figure as SVG and PNG too."),
    ] = None,
    study: StudyName = None,
    where: Where = None,
    factors: Factors = None,
    response: Response = None,
    lower_is_better: LowerIsBetter = False,
    contrast: Contrast = None,
    claims: ClaimsFile = None,
    margin: Margin = None,
    scale: Scale = "points",
    variance: Variance = "pooled",
    sums: Sums = "II",
    artifacts: Artifacts = None,
) -> None:
    """Write one HTML file: the decision, tables with intervals, figures, claims, findings."""
    question = make_question(
        contrast=contrast,
        claims=claims,
        margin=margin,
        scale=scale,
        variance=variance,
        sums=sums,
        command="report",
    )
    analysis = read_and_analyze(
        Origin(store, csv, bank, artifacts),
        question=question,
        study=study,
        where=where or (),
        factors=factors,
        response=response,
        lower_is_better=lower_is_better,
    )
    from ..report.figures import write_figures
    from ..report.html import write_report

    write_report(analysis, output, command=shlex.join(["actwise", *sys.argv[1:]]))
    print_text(f"report: {output}")
    if figures is not None:
        paths = write_figures(analysis, figures)
        print_text(f"figures: {count(len(paths), 'file')} in {figures}")


def write_demo_report(store: str) -> None:
    """The report of the demo, beside its store."""
    from ..report.html import report as write

    target = Path(f"{store.rstrip('/')}-report.html")
    analysis = write(store, target)
    print_text(f"report: {target.resolve()}", "", analysis.decision.headline)
