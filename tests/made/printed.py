"""What an analysis prints in a terminal of a given width."""

from actwise.analysis import Analysis
from actwise.report import analysis_text, plain


def lines_of(analysis: Analysis, *, width: int = 100, full: bool = False) -> list[str]:
    """Lines of the short form, or of everything."""
    return plain(analysis_text(analysis, full=full), width).splitlines()


def printed(analysis: Analysis, *, width: int = 100, full: bool = True) -> str:
    """Everything in one line, so that no sentence is broken."""
    return " ".join(" ".join(lines_of(analysis, width=width, full=full)).split())
