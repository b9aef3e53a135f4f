"""The default model: coverage, level, and what becomes of both where its assumptions fail."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import f

from actwise.analysis.effects import effect_sizes
from actwise.analysis.equal_variances import brown_forsythe
from actwise.analysis.equivalence import judge
from actwise.analysis.estimate import Estimate
from actwise.analysis.factorial import decompose
from actwise.analysis.inference import fit_cells
from actwise.analysis.run_spreads import unequal_spreads
from made_truths import (
    DIFFERENCE,
    ELU,
    RELU,
    Noise,
    Row,
    at_most,
    covers,
    has_level,
    heavy,
    normal,
    skewed,
    stated,
    study,
)


def intervals(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Coverage of the default interval and level of its test, under and beside its model."""
    for seeds in (3, 5, 10):
        found = _differences(seeds, normal, repetitions, generator, seed_sd=0.5)
        yield covers(f"coverage, {seeds} seeds, under the model", _covered(found))
        yield has_level(f"type I, {seeds} seeds, under the model", _rejected(found))
        for name, noise in (("heavy tails (t3)", heavy), ("skewed (exponential)", skewed)):
            found = _differences(seeds, noise, repetitions // 4, generator)
            yield stated(f"coverage, {seeds} seeds, {name}", _covered(found))
        for ratio, name in ((2.0, "twice"), (0.5, "half")):
            found = _differences(seeds, normal, repetitions // 4, generator, ratios=(ratio, ratio))
            label = f"coverage, {seeds} seeds, both cells {name} the SD of the others"
            yield stated(label, _covered(found))


def own_variances(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """The same of the model in which each cell has its own variance (Satterthwaite)."""
    for seeds in (3, 5, 10):
        for ratios, name in (((1.0, 1.0), "equal SD"), ((2.0, 2.0), "both cells twice the SD")):
            found = _differences(seeds, normal, repetitions, generator, ratios=ratios, own=True)
            yield covers(f"coverage, {seeds} seeds, variance of each cell, {name}", _covered(found))
        found = _differences(seeds, normal, repetitions, generator, ratios=(3.0, 1.0), own=True)
        label = f"coverage, {seeds} seeds, variance of each cell, SD 3 to 1"
        yield covers(label, _covered(found))


def f_tests(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Level of the F tests of the decomposition, at 3 and 5 seeds."""
    for seeds in (3, 5):
        base, _ = study(seeds)
        p_values: dict[str, list[float]] = {"activation": [], "regularization:activation": []}
        for _ in range(repetitions):
            observed = base.with_response(80 + normal(generator, base.num_runs))
            for size in effect_sizes(decompose(observed)):
                if size.term in p_values:
                    p_values[size.term].append(size.p)
        for term, found in p_values.items():
            yield has_level(f"type I, F of {term}, {seeds} seeds", (p <= 0.05 for p in found))


def equal_variances(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Level of Brown-Forsythe's test with seeds as blocks and without, and beside normal noise."""
    for seeds, blocked, noise, draws in (
        (3, True, normal, repetitions),
        (5, True, normal, repetitions),
        (10, True, normal, repetitions),
        (3, False, normal, repetitions),
        (5, True, heavy, max(50, repetitions // 5)),
    ):
        base, _ = study(seeds, blocked=blocked)
        found = [
            brown_forsythe(base.with_response(80 + noise(generator, base.num_runs)))[0]
            for _ in range(draws)
        ]
        rejected = [test.p <= 0.05 for test in found]
        label = f"type I, Brown-Forsythe, {seeds} seeds{'' if blocked else ', no blocks'}"
        if noise is normal:
            yield has_level(label, rejected)
        else:
            yield stated(f"{label}, heavy tails (t3)", rejected)
        if seeds == 3 and blocked:
            by_table = (f.sf(test.f, test.df1, test.df2) <= 0.05 for test in found)
            yield stated(f"{label}, by the usual F table", by_table)


def run_spreads(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """False alarms of finding A016 where all cells vary alike."""
    for seeds in (3, 5):
        base, _ = study(seeds)
        found = [
            bool(unequal_spreads(base.with_response(80 + normal(generator, base.num_runs))))
            for _ in range(max(50, repetitions // 10))
        ]
        yield at_most(f"run SDs said to differ greatly (A016), {seeds} seeds", found)


def equivalence(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Wrong "equivalent" at a true difference of exactly the margin."""
    for seeds in (3, 5, 10):
        found = _differences(seeds, normal, repetitions, generator, difference=0.5)
        wrong = (judge(entry, margin=0.5) == "equivalent" for entry in found)
        yield at_most(f"equivalent at a difference of the margin, {seeds} seeds", wrong)


def _differences(
    seeds: int,
    noise: Noise,
    repetitions: int,
    generator: np.random.Generator,
    *,
    difference: float = 0.0,
    ratios: tuple[float, float] = (1.0, 1.0),
    seed_sd: float = 0.0,
    own: bool = False,
) -> list[Estimate]:
    """ELU minus ReLU in one of four conditions, less its true value; ``ratios`` are of SDs."""
    base, _ = study(seeds, blocked=not own)
    elu_R, relu_R = (base.run_cells == base.cells.index(cell) for cell in (ELU, RELU))
    scale_R = np.where(elu_R, ratios[0], np.where(relu_R, ratios[1], 1.0))
    seed_R = np.arange(base.num_runs) % seeds
    found = []
    for _ in range(repetitions):
        values_R = 80 + difference * elu_R + noise(generator, base.num_runs) * scale_R
        values_R += generator.normal(0.0, seed_sd, seeds)[seed_R]
        model = fit_cells(base.with_response(values_R), pooled=not own)
        found.append(model.contrast(DIFFERENCE))
    return found


def _covered(found: list[Estimate]) -> list[bool]:
    limits = [estimate.interval() for estimate in found]
    return [low <= 0.0 <= high for low, high in limits]


def _rejected(found: list[Estimate]) -> list[bool]:
    return [estimate.p_value() <= 0.05 for estimate in found]
