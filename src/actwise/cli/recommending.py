"""``actwise recommend``: find an activation for a network within a budget."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SpecError
from .options import (
    Artifacts,
    AsJson,
    Data,
    DeviceOption,
    allow_user_code,
    levels_of,
    output_file,
    parse_duration,
    whole_number,
)
from .output import count, print_columns, print_folded, print_json, print_text, size

if TYPE_CHECKING:
    from ..recommend import Preview

_NONE = "none"
_INDENT = 12


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
    incumbent: Annotated[
        str,
        typer.Option("--incumbent", metavar="LEVEL", help="The one in use; none: there is none."),
    ] = "relu",
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
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="PATH", help="Where runs go: a folder, or a URL."),
    ] = None,
    artifacts: Artifacts = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", parser=whole_number, metavar="N", help="Runs in flight."),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", parser=whole_number, metavar="N", help="Threads a run.")
    ] = 1,
    device: DeviceOption = "auto",
    time_limit: Annotated[
        str | None,
        typer.Option("--time-limit", metavar="TIME", help="Stop, with checkpoints: 90s, 10m, 2h."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run again what raised an exception.")
    ] = False,
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
    json: AsJson = False,
) -> None:
    """Find an activation for a network within a budget. The same command resumes."""
    from ..recommend.preview import preview
    from ..recommend.run import recommend as race

    allow_user_code()
    asked: dict[str, Any] = {
        "budget": budget,
        "candidates": levels_of(candidates),
        "incumbent": None if incumbent == _NONE else incumbent,
        "margin": margin,
        "epochs": epochs,
        "overrides": overrides or (),
        "artifacts": artifacts,
        "data_dir": data,
        "workers": workers,
        "threads": threads,
        "device": device,
        "time_limit_seconds": parse_duration(time_limit),
    }
    if dry_run:
        found = preview(subject, dataset, store=store, **asked)
        print_json(found.to_json()) if json else _print_preview(found)
        return
    if store is None:
        raise SpecError("recommend needs --store PATH, the folder where its runs go")
    from ..sweep.watch import choose_progress

    advice = race(
        subject,
        dataset,
        store=store,
        prior=prior,
        retry_failed=retry_failed,
        progress=choose_progress(is_json=False),
        **asked,
    )
    if report is not None:
        from ..report.advice import write_advice

        command = shlex.join(["actwise", *sys.argv[1:]])
        write_advice(advice, store, report, artifacts=artifacts, command=command)
    if json:
        print_json(advice.to_dict())
        return
    print_text(*str(advice).splitlines())
    if report is not None:
        print_text(f"report: {report}")


def _print_preview(found: "Preview") -> None:
    from ..sweep.watch import describe_seconds

    print_columns(
        ("candidate", "parameters"),
        [(name, f"{number:,}") for name, number in found.parameters.items()],
        right=("parameters",),
    )
    print_text("", f"race {found.study}: {count(found.most_runs, 'training')} at most")
    _line(
        "budget",
        f"{found.full_runs:.1f} full trainings: {count(len(found.parameters), 'candidate')} of "
        f"{count(found.short_epochs, 'epoch')}, then up to {found.num_full} of {found.epochs}",
    )
    if found.num_done:
        _line("done", f"{count(found.num_done, 'run')} of it in the store already")
    if found.memory_bytes:
        _line("memory", f"up to {size(found.memory_bytes)} a run")
    if found.seconds is not None:
        known = "measured" if found.is_measured else "assumed rates; a --budget in time measures"
        workers = count(found.workers, "worker")
        span = "under 1 s" if found.seconds < 1 else f"about {describe_seconds(found.seconds)}"
        _line("time", f"at most {span} with {workers} ({known})")
    for note in found.notes:
        _line("note", note)


def _line(name: str, text: str) -> None:
    print_folded(name, text, indent=_INDENT)
