"""``actwise plan``: what a study would train, and what that takes. Trains nothing."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Data, Json, Overrides, Study, allow_user_code, whole_number
from .output import count, print_columns, print_json, print_text, size

if TYPE_CHECKING:
    from ..spec import PlannedRun
    from ..sweep import Plan, RunOptions
    from ..sweep.calibrate import CellRate
    from ..sweep.estimate import Estimate

_MOST_ROWS = 60


def plan(
    study: Study,
    overrides: Overrides = None,
    data: Data = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", parser=whole_number, metavar="N", help="Workers to reckon with."),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", parser=whole_number, metavar="N", help="Threads a run.")
    ] = 1,
    device: Annotated[str, typer.Option("--device", metavar="cpu|cuda|auto")] = "auto",
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Measure: three batches of every network.")
    ] = False,
    json: Json = False,
) -> None:
    """Cells, runs, aliased cells, memory and estimated time of a study."""
    from ..spec import load_study
    from ..sweep import RunOptions, make_plan

    spec = load_study(study, overrides or [])
    options = RunOptions(data_dir=data, workers=workers, threads=threads, device=_device(device))
    # Torch comes with the models: a misspelt study need not wait for it.
    from ..models import make_describe
    from ..sweep.calibrate import calibrate as measure
    from ..sweep.estimate import estimate

    allow_user_code()
    planned = make_plan(spec, make_describe(data))
    rates: dict[str, CellRate] = {}
    if calibrate:
        calibration = measure(planned, options)
        cost = calibration.estimate
        cells = zip(planned.distinct_cells, calibration.cells, strict=True)
        rates = {run.run_id: rate for run, rate in cells}
    else:
        cost = estimate(planned, workers=_workers(planned, options))
    if json:
        values = [_cell_values(planned, run, rates.get(run.run_id)) for run in planned.cells]
        print_json({"study": planned.study.name, "estimate": cost.to_json(), "cells": values})
        return
    _print_cells(planned, rates)
    print_text("", *_describe(planned, cost))


def _device(name: str) -> Any:
    return name  # RunOptions holds it against the names it knows.


def _workers(planned: "Plan", options: "RunOptions") -> int:
    from ..sweep.preflight import count_workers

    device = "cpu" if options.device == "auto" else options.device
    return count_workers(planned, planned.distinct_cells, options, device=device)


def _cell_values(planned: "Plan", run: "PlannedRun", rate: "CellRate | None") -> dict[str, Any]:
    description = planned.description(run)
    return {
        "run_id": run.run_id,
        "cell_hash": run.cell_hash,
        "aliased": run.is_aliased,
        **run.spec.model_dump(mode="json", exclude={"seed"}),
        "parameters": description.parameters,
        "macs": description.macs,
        "memory_bytes": description.memory_bytes,
        "images_per_second": None if rate is None else rate.images_per_second,
        "peak_memory_bytes": None if rate is None else rate.peak_memory_bytes,
    }


def _print_cells(planned: "Plan", rates: "dict[str, CellRate]") -> None:
    varied = [name for name, levels in planned.study.factors.items() if len(levels) > 1]
    names = [name.removeprefix("train.") for name in varied]
    header = [*names, "parameters", "MACs", *(["images/s"] if rates else []), ""]
    rows = []
    for run in planned.cells[:_MOST_ROWS]:
        description = planned.description(run)
        measured = [f"{rates[run.run_id].images_per_second:,.0f}"] if rates else []
        rows.append(
            (
                *(_level(run, name) for name in varied),
                f"{description.parameters / 1e6:.2f} M",
                f"{description.macs / 1e6:.1f} M",
                *measured,
                "aliased" if run.is_aliased else "",
            )
        )
    print_columns(header, rows, right=("parameters", "MACs", "images/s"))
    if len(planned.cells) > _MOST_ROWS:
        print_text(f"... and {count(len(planned.cells) - _MOST_ROWS, 'cell')} more (--json)")


def _level(run: "PlannedRun", factor: str) -> str:
    owner: Any = run.spec.train if factor.startswith("train.") else run.spec
    return str(getattr(owner, factor.removeprefix("train.")))


def _describe(planned: "Plan", cost: "Estimate") -> list[str]:
    from ..sweep.progress import describe_seconds

    seeds = len(planned.study.seeds)
    lines = [
        f"study {planned.study.name}: {count(cost.num_cells, 'cell')} x {count(seeds, 'seed')} = "
        f"{count(cost.num_labelled_runs, 'run')}"
    ]
    if cost.num_excluded:
        lines.append(f"  excluded  {count(cost.num_excluded, 'combination')}")
    if cost.num_aliased_groups:
        lines.append(
            f"  aliased   {count(cost.num_aliased_groups, 'network')} under several labels: "
            f"{count(cost.num_runs, 'run')} to train"
        )
    bound = "at most " if cost.is_upper_bound else "about "
    lines += [
        f"  memory    up to {size(cost.memory_bytes)} a run",
        f"  compute   {_operations(cost.floating_point_operations)}",
        f"  time      {bound}{describe_seconds(cost.seconds)} with "
        f"{count(cost.workers, 'worker')} ({cost.basis})",
    ]
    if cost.is_upper_bound:
        lines.append("            the plateau schedule may end runs before their last epoch")
    return lines


def _operations(number: float) -> str:
    """``5.71 TFLOP``, ``320 PFLOP``: three digits or more."""
    unit, scale = next(
        ((u, s) for u, s in (("GFLOP", 1e9), ("TFLOP", 1e12)) if number < 1000 * s),
        ("PFLOP", 1e15),
    )
    shown = number / scale
    digits = max(0, 2 - int(math.log10(shown))) if shown >= 1 else 2
    return f"{shown:,.{digits}f} {unit}"
