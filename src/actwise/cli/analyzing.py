"""``actwise analyze``: what the runs say, with intervals, verdicts and findings."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .analysis_options import analyses
from .options import AsJson
from .output import print_json, print_renderables

if TYPE_CHECKING:
    from ..analysis import Analysis


@analyses
def analyze(
    analysis: "Analysis",
    full: Annotated[
        bool, typer.Option("--full", help="Everything, not only the first screen.")
    ] = False,
    json: AsJson = False,
) -> None:
    """What to use for each network, how sure that is, and what to do next."""
    from ..report import analysis_json, analysis_text

    if json:
        print_json(analysis_json(analysis))
        return
    command = shlex.join(["actwise", *sys.argv[1:]])
    print_renderables([analysis_text(analysis, command=command, full=full)])
