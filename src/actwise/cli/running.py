"""``actwise run`` and ``actwise demo``: train what a store lacks of a study."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..numbers import counted
from ..signs import listening
from ..usercode import exception_line
from .options import (
    AcceptCodeDigest,
    AcceptEngine,
    Artifacts,
    AsJson,
    Data,
    DeviceOption,
    Overrides,
    Quiet,
    RetryFailed,
    RunsIn,
    Study,
    Threads,
    TimeLimit,
    Verbose,
    Workers,
    allow_user_code,
    detail_of,
    parse_duration,
)
from .output import own_command, print_folded, print_json, print_text
from .reporting import write_demo_report
from .sign_of_life import SignOfLife
from .tables import print_table, read_table

if TYPE_CHECKING:
    from ..spec import StudySpec
    from ..sweep import Outcome, RunOptions
    from ..sweep.tries import SmokeReport, SmokeResult
    from ..sweep.watch import Detail

_DEMO_STORE = "actwise-demo"
_STOPPED = (4, 130, 143)
"""Exit codes of a time limit, Ctrl-C and SIGTERM."""
_MOST_NAMED = 6


def run(
    study: Study,
    overrides: Overrides = None,
    store: RunsIn = None,
    data: Data = None,
    workers: Workers = None,
    threads: Threads = 1,
    device: DeviceOption = "auto",
    executor: Annotated[
        str,
        typer.Option(
            "--executor", metavar="NAME", help="inline, process or ray: where runs happen."
        ),
    ] = "process",
    ray_address: Annotated[
        str | None,
        typer.Option(
            "--ray-address",
            metavar="ADDRESS",
            help="HOST:PORT, auto or local (default: $RAY_ADDRESS, or this machine's cluster).",
        ),
    ] = None,
    gpus_per_worker: Annotated[
        float | None,
        typer.Option(
            "--gpus-per-worker", metavar="X", help="On Ray (default: 1; 0.25 shares one)."
        ),
    ] = None,
    artifacts: Artifacts = None,
    time_limit: TimeLimit = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Two batches of every cell; nothing is kept.")
    ] = False,
    keep_weights: Annotated[
        bool, typer.Option("--keep-weights", help="Keep final weights, for load_model.")
    ] = False,
    retry_failed: RetryFailed = False,
    observe_again: Annotated[
        bool, typer.Option("--observe-again", help="Repeat runs that lack an observation.")
    ] = False,
    accept_engine: AcceptEngine = None,
    accept_code_digest: AcceptCodeDigest = None,
    allow_environment_change: Annotated[
        bool,
        typer.Option(
            "--allow-environment-change", help="Go on from checkpoints of another environment."
        ),
    ] = False,
    claims: Annotated[
        Path | None,
        typer.Option(
            "--claims",
            metavar="FILE",
            help="Claims to test, in TOML: the store notes that they came before the runs.",
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: AsJson = False,
) -> int:
    """Train every run of a study that the store lacks. The same command resumes."""
    from ..spec import load_study
    from ..sweep import RunOptions

    changes = [*(overrides or []), *(["observe.keep_weights=on"] if keep_weights else [])]
    # RunOptions holds the names of device and executor against those it knows.
    options = RunOptions(
        data_dir=data,
        workers=workers,
        threads=threads,
        device=device,  # type: ignore[arg-type]
        executor=executor,  # type: ignore[arg-type]
        ray_address=ray_address,
        gpus_per_worker=gpus_per_worker,
        time_limit_seconds=parse_duration(time_limit),
        retry_failed=retry_failed,
        observe_again=observe_again,
        accept_engines=tuple(accept_engine or ()),
        accept_code_digests=tuple(accept_code_digest or ()),
        allow_environment_change=allow_environment_change,
    )
    allow_user_code()
    if smoke or store is None:
        spec = load_study(study, changes)
    if claims is not None:
        from ..analysis.claims import read_claims

        read_claims(claims)  # what cannot be read is refused before anything is trained
    detail = detail_of(quiet=quiet, verbose=verbose)
    if smoke:
        return _smoke(spec, options, detail=detail, is_json=json)
    if store is None:
        raise SpecError("run needs --store PATH, the folder where results go")
    outcome = _run(
        study,
        store,
        artifacts,
        options,
        overrides=changes,
        claims=claims,
        detail=detail,
        is_json=json,
    )
    if not json:
        if outcome.exit_code in _STOPPED:
            print_text("stopped: the same command goes on from here")
        at_store = _at_store(store, artifacts)
        if outcome.failed:
            run_id = _failed_run(load_study(study, changes).name, store, artifacts)
            print_text(f"traceback: actwise show run {run_id} {at_store}")
        if not quiet and (not outcome.failed or outcome.finished or outcome.diverged):
            print_text(f"results: actwise table {at_store}")
    return outcome.exit_code


def demo(
    store: Annotated[
        str, typer.Option("--store", metavar="PATH", help="Where its results go.")
    ] = _DEMO_STORE,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: AsJson = False,
) -> int:
    """Run a whole small study on images of digits that come along: its table and its report."""
    from ..sweep import RunOptions
    from ..sweep.watch import describe_seconds

    started = time.monotonic()
    detail = detail_of(quiet=quiet, verbose=verbose)
    outcome = _run("demo", store, None, RunOptions(device="cpu"), detail=detail, is_json=json)
    if json:
        return outcome.exit_code
    seconds = time.monotonic() - started
    print_table(read_table(store))
    target = f"{store.rstrip('/')}-report.html"
    decision = write_demo_report(store, Path(target))
    us, at_store = own_command(), _at_store(store)
    print_text("")
    for name, text in (
        ("time", f"{describe_seconds(seconds)}; {counted(outcome.finished, 'run')} in {store}"),
        ("decision", decision),
        ("report", f"{target} (open it in a browser)"),
        ("next", f"`{us} analyze {at_store}` says how sure that is and what would settle it;"),
        ("", f"`{us} init my-study.toml` writes a study of your own, to change and run"),
    ):
        print_folded(name, text)
    return outcome.exit_code


def _at_store(store: str, artifacts: Path | None = None) -> str:
    """The options that say where the results are, to be typed."""
    from ..store import locate

    return locate(store, artifacts=artifacts).as_options


def _run(
    study: str,
    store: str,
    artifacts: Path | None,
    options: "RunOptions",
    *,
    overrides: Sequence[str] = (),
    claims: Path | None = None,
    detail: "Detail",
    is_json: bool,
) -> "Outcome":
    from ..sweep.run import run as run_in_store
    from ..sweep.watch import choose_progress

    with listening(SignOfLife("images", is_quiet=detail == "quiet")):
        return run_in_store(
            study,
            store,
            overrides=overrides,
            artifacts=artifacts,
            claims=claims,
            progress=choose_progress(is_json=is_json, detail=detail),
            **vars(options),
        )


def _failed_run(study: str, store: str, artifacts: Path | None) -> str:
    """The first of a study's plan."""
    from ..store import RunStore

    with RunStore.open(store, artifacts=artifacts) as opened:
        planned, states = opened.planned(study), opened.states()
    return next(run.run_id for run in planned if states[run.run_id].status == "failed")


