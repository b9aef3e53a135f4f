"""``actwise cost``: what each activation costs in a network on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..numbers import counted
from .options import (
    AsJson,
    DeviceOption,
    Incumbent,
    Quiet,
    allow_user_code,
    incumbent_of,
    levels_of,
    whole_number,
)
from .output import print_columns, print_json, print_wrapped, size
from .sign_of_life import SignOfLife
from .surgery import (
    ModelLevel,
    RegularizationOption,
    ShapeOption,
    WidthOption,
    shape_of,
)

if TYPE_CHECKING:
    from ..recommend import Costs


def cost(
    model: ModelLevel,
    candidates: Annotated[
        str | None,
        typer.Option(
            "--candidates", metavar="A,B,...", help="Activations (default: all of the table)."
        ),
    ] = None,
    incumbent: Incumbent = "relu",
    shape: ShapeOption = None,
    width: WidthOption = 1.0,
    regularization: RegularizationOption = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            parser=whole_number,
            metavar="N",
            help="Images of a batch (default: 128, fewer of large images).",
        ),
    ] = None,
    device: DeviceOption = "auto",
    threads: Annotated[
        int, typer.Option("--threads", parser=whole_number, metavar="N", help="Threads of a step.")
    ] = 1,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Time of a training step and memory of each activation in a network, on this machine."""
    from ..recommend import cost as measure

    allow_user_code()
    sign = SignOfLife("rounds", is_quiet=quiet)
    found = measure(
        model,
        candidates=levels_of(candidates),
        incumbent=incumbent_of(incumbent),
        shape=shape_of(shape),
        width=width,
        regularization=regularization,
        batch_size=batch_size,
        device=device,
        threads=threads,
        on_round=lambda timed: sign("timing steps", timed.done),
    )
    if json:
        print_json(found.to_json())
        return
    print_costs(found)


def print_costs(found: "Costs") -> None:
    """A row for each activation, the cheapest first."""
    header = (
        "activation",
        "step",
        "quartiles",
        "forward",
        "backward",
        "ms",
        "memory",
    )
    rows = [
        (
            row.activation,
            f"{row.step.median:.2f}",
            f"{row.step.lower_quartile:.2f} to {row.step.upper_quartile:.2f}",
            f"{row.forward.median:.2f}",
            f"{row.backward.median:.2f}",
            f"{row.milliseconds:.1f}",
            size(row.memory_bytes),
        )
        for row in sorted(found.rows, key=lambda row: row.step.median)
    ]
    print_columns(header, rows, right=header[1:], spare=("quartiles", "ms"))
    shape = "x".join(map(str, found.input_shape))
    clock = "processor" if (found.device, found.threads) == ("cpu", 1) else "wall-clock"
    print_wrapped(
        "",
        f"step, forward, backward: {clock} time over {found.incumbent}'s in the same round, "
        f"medians of {found.num_rounds} rounds in turns",
        f"{found.model}, width {found.width:g}, {found.regularization}, batches of "
        f"{counted(found.batch_size, 'image')} {shape}, {found.device}, "
        f"{counted(found.threads, 'thread')}; memory of tensors alone",
        *(f"WARNING: {note}" for note in found.notes),
    )
