"""``run --smoke``: two batches of every distinct cell, before hours are spent on them."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...errors import SpecError
from ...spec import StudySpec
from ..executors import Describer, Nursery, StopRequest
from ..plan import (
    RunOptions,
    check_machine,
    check_memory,
    check_study,
    check_try,
    count_workers,
    make_label,
    make_plan,
)
from ..worker import PutBack
from .tries import TrialResult, make_try, try_runs

NUM_BATCHES = 2


@dataclass(frozen=True, kw_only=True)
class SmokeResult:
    """How one distinct cell began.

    Attributes:
        status: ``passed``; ``diverged`` (its loss is not finite already, which is a result);
            ``failed`` (an exception in code); ``accident`` (its process died, out of memory).
        loss: Mean over the batches, nats.
        reason: The traceback or the accident; empty if there was none.
    """

    run_id: str
    label: str
    status: Literal["passed", "diverged", "failed", "accident"]
    loss: float | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a loss that is not finite is None."""
        loss = self.loss if self.loss is not None and math.isfinite(self.loss) else None
        return {**asdict(self), "loss": loss}


@dataclass(frozen=True)
class SmokeReport:
    """All cells that were tried, and what the command exits with.

    That is 1 if one failed; a diverged one is a result, here as in a run: it is warned of.
    """

    results: tuple[SmokeResult, ...]
    num_cells: int
    exit_code: int


def smoke(
    study: StudySpec,
    *,
    options: RunOptions | None = None,
    on_result: Callable[[SmokeResult], None] = lambda result: None,
) -> SmokeReport:
    """Train two batches of every distinct cell at the first seed; nothing is kept.

    Raises:
        SpecError: if a level, a setting or an option is not valid.
        DataError: if a data set is missing or damaged.
    """
    options = options or RunOptions()
    check_study(study)
    check_try(study, what="--smoke")
    if options.executor == "ray":
        raise SpecError("--smoke trains on this machine: leave out --executor ray")
    stop = StopRequest(time_limit_seconds=options.time_limit_seconds)
    with Nursery(threads=options.threads) as nursery:
        with Describer(options.data_dir, nursery, stop=stop) as describe:
            plan = make_plan(study, describe)
        runs = plan.distinct_cells
        device = check_machine(runs, options)
        check_memory(plan, runs, options, device=device, available_bytes=nursery.available_bytes)
        workers = count_workers(
            plan, runs, options, device=device, available_bytes=nursery.available_bytes
        )
        label = make_label(study)
        labels = {run.run_id: label(run) for run in runs}
        results: list[SmokeResult] = []
        with stop:
            work = (make_try(run, max_batches=NUM_BATCHES) for run in runs)
            tried = try_runs(work, options, nursery, workers=workers, should_stop=stop)
            for trial in tried:
                if isinstance(trial, PutBack) and not trial.is_accident:
                    continue
                results.append(_result(trial, labels[trial.run_id]))
                on_result(results[-1])
            is_bad = any(result.status in ("failed", "accident") for result in results)
            return SmokeReport(
                tuple(results), len(runs), _exit_code(stop, len(runs) - len(results), is_bad=is_bad)
            )


def _result(trial: TrialResult, label: str) -> SmokeResult:
    if isinstance(trial, PutBack):
        return SmokeResult(run_id=trial.run_id, label=label, status="accident", reason=trial.reason)
    if trial.traceback is not None:
        return SmokeResult(
            run_id=trial.run_id, label=label, status="failed", reason=trial.traceback
        )
    is_finite = trial.loss is None or math.isfinite(trial.loss)
    return SmokeResult(
        run_id=trial.run_id,
        label=label,
        status="passed" if is_finite else "diverged",
        loss=trial.loss,
    )


def _exit_code(stop: StopRequest, num_left: int, *, is_bad: bool) -> int:
    if num_left and stop.exit_code is not None:
        return stop.exit_code
    return 1 if is_bad or num_left else 0