def _smoke(study: "StudySpec", options: "RunOptions", *, detail: "Detail", is_json: bool) -> int:
    from ..sweep.tries import smoke

    def show(result: "SmokeResult") -> None:
        loss = "" if result.loss is None else f", loss {result.loss:.3f}"
        reason = exception_line(result.reason)
        print_text(f"{result.status:<9} {result.label}{loss}" + (f": {reason}" if reason else ""))

    with listening(SignOfLife("images", is_quiet=detail == "quiet")):
        report = smoke(
            study,
            options=options,
            on_result=(lambda result: None) if is_json else show,
        )
    if is_json:
        print_json([result.to_json() for result in report.results])
    else:
        print_text(*_smoke_summary(report))
    return report.exit_code


def _smoke_summary(report: "SmokeReport") -> list[str]:
    """How many cells passed, and which diverged: a result, though rarely the one hoped for."""
    numbers = Counter(result.status for result in report.results)
    others = [f"{numbers[status]} {status}" for status in ("diverged", "failed") if numbers[status]]
    if numbers["accident"]:
        others.append(counted(numbers["accident"], "accident"))
    parts = [f"{numbers['passed']} of {counted(report.num_cells, 'cell')} passed", *others]
    lines = [f"{', '.join(parts)}; nothing was kept"]
    if numbers["failed"]:
        lines.append("--json has the tracebacks of what failed")
    diverged = [result.label for result in report.results if result.status == "diverged"]
    if diverged:
        shown = ", ".join(diverged[:_MOST_NAMED])
        more = f" and {len(diverged) - _MOST_NAMED} more" if diverged[_MOST_NAMED:] else ""
        lines.append(
            f"WARNING: {shown}{more} diverged within two batches: a run would end there as "
            "`diverged`; look at train.learning_rate, train.warmup_epochs, train.gradient_clip"
        )
    return lines
