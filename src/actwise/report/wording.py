"""What a table says in words, the same in every format; nothing here is escaped for one."""

from collections.abc import Iterator, Sequence

from ..analysis import Setting, Table, TableCell
from ..analysis.external import EXTERNAL_CAUTION, EXTERNAL_SOURCE
from ..analysis.numbers import UNKNOWN, number, span
from ..registry import format_value
from ..spec import ENGINE_VERSION, TrainSpec
from .paper import paper_accuracy

ALIAS_MARK = "†"

_SAID_IN_WORDS = (
    "width",
    "train.epochs",
    "train.schedule",
    "train.learning_rate",
    "train.train_size",
)


def printable(text: str) -> str:
    """``text`` with control characters written as escapes: a name cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def setting_text(value: Setting) -> str:
    """A setting as it is written in a study."""
    return printable(format_value(value))


def title(table: Table) -> str:
    """The first line of the heading: which studies."""
    studies = ", ".join(printable(study) for study in table.studies)
    return f"{studies or 'no study'}: test accuracy in percent, last epoch"


def scope(table: Table) -> str:
    """The second line: under which conditions the numbers hold."""
    if not table.cells:
        return "no runs"
    return "; ".join((*_conditions(table), f"seeds {ranges(table.seeds)}"))


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
                "Single runs tell no run SD, so it is that of other trainings "
                f"({EXTERNAL_SOURCE}); {EXTERNAL_CAUTION}."
            )
    elif table.error is not None:
        yield "Without intervals: these runs do not tell the run-to-run deviation."
    if any(paper_accuracy(cell) is not None for cell in table.cells):
        yield (
            "Beside it stands the paper's number (Ryu & Yoon 2017, Tables 3 and 4): one run, full "
            "width, trained until it no longer progressed."
        )
    if any(cell.num_diverged for cell in table.cells):
        yield "Diverged runs ended with a non-finite loss; the mean is that of the others."
    if any(cell.num_failed for cell in table.cells):
        yield "Failed runs ended with an error; `actwise show run ID` prints it."
    if any(cell.is_aliased for cell in table.cells):
        yield (
            f"{ALIAS_MARK} Another label stands for the same network and data; it was trained once."
        )
    if len(table.environments) > 1:
        # A backtick would begin a command: see code_parts.
        names = "; ".join(
            f"{printable(name)}: seed{'s' if len(seeds) > 1 else ''} {ranges(seeds)}"
            for name, seeds in table.environments.items()
        ).replace("`", "'")
        yield f"The runs come from {len(table.environments)} numerics fingerprints ({names})."


def code_parts(note: str) -> Iterator[tuple[str, bool]]:
    """The parts of a sentence, and whether each is a command, which stands between backticks."""
    for position, part in enumerate(note.split("`")):
        if part:
            yield part, position % 2 == 1


def value_text(cell: TableCell) -> str:
    """Mean and spread; no spread for a single run."""
    if cell.mean is None:
        return UNKNOWN
    return number(cell.mean) + ("" if cell.sd is None else f" ± {number(cell.sd)}")


def shortfalls(cell: TableCell) -> list[str]:
    """What became of the runs that are not in the mean."""
    counts = (
        ("diverged", cell.num_diverged),
        ("failed", cell.num_failed),
        ("missing", cell.num_missing),
    )
    return [f"{word} {number}/{cell.num_runs}" for word, number in counts if number]


def support(cell: TableCell, paper: float | None) -> list[str]:
    """The number of runs, the interval of their mean, and the paper's number."""
    found = [f"n={cell.num_finished}"] if cell.num_finished else []
    found += [span(*cell.interval)] if cell.interval else []
    return found + ([] if paper is None else [f"paper {paper:.2f}"])


def _conditions(table: Table) -> Iterator[str]:
    common = table.scope
    if "width" in common:
        yield f"width {setting_text(common['width'])}"
    if "train.epochs" in common:
        at_most = "at most " if common.get("train.schedule") == "plateau" else ""
        epochs = common["train.epochs"]
        yield f"{at_most}{setting_text(epochs)} epoch{'' if epochs == 1 else 's'}"
    if "train.schedule" in common:
        yield f"{setting_text(common['train.schedule'])} schedule"
    if "train.learning_rate" in common:
        yield f"learning rate {setting_text(common['train.learning_rate'])}"
    if "train.train_size" in common:
        yield _training_images(common["train.train_size"], common.get("train.validation_fraction"))
    for name, value in common.items():
        if _is_unusual(name, value):
            yield f"{name.removeprefix('train.')}={setting_text(value)}"


def _training_images(train_size: Setting, validation_fraction: Setting) -> str:
    if train_size is not None:
        return f"{train_size} training images"
    return "all training images" + (" outside the validation split" if validation_fraction else "")


def _is_unusual(name: str, value: object) -> bool:
    if name == "engine_version":
        return value != ENGINE_VERSION
    if name in _SAID_IN_WORDS:
        return False
    return bool(value != TrainSpec.model_fields[name.removeprefix("train.")].default)


def ranges(numbers: Sequence[int]) -> str:
    """``0..2, 5`` for 0, 1, 2, 5."""
    spans: list[list[int]] = []
    for value in numbers:
        if spans and value == spans[-1][-1] + 1:
            spans[-1].append(value)
        else:
            spans.append([value])
    return ", ".join(f"{s[0]}..{s[-1]}" if len(s) > 1 else str(s[0]) for s in spans) or "none"
