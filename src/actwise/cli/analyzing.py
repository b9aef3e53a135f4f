"""``actwise analyze``: what the runs say, with intervals, verdicts and findings."""

from typing import TYPE_CHECKING, Annotated

import typer

from .analysis_options import analyses
from .options import AsJson
from .output import print_json, print_renderables, typed_command

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
    print_renderables([analysis_text(analysis, command=typed_command(), full=full)])
