"""The options by which ``analyze`` and ``report`` find their runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..registry import split_outside

if TYPE_CHECKING:
    from ..analysis.analyze import Question
    from ..analysis.results import Analysis

FromStore = Annotated[
    str | None, typer.Option("--store", metavar="PATH", help="A store, or a database URL.")
]
FromCsv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="A CSV file, one row a run.")
]
FromBank = Annotated[
    str | None,
    typer.Option("--bank", metavar="NAME", help="paper, trottier, mish or caffenet."),
]
Factors = Annotated[
    str | None, typer.Option("--factors", metavar="A,B", help="Columns that tell cells apart.")
]
Response = Annotated[
    str | None, typer.Option("--response", metavar="COLUMN", help="Default: test_accuracy.")
]
LowerIsBetter = Annotated[
    bool, typer.Option("--lower-is-better", help="The response is an error or a loss.")
]
Contrast = Annotated[
    str | None,
    typer.Option("--contrast", metavar="A,B", help="Only A minus B, and what changes it."),
]
ClaimsFile = Annotated[
    Path | None, typer.Option("--claims", metavar="FILE", help="Further claims, in TOML.")
]
Margin = Annotated[
    float | None,
    typer.Option("--margin", metavar="X", help="What counts as no difference, in points."),
]
Scale = Annotated[
    str, typer.Option("--scale", metavar="points|logit", help="Of gains; logit adds pairs on it.")
]

Variance = Annotated[
    str,
    typer.Option(
        "--variance",
        metavar="pooled|cell",
        help="One residual variance a data set, or each cell its own.",
    ),
]

Sums = Annotated[
    str,
    typer.Option(
        "--sums",
        metavar="II|III",
        help="Type of the sums of squares; III needs runs in all cells.",
    ),
]


@dataclass(frozen=True)
class Origin:
    """Where the runs of a command lie: exactly one of the three is given."""

    store: str | None
    csv: Path | None
    bank: str | None
    artifacts: Path | None = None

    def __post_init__(self) -> None:
        """Refuse none and several."""
        given = [value for value in (self.store, self.csv, self.bank) if value is not None]
        if len(given) != 1:
            raise SpecError("give exactly one of --store PATH, --csv FILE and --bank NAME")


def read_and_analyze(
    origin: Origin,
    *,
    question: "Question",
    study: str | None = None,
    where: Sequence[str] = (),
    factors: str | None = None,
    response: str | None = None,
    lower_is_better: bool = False,
) -> "Analysis":
    """Analyse what the options name; a store keeps a record of the look."""
    from ..analysis.analyze import analyze_source, analyze_store
    from ..analysis.reading import Selection, read_bank, read_file
    from ..store import RunStore

    names = tuple(part.strip() for part in split_outside(factors, ",")) if factors else None
    selection = Selection(names, response, lower_is_better, study, tuple(where))
    if study is not None and origin.store is None:
        raise SpecError("--study names a study of a store; it goes with --store")
    if origin.store is not None:
        with RunStore.open(origin.store, artifacts=origin.artifacts) as opened:
            return analyze_store(opened, selection, question)
    if origin.csv is not None:
        return analyze_source(read_file(origin.csv, selection), question)
    return analyze_source(read_bank(str(origin.bank), selection), question)


def make_question(
    *,
    contrast: str | None,
    claims: Path | None,
    margin: float | None,
    scale: str,
    variance: str,
    sums: str,
    command: str,
) -> "Question":
    """What the options ask for.

    Raises:
        SpecError: if a contrast is not a pair.
    """
    from ..analysis.analyze import Question

    pair = None
    if contrast is not None:
        parts = [part.strip() for part in split_outside(contrast, ",")]
        if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
            raise SpecError(f"--contrast {contrast!r} is not two levels A,B of the compared factor")
        pair = (parts[0], parts[1])
    # The analysis holds the words against those it knows.
    return Question(pair, claims, margin, scale, variance, sums, command)  # type: ignore[arg-type]
