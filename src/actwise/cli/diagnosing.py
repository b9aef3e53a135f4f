"""``actwise diagnose``: what becomes of values and gradients at every activation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..signs import listening
from .options import Artifacts, AsJson, Data, Quiet, allow_user_code, output_file, whole_number
from .output import print_json, print_renderables, print_text, typed_command
from .sign_of_life import SignOfLife
from .surgery import RegularizationOption, ShapeOption, WidthOption, shape_of

if TYPE_CHECKING:
    from ..diagnostics import SignalReport


def diagnose(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="package.module:Name, torchvision:NAME, timm:NAME, or a model of `actwise list`.",
        ),
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="PATH", help="Of a run, instead of MODEL.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="A finished run with kept weights.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="NAME", help="Its training images (default: noise)."),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            "--images",
            parser=whole_number,
            metavar="N",
            help="How many (default: 1,000); fewer are a screen.",
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            "--activation", metavar="LEVEL", help="Default: relu; networks of others: their own."
        ),
    ] = None,
    regularization: RegularizationOption = None,
    width: WidthOption = 1.0,
    shape: ShapeOption = None,
    data: Data = None,
    artifacts: Artifacts = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Write a page with profiles over depth.",
            callback=output_file,
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Every site, norm and addition.")] = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Dead units, blocked gradients, saturation, shifted batch norm: at every activation.

    Of a new network with its initial weights, or of a finished run.
    """
    allow_user_code()
    with listening(SignOfLife("images", is_quiet=quiet)):
        found = _measured(
            model,
            store,
            run,
            images=images,
            data=data,
            artifacts=artifacts,
            dataset=dataset,
            activation=activation,
            regularization=regularization,
            shape=shape,
            width=width,
        )
    _show(found, report, full=full, json=json)


def _measured(
    model: str | None,
    store: str | None,
    run: str | None,
    *,
    images: int | None,
    data: Path | None,
    artifacts: Path | None,
    width: float,
    shape: str | None,
    **levels: str | None,
) -> "SignalReport":
    """Of a level of model, or of a run, which has its own levels."""
    if model is not None and (store, run) == (None, None):
        from ..diagnostics import diagnose_level

        return diagnose_level(
            model, images=images, shape=shape_of(shape), width=width, data_dir=data, **levels
        )
    if model is not None or store is None or run is None:
        raise SpecError("diagnose takes a MODEL, or --store PATH and --run ID")
    from ..sweep.diagnosed import diagnose_run

    given = {**levels, "shape": shape, "width": None if width == 1 else width}
    for name, value in given.items():
        if value is not None:
            raise SpecError(f"--{name} {value} is of a MODEL; a run has its own")
    return diagnose_run(store, run, images=images, data_dir=data, artifacts=artifacts)


def _show(found: "SignalReport", report: Path | None, *, full: bool, json: bool) -> None:
    from ..report.signal import signal_text, write_signal

    if report is not None:
        write_signal(found, report, command=typed_command())
    if json:
        print_json(found.to_dict())
        return
    print_renderables([signal_text(found, full=full)])
    if report is not None:
        print_text(f"report: {report}")
