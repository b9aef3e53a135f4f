"""The options of an analysis, declared once for every command that makes one."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..errors import SpecError
from ..registry import split_outside
from .options import Artifacts, StudyName, Where

if TYPE_CHECKING:
    from ..analysis import Analysis
    from ..analysis.effects import Sums
    from ..analysis.model import Scale


def _analysis(
    store: Annotated[
        str | None, typer.Option("--store", metavar="PATH", help="A store, or a database URL.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="A CSV file, one row a run.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            metavar="NAME",
            help="Who wrote the CSV file: wandb, optuna, mlflow or tensorboard (default: found).",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="OURS=THEIRS,...",
            help="What the CSV file's columns are, such as seed=run_seed,...",
        ),
    ] = None,
    bank: Annotated[
        str | None,
        typer.Option("--bank", metavar="NAME", help="paper, trottier, mish or caffenet."),
    ] = None,
    study: StudyName = None,
    where: Where = None,
    factors: Annotated[
        str | None, typer.Option("--factors", metavar="A,B", help="Columns that tell cells apart.")
    ] = None,
    response: Annotated[
        str | None, typer.Option("--response", metavar="COLUMN", help="Default: test_accuracy.")
    ] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="The response is an error or a loss.")
    ] = False,
    contrast: Annotated[
        str | None,
        typer.Option("--contrast", metavar="A,B", help="Only A minus B, and what changes it."),
    ] = None,
    claims: Annotated[
        Path | None, typer.Option("--claims", metavar="FILE", help="Further claims, in TOML.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", metavar="X", help="What counts as no difference, in points."),
    ] = None,
    scale: Annotated[
        str, typer.Option("--scale", metavar="points|logit", help="Of effects and gains.")
    ] = "points",
    strata: Annotated[
        str | None,
        typer.Option(
            "--strata",
            metavar="A,B",
            help="Factors whose combinations share one residual variance (default: a network's).",
        ),
    ] = None,
    sums: Annotated[
        str,
        typer.Option(
            "--sums",
            metavar="II|III",
            help="Type of the sums of squares; III needs runs in all cells.",
        ),
    ] = "II",
    artifacts: Artifacts = None,
    *,
    command: str,
) -> "Analysis":
    """Analyse what the options name; a store keeps a record of the look."""
    given = [value for value in (store, csv, bank) if value is not None]
    if len(given) != 1:
        raise SpecError("give exactly one of --store PATH, --csv FILE and --bank NAME")
    if csv is None and (preset is not None or columns is not None):
        raise SpecError("--preset and --map say what a CSV file holds; they go with --csv")
    if study is not None and store is None:
        raise SpecError("--study names a study of a store; it goes with --store")
    from ..analysis import Question, analyze_results, analyze_store
    from ..analysis.reading import Selection, read_bank, read_file
    from ..store import RunStore

    question = Question(
        _pair(contrast),
        claims,
        margin,
        cast("Scale", scale),  # the analysis holds both words against those it knows
        _names(strata),
        cast("Sums", sums),
        command,
    )
    selection = Selection(
        _names(factors),
        response,
        lower_is_better,
        study,
        tuple(where or ()),
        preset,
        _columns(columns),
    )
    if store is not None:
        with RunStore.open(store, artifacts=artifacts) as opened:
            return analyze_store(opened, selection, question)
    results = read_file(csv, selection) if csv is not None else read_bank(str(bank), selection)
    return analyze_results(results, question)


def analyses(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of an analysis, and the analysis as its first argument."""
    shared = [p for p in inspect.signature(_analysis).parameters.values() if p.name != "command"]
    _, *own = inspect.signature(command).parameters.values()
    names = {parameter.name for parameter in shared}

    @wraps(command)
    def with_options(**given: Any) -> None:
        asked = {name: given.pop(name) for name in names}
        command(_analysis(**asked, command=command.__name__), **given)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
    vars(with_options)["__signature__"] = inspect.Signature(parameters)
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_options


def _pair(contrast: str | None) -> tuple[str, str] | None:
    if contrast is None:
        return None
    parts = [part.strip() for part in split_outside(contrast, ",")]
    if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
        raise SpecError(f"--contrast {contrast!r} is not two levels A,B of the compared factor")
    return parts[0], parts[1]


def _columns(text: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in split_outside(text, ",") if text is not None else ():
        ours, equals, theirs = (piece.strip() for piece in part.partition("="))
        if not (ours and equals and theirs) or ours in found or theirs in found.values():
            raise SpecError(f"--map {part.strip()!r} is not OURS=THEIRS, each of them once")
        found[ours] = theirs
    return found


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in split_outside(text, ","))
