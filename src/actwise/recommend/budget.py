"""What a race may cost: as it is written, and in trainings of full length."""

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ..errors import SpecError, shortened
from ..numbers import read_duration
from ..sweep.plan import (
    START_SECONDS,
    Plan,
    assumed_seconds,
    longest_first,
    makespan,
    seconds_of_costs,
    training_images,
)
from ..sweep.tries import Calibration
from .race import NUM_GRID_SEEDS, batches

MOST_FULL_RUNS = 10_000.0
BESIDE_SECONDS = START_SECONDS + 2.0
"""For the start of the workers and for what comes after the last training, costs left out."""
_COUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:full\s*)?runs?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_BARE = re.compile(r"[\d.]+")
_HALF_A_PERCENT = 0.5


@dataclass(frozen=True)
class Budget:
    """A budget as asked for; at most one of the numbers is known, none of the usual budget.

    Attributes:
        text: As it was written.
        full_runs: In trainings of full length.
        seconds: A duration, of the command.
    """

    text: str | None = None
    full_runs: float | None = None
    seconds: float | None = None


def read_budget(text: str | None, *, num_candidates: int) -> Budget:
    """Read ``33%``, ``7runs`` or ``30m``; None: the usual one.

    A percentage is of three seeds of every candidate at full length, and means what it rounds:
    33 % is a third. It comes to whole thirds of a full run, of which all costs are made.

    Raises:
        SpecError: for anything else, for no budget at all and for one without end.
    """
    if text is None:
        return Budget()
    if not isinstance(text, str):
        raise SpecError(f"budget={shortened(text)}: {_EXPECTED}")
    written = text.strip().lower()
    if percent := _PERCENT.fullmatch(written):
        grid, share = NUM_GRID_SEEDS * num_candidates, float(percent[1])
        most = min(share + _HALF_A_PERCENT, 100.0) if share else 0.0
        found = Budget(text=text, full_runs=math.floor(most / 100 * grid * 3 + 1e-9) / 3)
    elif count := _COUNT.fullmatch(written):
        found = Budget(text=text, full_runs=float(count[1]))
    elif (seconds := read_duration(written)) and not _BARE.fullmatch(written):
        found = Budget(text=text, seconds=seconds)
    else:
        raise SpecError(f"budget {shortened(text)}: {_EXPECTED}")
    if found.full_runs == 0:
        raise SpecError(f"budget {shortened(text)} pays for nothing")
    if percent and float(percent[1]) > 100:
        raise SpecError(
            f"budget {shortened(text)}: expected at most 100%, three seeds of every candidate; "
            f"for more write a number of full trainings such as {6 * num_candidates}runs"
        )
    if (found.full_runs or 0) > MOST_FULL_RUNS:
        raise SpecError(f"budget {shortened(text)} is more than {MOST_FULL_RUNS:,.0f} full runs")
    return found


_EXPECTED = (
    "expected a part of three seeds of every candidate such as 33%, a number of full trainings "
    "such as 7runs, or a duration such as 30m"
)


@dataclass(frozen=True)
class RunSeconds:
    """What single trainings take here.

    Attributes:
        short, full: Of every candidate, evaluations included.
        workers: That train at once.
        steps_between: Steps that a full run has more than a short one.
    """

    short: tuple[float, ...]
    full: tuple[float, ...]
    workers: int
    steps_between: int

    @classmethod
    def measured(cls, plan: Plan, calibration: Calibration) -> "RunSeconds":
        """By a calibration of a plan of all candidates at both lengths."""
        seconds = [rate.seconds_per_run for rate in calibration.cells]
        return cls._of(plan, seconds, workers=calibration.estimate.workers)

    @classmethod
    def assumed(cls, plan: Plan, *, workers: int) -> "RunSeconds":
        """By the rates that plans assume of CPUs."""
        seconds = [assumed_seconds(plan, run) for run in plan.distinct_cells]
        return cls._of(plan, seconds, workers=workers)

    @classmethod
    def _of(cls, plan: Plan, seconds: Sequence[float], *, workers: int) -> "RunSeconds":
        steps = [
            training_images(run.spec, plan.description(run)) // run.spec.train.batch_size
            for run in plan.distinct_cells
        ]
        known = list(zip(steps, seconds, strict=True))
        short = tuple(found for length, found in known if length == min(steps))
        full = tuple(found for length, found in known if length == max(steps))
        return cls(short, full, workers, max(steps) - min(steps))

    def of_race(self, num_full: int) -> float:
        """Seconds of all short runs, then of so many full ones.

        Which candidates get full runs is not known beforehand. What is asked at once is waited
        for, and each run counts as the mean of the longer half: the longest of all may be a bad
        moment.
        """
        seconds = makespan(longest_first(self.short), workers=self.workers)
        longer = longest_first(self.full)[: math.ceil(len(self.full) / 2)]
        turns = sum(math.ceil(n / self.workers) for n in batches(num_full, len(self.full)))
        return seconds + turns * fmean(longer)

    @property
    def beside(self) -> float:
        """Seconds kept for the start of the workers, and for the timing of costs after the end.

        A step of every candidate is what the two lengths differ by.
        """
        pairs = zip(self.short, self.full, strict=True)
        a_round = sum(full - short for short, full in pairs) / self.steps_between
        return BESIDE_SECONDS + seconds_of_costs(a_round)


def full_runs_in(
    seconds: float, cost: RunSeconds, *, short_runs_cost: float, beside: float, text: str | None
) -> float:
    """The budget in full runs that takes at most ``seconds``.

    Args:
        seconds: Of the budget.
        cost: What they take here.
        short_runs_cost: Of one short run of every candidate, in full runs.
        beside: Seconds of the budget that are not for trainings.
        text: The budget as written, for the message.

    Raises:
        SpecError: if not even the short runs fit.
    """
    shortest = cost.of_race(0)
    if shortest > seconds - beside:
        raise SpecError(
            f"budget {text} is too short here: one short run of every candidate takes about "
            f"{math.ceil(shortest)} s, start and measurements {math.ceil(beside)} s; with two full "
            f"runs that is {math.ceil(beside + cost.of_race(2))} s"
        )
    counts = range(int(MOST_FULL_RUNS) + 1)
    num_full = bisect_right(counts, seconds - beside, key=cost.of_race) - 1
    return sum(batches(num_full, len(cost.full))) + short_runs_cost
