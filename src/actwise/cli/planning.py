"""``actwise plan``: what a study would train, and what that takes. Trains nothing."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Data, Device, Json, Overrides, Study, allow_user_code, whole_number
from .output import print_json
from .plan_text import print_cells, print_cost, print_powers

if TYPE_CHECKING:
    from ..analysis.planned_power import PlannedPower
    from ..spec import PlannedRun
    from ..sweep import Plan, RunOptions
    from ..sweep.calibrate import CellRate
    from ..sweep.estimate import Estimate


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
    device: Device = "auto",
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Measure: three batches of every network.")
    ] = False,
    json: Json = False,
) -> None:
    """Cells, runs, aliased cells, memory, estimated time and power of a study."""
    from ..spec import load_study
    from ..sweep import RunOptions, make_plan

    spec = load_study(study, overrides or [])
    # RunOptions holds the name of the device against those it knows.
    options = RunOptions(
        data_dir=data,
        workers=workers,
        threads=threads,
        device=device,  # type: ignore[arg-type]
    )
    # Torch comes with the models: a misspelt study need not wait for it.
    from ..models import make_describe

    allow_user_code()
    planned = make_plan(spec, make_describe(data))
    cost, rates, note = _measure(planned, options) if calibrate else _reckon(planned, options)
    powers = _powers(planned)
    if json:
        values = [_cell_values(planned, run, rates.get(run.run_id)) for run in planned.cells]
        print_json(
            {
                "study": planned.study.name,
                "estimate": cost.to_json(),
                "power": [asdict(row) for row in powers],
                "note": note,
                "cells": values,
            }
        )
        return
    print_cells(planned, rates)
    print_cost(planned, cost, note=note)
    print_powers(powers)


_Cost = tuple["Estimate", dict[str, "CellRate"], str | None]
"""The cost, the measured rates by run id, and what is to be said of the device."""


def _measure(planned: "Plan", options: "RunOptions") -> _Cost:
    from ..sweep.calibrate import calibrate

    calibration = calibrate(planned, options)
    cells = zip(planned.distinct_cells, calibration.cells, strict=True)
    return calibration.estimate, {run.run_id: rate for run, rate in cells}, None


def _reckon(planned: "Plan", options: "RunOptions") -> _Cost:
    import torch

    from ..sweep.estimate import estimate
    from ..sweep.preflight import count_workers

    is_here = torch.cuda.is_available()
    device = ("cuda" if is_here else "cpu") if options.device == "auto" else options.device
    workers = count_workers(planned, planned.distinct_cells, options, device=device)
    note = None
    if device == "cuda" and not is_here:
        note = "no CUDA device is here: the plan assumes one, and `run --device cuda` would refuse"
    return estimate(planned, workers=workers, device=device), {}, note


def _powers(planned: "Plan") -> "tuple[PlannedPower, ...]":
    from ..analysis.looks import planned_level
    from ..analysis.planned_power import planned_powers

    study = planned.study
    num_cells = Counter(run.spec.dataset for run in planned.distinct_cells)
    return planned_powers(num_cells, len(study.seeds), alpha=planned_level(study.looks))


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
