"""Both standard errors of a difference with stored predictions, and tests that are no such."""

import math
from collections.abc import Iterator

import numpy as np

from actwise.analysis.distributions import t_quantile
from actwise.analysis.estimate import satterthwaite
from actwise.analysis.predictions import (
    CrossedMeanSquares,
    crossed_mean_squares,
    mcnemar,
    new_images,
    these_images,
)
from actwise.analysis.robustness import bca_interval
from actwise.analysis.table import Booleans
from made_truths import Row, has_level, stated

IMAGES = 500


def new_test_images(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Coverage on new images: where these decide, where seeds do, and where only seeds vary.

    Only in the last the variance reaches its floor, that of the seeds, in about half of the draws.
    """
    for seeds in (3, 5, 10):
        for name, liking, run_sd in (
            ("images", 0.8, 0.02),
            ("seeds and images", 0.6, 0.1),
            ("seeds alone", 0.0, 0.1),
        ):
            missed, floored, plainly = [], [], []
            for _ in range(repetitions):
                squares = crossed_mean_squares(*_arms(generator, seeds, liking, run_sd))
                new = new_images(squares)
                low, high = new.interval()
                missed.append(not low <= 0.0 <= high)
                plainly.append(abs(new.value) > _plain_half_width(squares))
                floored.append(new.standard_error <= these_images(squares).standard_error)
            yield has_level(f"1 - coverage on new images, {seeds} seeds, {name} vary", missed)
            if seeds == 3:
                label = f"the same without the corrections of df, {seeds} seeds, {name} vary"
                yield stated(label, plainly)
            if not liking:
                yield stated(f"standard error at its floor, {seeds} seeds, {name} vary", floored)


def misused(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Why "these images" is no statement about new ones, and McNemar none about activations."""
    these, models = [], []
    for _ in range(max(50, repetitions // 5)):
        high, low = _arms(generator, 5, 0.8, 0.1)
        these.append(these_images(crossed_mean_squares(high, low)).p_value() <= 0.05)
        models.append(mcnemar(high[0], low[0]).p <= 0.05)
    yield stated("type I, these images taken for new ones, 5 seeds", these)
    yield stated("type I, McNemar taken for a test of activations", models)


def bootstraps(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Why BCa intervals wait for 20 runs."""
    for runs in (3, 5, 10, 20):
        covered = []
        for _ in range(max(50, repetitions // 10)):
            pairs = generator.normal(size=runs)
            found = bca_interval(pairs, generator=generator, repetitions=1000, least_runs=2)
            covered.append(found is not None and found[0] <= 0 <= found[1])
        yield stated(f"coverage of BCa, {runs} pairs", covered)


def _plain_half_width(squares: CrossedMeanSquares) -> float:
    """Of the 95 % interval with Satterthwaite's degrees of freedom as they come."""
    n, count = squares.num_seeds, squares.num_images
    seeds = (squares.seed_variance / n, n - 1.0)
    images = (squares.image_variance / count, count - 1.0)
    rest = (-squares.rest_variance / (n * count), (n - 1.0) * (count - 1.0))
    variance, df = satterthwaite([seeds, images, rest])
    return t_quantile(0.975, df) * math.sqrt(max(seeds[0], variance))


def _arms(
    generator: np.random.Generator, seeds: int, liking: float, run_sd: float
) -> tuple[Booleans, Booleans]:
    """Two activations, equal over all images, that like other images where ``liking`` is above 0.

    Shape (seeds, images); noise is drawn for every run and image.
    """
    ease_N = generator.normal(1.5, 1.0, IMAGES)
    arms = []
    for _ in range(2):
        score_N = ease_N + generator.normal(0.0, liking, IMAGES)
        runs_K1 = generator.normal(0.0, run_sd, (seeds, 1))
        arms.append(generator.standard_normal((seeds, IMAGES)) < score_N + runs_K1)
    return arms[0], arms[1]
