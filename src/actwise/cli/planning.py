"""``actwise plan``: what a study would train, and what that takes. Trains nothing."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..signs import listening
from .options import (
    AcceptCodeDigest,
    AcceptEngine,
    Artifacts,
    AsJson,
    Data,
    DeviceOption,
    Overrides,
    Quiet,
    Study,
    Threads,
    Workers,
    allow_user_code,
)
from .output import print_json
from .plan_text import print_cells, print_compile_advice, print_cost, print_left, print_powers
from .sign_of_life import SignOfLife

if TYPE_CHECKING:
    from ..analysis.precision import PlannedPower
    from ..spec import PlannedRun
    from ..sweep import Plan, RunOptions
    from ..sweep.plan import CostEstimate
    from ..sweep.tries import CellRate, CompileAdvice


def plan(
    study: Study,
    overrides: Overrides = None,
    data: Data = None,
    workers: Workers = None,
    threads: Threads = 1,
    device: DeviceOption = "auto",
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="PATH", help="Say what this store lacks of it."),
    ] = None,
    artifacts: Artifacts = None,
    accept_engine: AcceptEngine = None,
    accept_code_digest: AcceptCodeDigest = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Measure: some seconds of every network; and whether compiling pays.",
        ),
    ] = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Cells, runs, aliased cells, memory, estimated time and power of a study."""
    from ..spec import load_study
    from ..sweep import RunOptions, make_plan
    from ..sweep.executors import Describer, Nursery

    spec = load_study(study, overrides or [])
    # RunOptions holds the name of the device against those it knows.
    options = RunOptions(
        data_dir=data,
        workers=workers,
        threads=threads,
        device=device,  # type: ignore[arg-type]
        accept_engines=tuple(accept_engine or ()),
        accept_code_digests=tuple(accept_code_digest or ()),
    )
    # A process for users' code finds it where this one looks.
    allow_user_code()
    with (
        listening(SignOfLife("images", is_quiet=quiet)),
        Nursery() as nursery,
        Describer(data, nursery) as describe,
    ):
        planned = make_plan(spec, describe)
    left = None if store is None else _left(planned, store, artifacts, options)
    cost = _measure(planned, options, is_quiet=quiet) if calibrate else _reckon(planned, options)
    notes = (*planned.notes, *cost.notes)
    powers = _powers(planned)
    if json:
        values = [_cell_values(planned, run, cost.rates.get(run.run_id)) for run in planned.cells]
        print_json(
            {
                "study": planned.study.name,
                "estimate": cost.estimate.to_json(),
                "power": [asdict(row) for row in powers],
                "left": left,
                "note": "; ".join(notes) or None,
                "compile": None if cost.advice is None else cost.advice.to_json(),
                "cells": values,
            }
        )
        return
    print_cells(planned, cost.rates)
    print_cost(planned, cost.estimate, notes=notes)
    if left is not None:
        print_left(left)
    if cost.advice is not None:
        print_compile_advice(cost.advice)
    print_powers(powers)


def _left(
    planned: "Plan", store: str, artifacts: Path | None, options: "RunOptions"
) -> dict[str, Any]:
    """What a store lacks of a plan; all of it where there is no store yet."""
    from ..store import RunStore, is_there
    from ..sweep.plan import find_todo

    if not is_there(store, artifacts=artifacts, is_read=True):
        num_runs = len(planned.distinct_runs)
        return {"num_runs": num_runs, "num_left": num_runs, "code_changes": []}
    with RunStore.open(store, artifacts=artifacts) as opened:
        todo = find_todo(planned, opened, options)
    changes = [{**asdict(change), "text": str(change)} for change in todo.code_changes]
    return {"num_runs": len(todo.run_ids), "num_left": len(todo.runs), "code_changes": changes}


@dataclass(frozen=True)
class _Cost:
    """The cost, what stands in its way here, and what was measured: rates by run id."""

    estimate: "CostEstimate"
    notes: tuple[str, ...] = ()
    rates: "Mapping[str, CellRate]" = field(default_factory=dict)
    advice: "CompileAdvice | None" = None


def _measure(planned: "Plan", options: "RunOptions", *, is_quiet: bool) -> _Cost:
    from ..sweep.tries import advise_on_compiling, calibrate

    sign = SignOfLife("tries", is_quiet=is_quiet)
    calibration = calibrate(planned, options, on_tried=partial(sign, "calibrating"))
    cells = zip(planned.distinct_cells, calibration.cells, strict=True)
    return _Cost(
        calibration.estimate,
        rates={run.run_id: rate for run, rate in cells},
        advice=advise_on_compiling(planned, calibration, options),
    )


def _reckon(planned: "Plan", options: "RunOptions") -> _Cost:
    import torch

    from ..sweep.plan import count_workers, estimate, obstacles, usable_cores

    is_here = torch.cuda.is_available()
    device = ("cuda" if is_here else "cpu") if options.device == "auto" else options.device
    workers = count_workers(planned, planned.distinct_runs, options, device=device)
    notes = [*obstacles(planned, options, workers=workers, device=device)]
    if device == "cuda" and not is_here:
        notes.append(
            "no CUDA device is here: the plan assumes one, and `run --device cuda` would refuse"
        )
    threads, cores = options.threads, usable_cores()
    cost = estimate(planned, workers=workers, threads=threads, cores=cores, device=device)
    return _Cost(cost, tuple(notes))


def _powers(planned: "Plan") -> "tuple[PlannedPower, ...]":
    from ..analysis.differences import usual_margin
    from ..analysis.precision import planned_level, planned_powers

    study = planned.study
    if study.task is not None:  # it has no usual margin
        return ()
    return planned_powers(
        [run.spec for run in planned.distinct_cells],
        len(study.seeds),
        margin_of=usual_margin,
        alpha=planned_level(study.looks),
    )


def _cell_values(planned: "Plan", run: "PlannedRun", rate: "CellRate | None") -> dict[str, Any]:
    from ..sweep.plan import most_memory_bytes

    description = planned.description(run)
    return {
        "run_id": run.run_id,
        "cell_hash": run.cell_hash,
        "aliased": run.is_aliased,
        **run.spec.model_dump(mode="json", exclude={"seed"}),
        "activation_sites": description.activation_sites,
        "parameters": description.parameters,
        "macs": description.macs,
        "memory_bytes": most_memory_bytes(planned, [run]),
        "images_per_second": None if rate is None else rate.images_per_second,
        "peak_memory_bytes": None if rate is None else rate.peak_memory_bytes,
        "device_memory_bytes": None if rate is None else rate.device_memory_bytes,
    }
