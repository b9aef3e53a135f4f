"""What stands in the way of a plan on this machine: said beforehand, in the words of ``run``."""

import math
from collections.abc import Callable, Iterable, Iterator

from ..errors import SpecError
from ..spec import PlannedRun
from .estimate import most_memory_bytes
from .options import RunOptions
from .plan import Plan
from .preflight import check_memory, check_precision, check_study
from .resources import safe_memory_bytes, usable_cores


def obstacles(plan: Plan, options: RunOptions, *, workers: int, device: str) -> Iterator[str]:
    """A sentence for everything that ``run`` would refuse, and for what would make it slow.

    Args:
        plan: What is to be trained.
        options: How.
        workers: Workers that would train at once.
        device: Type of the device, ``cpu`` or ``cuda``; it need not be here.
    """
    runs = plan.distinct_cells
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_study(plan.study),
        lambda: check_precision(runs, device=device),
        lambda: check_memory(plan, runs, options, device=device),
    )
    for check in checks:
        try:
            check()
        except SpecError as error:
            yield f"`run` would refuse: {error}"
    if device == "cpu":
        yield from crowding(plan, runs, workers=workers, threads=options.threads)


def crowding(
    plan: Plan,
    runs: Iterable[PlannedRun],
    *,
    workers: int,
    threads: int,
    available_bytes: int | None = None,
) -> Iterator[str]:
    """A sentence if so many workers wait for cores, and one if they may run out of memory.

    Args:
        plan: In which the runs are.
        runs: What is trained on the CPU.
        workers: Runs at once.
        threads: Of each of them.
        available_bytes: Of memory, for all of them; what is available now if not given.
    """
    cores = usable_cores()
    most = max(1, math.ceil(cores))
    if workers * threads > most:
        asked = f"{workers} x {threads} threads" if threads > 1 else f"{workers} workers"
        have = f"{cores:g} core{'s' if cores != 1 else ''}"
        yield f"{asked} on {have} are no faster than {most}"
    needed = workers * most_memory_bytes(plan, runs)
    safe = safe_memory_bytes(available_bytes)
    if workers > 1 and needed > safe:
        yield (
            f"{workers} workers need up to {needed / 1e9:,.1f} GB of memory at once and this "
            f"machine has {safe / 1e9:,.1f} GB left for them: `run` without --workers starts as "
            "many as it holds"
        )
