"""What blocks save in seeds, and what looks cost in error."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from actwise.analysis.equivalence import Verdict, judge
from actwise.analysis.estimate import ALPHA, Estimate
from actwise.analysis.evidence import gather
from actwise.analysis.inference import fit_cells
from actwise.analysis.looks import error_of_looks, nominal_level
from actwise.analysis.table import Floats, Observations
from made_truths import DIFFERENCE, ELU, Row, at_most, has_level, normal, stated, study

TWO_ARMS: Mapping[str, tuple[str, ...]] = {
    "model": ("vgg16",),
    "regularization": ("bn",),
    "activation": ("relu", "elu"),
}
TARGET = 0.80


def blocking(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Seeds that two arms need for 80 % power, with and without blocks, by within-seed correlation.

    The difference is 1.6 SD of a run; both analyses see the same runs.
    """
    count = max(200, repetitions // 5)
    for correlation, low, high in ((0.6, -np.inf, -1.0), (0.0, 1.0, np.inf)):
        needed = {}
        for blocked in (True, False):
            needed[blocked] = _seeds_needed(correlation, count, generator, blocked=blocked)
            name = "with" if blocked else "without"
            label = f"seeds needed {name} blocks, within-seed correlation {correlation}"
            yield Row(label, count, float(needed[blocked]))
        label = f"seeds more with blocks, within-seed correlation {correlation}"
        yield Row(label, count, float(needed[True] - needed[False]), low, high)


def looks(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Any error over planned looks at 3, 5 and 8 seeds, each at the nominal level."""
    level = nominal_level((3, 5, 8))
    yield Row("nominal level of looks at 3, 5, 8", 200_000, level, 0.0195, 0.0205)
    unplanned = error_of_looks((3, 5, 10))
    yield Row("error of looks at 3, 5, 10, each at .05", 200_000, unplanned, 0.11, 0.13)
    # A margin of 0: no error hides behind "equivalent".
    found = _over_looks((3, 5, 8), level, repetitions, generator, margin=0.0)
    yield has_level("any p <= nominal level, looks at 3, 5, 8", (any_p for any_p, _ in found))
    better = ("better" in verdicts for _, verdicts in found)
    yield at_most('any "better" at no difference, looks at 3, 5, 8', better)
    found = _over_looks((3, 5, 8), level, repetitions // 4, generator, difference=0.5)
    equivalent = ("equivalent" in verdicts for _, verdicts in found)
    yield at_most('any "equivalent" at a difference of the margin, looks at 3, 5, 8', equivalent)
    found = _over_looks((3, 5, 8), ALPHA, repetitions // 4, generator)
    yield stated("any p <= .05, looks at 3, 5, 8", (any_p for any_p, _ in found))


def _seeds_needed(
    correlation: float, count: int, generator: np.random.Generator, *, blocked: bool
) -> int:
    """The fewest seeds at which 80 % of the studies find the difference, one-sided at 5 %."""
    for seeds in range(2, 40):
        base, _ = study(seeds, TWO_ARMS, blocked=blocked)
        shift_R = 1.6 * (base.run_cells == base.cells.index(ELU))
        found = 0
        for _ in range(count):
            common_S = generator.normal(0.0, np.sqrt(correlation), seeds)
            own_R = generator.normal(0.0, np.sqrt(1 - correlation), base.num_runs)
            values_R = 80 + shift_R + np.tile(common_S, 2) + own_R
            found += fit_cells(base.with_response(values_R)).contrast(DIFFERENCE).p_above() <= 0.05
        if found >= TARGET * count:
            return seeds
    raise RuntimeError("40 seeds do not suffice")


def _over_looks(
    looks: Sequence[int],
    level: float,
    repetitions: int,
    generator: np.random.Generator,
    *,
    difference: float = 0.0,
    margin: float = 0.5,
) -> list[tuple[bool, set[Verdict]]]:
    """For each study: whether any look had p <= ``level``, and the verdicts of all looks."""
    bases = {seeds: study(seeds, TWO_ARMS)[0] for seeds in looks}
    found = []
    for _ in range(repetitions):
        noise_CS = normal(generator, 2 * max(looks)).reshape(2, -1)
        estimates = [
            _estimate(base, noise_CS[:, :seeds], difference, level) for seeds, base in bases.items()
        ]
        any_p = any(estimate.p_value() <= level for estimate in estimates)
        found.append((any_p, {judge(estimate, margin=margin) for estimate in estimates}))
    return found


def _estimate(base: Observations, noise_CS: Floats, difference: float, level: float) -> Estimate:
    shift_R = difference * (base.run_cells == base.cells.index(ELU))
    evidence = gather(base.with_response(80 + shift_R + noise_CS.ravel()), alpha=level)
    return evidence.estimates(DIFFERENCE, "elu - relu")[-1]
