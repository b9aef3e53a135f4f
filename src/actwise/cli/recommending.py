"""``actwise recommend``: find an activation for a network within a budget."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..numbers import counted
from .options import (
    Artifacts,
    AsJson,
    Data,
    DeviceOption,
    Incumbent,
    Quiet,
    RetryFailed,
    RunsIn,
    Threads,
    TimeLimit,
    Verbose,
    Workers,
    allow_user_code,
    detail_of,
    incumbent_of,
    levels_of,
    output_file,
    parse_duration,
    whole_number,
)
from .output import (
    print_columns,
    print_folded,
    print_json,
    print_text,
    print_wrapped,
    size,
    typed_command,
)

if TYPE_CHECKING:
    from ..recommend import Preview

NO_ADVICE = 1
"""Exit code where no candidate can be advised: all diverged, or nothing learned."""
_ASSUMED = "assumed rates; a --budget in time measures"


def recommend(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|STUDY",
            help="package.module:Name, timm:NAME, a model of `actwise list`; or a "
            "study with one level of every factor but the activation.",
        ),
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE", help="Changes: width=0.25 factors.regularization=bn+aug"
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", metavar="NAME", help="What is learned.")
    ] = None,
    data: Data = None,
    candidates: Annotated[
        str | None,
        typer.Option(
            "--candidates",
            metavar="A,B,...",
            help="Activations (default: the study's, or relu, prelu, elu, gelu, silu, mish).",
        ),
    ] = None,
    incumbent: Incumbent = "relu",
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget",
            metavar="33%|30m|7runs",
            help="Of three seeds of every candidate, of time, or in full trainings (default: a "
            "third).",
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option("--margin", metavar="X", help="Points of accuracy that do not matter."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", parser=whole_number, metavar="N", help="Of a full training (default: 27)."
        ),
    ] = None,
    store: RunsIn = None,
    artifacts: Artifacts = None,
    workers: Workers = None,
    threads: Threads = 1,
    device: DeviceOption = "auto",
    time_limit: TimeLimit = None,
    retry_failed: RetryFailed = False,
    prior: Annotated[
        bool,
        typer.Option("--prior", help="Also say what a prior on activations would pick."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost; train and write nothing.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Write a page: candidates, trials, curves.",
            callback=output_file,
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: AsJson = False,
) -> int:
    """Find an activation for a network within a budget. The same command resumes."""
    from ..recommend.preview import preview
    from ..recommend.request import RaceRequest
    from ..recommend.run import run_race
    from ..sweep import RunOptions
    from ..sweep.watch import choose_progress

    allow_user_code()
    request = RaceRequest(
        subject,
        dataset,
        store,
        budget=budget,
        candidates=levels_of(candidates),
        incumbent=incumbent_of(incumbent),
        margin=margin,
        epochs=epochs,
        overrides=overrides or (),
        artifacts=artifacts,
        options=RunOptions(
            data_dir=data,
            workers=workers,
            threads=threads,
            device=device,  # type: ignore[arg-type]
            time_limit_seconds=parse_duration(time_limit),
            retry_failed=retry_failed,
        ),
    )
    if dry_run:
        found = preview(request)
        print_json(found.to_json()) if json else _print_preview(found)
        return 0
    if store is None:
        raise SpecError("recommend needs --store PATH, the folder where its runs go")
    progress = choose_progress(is_json=False, detail=detail_of(quiet=quiet, verbose=verbose))
    advice = run_race(request, prior=prior, progress=progress)
    if json:
        print_json(advice.to_dict())
    else:
        print_wrapped(*str(advice).splitlines())
    if report is not None:
        from ..report.advice import write_advice

        write_advice(advice, store, report, artifacts=artifacts, command=typed_command())
        if not json:
            print_wrapped(f"report: {report}")
    return 0 if advice.activation is not None else NO_ADVICE


def _print_preview(found: "Preview") -> None:
    from ..sweep.watch import describe_seconds

    is_known = any(found.parameters.values())  # of a training of the user's own it is not
    if is_known:
        print_columns(
            ("candidate", "parameters"),
            [(name, f"{number:,}") for name, number in found.parameters.items()],
            right=("parameters",),
        )
        print_text("")
    print_text(f"race {found.study}: {counted(found.most_runs, 'training')} at most")
    if not is_known:
        print_folded("of", ", ".join(found.parameters))
    print_folded("budget", found.budget)
    if found.num_done:
        print_folded("done", f"{counted(found.num_done, 'run')} of it in the store already")
    if found.memory_bytes:
        print_folded("memory", f"up to {size(found.memory_bytes)} a run")
    if found.seconds is not None:
        bound, known = ("at most ", "measured") if found.is_measured else ("", _ASSUMED)
        print_folded(
            "time",
            f"{bound}about {describe_seconds(found.seconds)} with "
            f"{counted(found.workers, 'worker')} ({known}), "
            f"{describe_seconds(found.beside_seconds)} of it beside the trainings: planning, "
            "start, timing of costs",
        )
    for note in found.notes:
        print_folded("note", note)
