"""What ``actwise table`` says in words, the same in every format; nothing is escaped for one."""

from collections.abc import Iterator

from ...analysis.model import EXTERNAL_SOURCE
from ...analysis.table import Table
from ...printable import printable
from ...store.tables import setting_of
from ..words import listed, seeds_text, settings_text
from .grid import ALIAS_MARK
from .paper import paper_of


def title(table: Table) -> str:
    """The first line of the heading: which studies."""
    studies = ", ".join(printable(study) for study in table.studies)
    response = table.response
    if not response.is_task:
        return f"{studies or 'no study'}: test accuracy in percent, last epoch"
    in_percent = " in percent" * (response.unit == "percent")
    return f"{studies}: {response_name(table)}{in_percent}, as the training gave it back"


def response_name(table: Table) -> str:
    """``test accuracy``."""
    return printable(setting_of(table.response.column).replace("_", " "))


def scope(table: Table) -> str:
    """The second line: under which conditions the numbers hold."""
    if not table.cells:
        return "no runs"
    return "; ".join(
        (*settings_text({n: (value,) for n, value in table.scope.items()}), seeds_text(table.seeds))
    )


def notes(table: Table) -> Iterator[str]:
    """What a reader must know of single cells, a sentence each."""
    if any(cell.num_finished > 1 for cell in table.cells):
        yield "± is the standard deviation over seeds, n the number of finished runs."
    if table.error:
        yield (
            f"Below it stands the 95 % interval of the mean ({table.error}); `actwise analyze` "
            "compares them."
        )
        if "external" in table.error:
            yield (
                f"Single runs tell no run SD, so it is that of other trainings ({EXTERNAL_SOURCE})."
            )
    elif table.error is not None:
        yield "Without intervals: these runs do not tell the run-to-run deviation."
    if any(paper_of(cell) is not None for cell in table.cells):
        yield (
            "Beside it stands the paper's number (Ryu & Yoon 2017, Tables 3 and 4): one run, full "
            "width, trained until it no longer progressed."
        )
    if any(cell.num_diverged for cell in table.cells):
        yield "Diverged runs ended with a non-finite loss; the mean is that of the others."
    if any(cell.num_failed for cell in table.cells):
        yield "Failed runs ended with an error; `actwise show run ID` prints it."
    if table.outdated:
        yield f"Left out: {listed([printable(str(found)) for found in table.outdated])}."
    for mixture in table.mixtures:
        yield f"{printable(mixture[0].upper() + mixture[1:])}."
    for accident, number in table.accidents.items():
        runs = "1 run has" if number == 1 else f"{number} runs have"
        # A backtick would begin a command: see code_parts.
        reason = printable(accident).replace("`", "'")
        yield f"{runs} no result, put back since {reason}; `actwise status` names them."
    if any(cell.is_aliased for cell in table.cells):
        yield (
            f"{ALIAS_MARK} Another label stands for the same network and data; it was trained once."
        )
    if len(table.environments) > 1:
        # A backtick would begin a command: see code_parts.
        names = "; ".join(
            f"{printable(name)}: {seeds_text(seeds)}" for name, seeds in table.environments.items()
        ).replace("`", "'")
        yield f"The runs come from {len(table.environments)} numerics fingerprints ({names})."
