"""Options that several commands take, and how their values are read."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..numbers import read_duration
from ..registry import split_outside

if TYPE_CHECKING:
    from ..sweep.watch import Detail

_ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".md": "markdown",
    ".parquet": "parquet",
    ".tex": "latex",
    ".txt": "text",
}


def _studies(incomplete: str) -> list[str]:
    """What completion offers: shipped studies, and the TOML files here."""
    from ..spec import shipped_studies

    names = [*shipped_studies(), *sorted(str(path) for path in Path().glob("*.toml"))]
    return [name for name in names if name.startswith(incomplete)]


def whole_number(text: str) -> int:
    """The number in ``text``; typer's own refusal does not say what was given.

    Raises:
        typer.BadParameter: if it is none.
    """
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number") from None


Study = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A TOML file, or the name of a shipped study.",
        autocompletion=_studies,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE",
        help="Changes to the study: factors.activation=relu,elu train.epochs=10 seeds=0..2",
    ),
]
Store = Annotated[
    str, typer.Option("--store", metavar="PATH", help="Folder of the store, or a database URL.")
]
Artifacts = Annotated[
    Path | None,
    typer.Option("--artifacts", metavar="DIR", help="Weights and logs; with a URL only."),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where data sets lie (default: $ACTWISE_DATA)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; docs/json.md has the shapes.")]
StudyName = Annotated[
    str | None, typer.Option("--study", metavar="NAME", help="Only this study of the store.")
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FIELD=VALUE", help="Only such runs; may be repeated."),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device", metavar="cpu|cuda|auto", help="Where to train; auto: CUDA where there is one."
    ),
]
RunsIn = Annotated[
    str | None,
    typer.Option("--store", metavar="PATH", help="Where runs go: a folder, or a URL."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        parser=whole_number,
        metavar="N",
        help="Runs in flight (default: what cores and memory carry).",
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads", parser=whole_number, metavar="N", help="Threads a run; part of its numerics."
    ),
]
TimeLimit = Annotated[
    str | None,
    typer.Option("--time-limit", metavar="TIME", help="Stop, with checkpoints: 90s, 10m, 2h."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Run again what raised an exception.")
]
Incumbent = Annotated[
    str,
    typer.Option(
        "--incumbent", metavar="LEVEL", help="The one in use, to compare with; none: there is none."
    ),
]
AcceptEngine = Annotated[
    list[int] | None,
    typer.Option(
        "--accept-engine",
        parser=whole_number,
        metavar="N",
        help="Take results of engine N as finished.",
    ),
]
AcceptCodeDigest = Annotated[
    list[str] | None,
    typer.Option(
        "--accept-code-digest",
        metavar="DIGEST",
        help="Take results of users' code of this digest as finished.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on stderr of how far it is.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="A line an epoch, with whole names of runs.")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")
]


def output_file(path: Path | None) -> Path | None:
    """The file of an option, refused before the command does anything.

    Raises:
        SpecError: if no file may stand there.
        OutputError: if there is no folder for it.
    """
    from ..store.exchange import refuse_output, require_folder_of

    if path is not None:
        refuse_output(path)
        require_folder_of(path)
    return path


def output_folder(path: Path | None) -> Path | None:
    """The folder of an option, refused before the command does anything.

    Raises:
        SpecError: if no folder may stand there.
    """
    from ..store.exchange import refuse_output_folder

    if path is not None:
        refuse_output_folder(path)
    return path


def detail_of(*, quiet: bool, verbose: bool) -> "Detail":
    """How much is told of the progress of runs.

    Raises:
        SpecError: if both are asked for.
    """
    if quiet and verbose:
        raise SpecError("--quiet and --verbose contradict one another; give one of them")
    return "quiet" if quiet else "verbose" if verbose else "usual"


def parse_duration(text: str | None) -> float | None:
    """Seconds of ``90``, ``90s``, ``10m``, ``1h30m``; None stays None.

    Raises:
        SpecError: for anything else, and for no time at all.
    """
    if text is None:
        return None
    seconds = read_duration(text)
    if seconds is None:
        raise SpecError(f"--time-limit {text!r} is not a duration such as 90s, 10m or 1h30m")
    return seconds


def levels_of(text: str | None) -> list[str] | None:
    """The levels of ``relu,elu(0.5)``: commas inside parentheses do not separate; None stays None.

    Raises:
        SpecError: if one is empty.
    """
    if text is None:
        return None
    levels = [level.strip() for level in split_outside(text, ",")]
    if not all(levels):
        raise SpecError(f"{text!r} holds an empty level; write them as relu,elu(0.5)")
    return levels


def incumbent_of(text: str) -> str | None:
    """The activation in use; None of ``none``."""
    return None if text == "none" else text


def choose_format(given: str | None, *, output: Path | None, is_json: bool, default: str) -> str:
    """The format that is asked for: by ``--format``, ``--json`` or the ending of the file.

    Raises:
        SpecError: if ``--json`` and ``--format`` say different things.
    """
    if is_json and given not in (None, "json"):
        raise SpecError(f"--json and --format {given} ask for two formats; give one of them")
    ending = None if output is None else _ENDINGS.get(output.suffix.lower())
    return "json" if is_json else given or ending or default


def allow_user_code() -> None:
    """Let levels such as ``my_module:MyActivation`` be found in the working directory.

    Called by the commands that train or plan; commands that only read import no user's code.
    """
    sys.path.insert(0, str(Path.cwd()))
