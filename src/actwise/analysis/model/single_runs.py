"""Single runs: what can be said where no run of a stratum is repeated.

Judged twice, with the known binomial error of the test images alone, and with a run-to-run
deviation from outside added. That one is the pooled within-cell deviation of the last epoch in bank
``trottier`` (long, full-width trainings of residual networks, 21 cells a data set); it is taken
only for trained networks (the scale of the claims), elsewhere nothing is concluded.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..table.observations import Cell, Observations
from .scales import Scale, images_per_run, logit_slope
from .training_scale import is_trained


@dataclass(frozen=True)
class RunDeviation:
    """A run-to-run standard deviation, in points, with its degrees of freedom."""

    points: float
    df: int


EXTERNAL_DEVIATIONS: Mapping[str, RunDeviation] = {
    "cifar10": RunDeviation(0.25, 80),
    "cifar100": RunDeviation(0.42, 80),
}
"""By data set; recomputed from the bank by a test."""
EXTERNAL_SOURCE = "bank trottier: long, full-width runs of residual networks"


@dataclass(frozen=True)
class KnownError:
    """What is known of a cell's error without replicates, on the scale of the model.

    Attributes:
        binomial: Variance of the cell's mean over test images.
        run: Variance of the cell's mean over runs, from outside; NaN where none applies.
        run_df: Its degrees of freedom; 0 where none applies.
    """

    binomial: float
    run: float
    run_df: float


def known_errors(done: Observations, scale: Scale) -> dict[Cell, KnownError]:
    """The known error of every cell's mean.

    Binomial variance of an accuracy y in percent on N images is y (100 - y) / N points^2; on the
    logit scale both parts are multiplied by the squared slope (delta method).

    Args:
        done: Completed runs in percent.
        scale: Of the result.
    """
    counts_C = np.bincount(done.run_cells, minlength=len(done.cells)).astype(np.float64)
    images_R = images_per_run(done)
    inside_R = np.clip(done.response_R, 50.0 / images_R, 100.0 - 50.0 / images_R)
    variance_R = inside_R * (100.0 - inside_R) / images_R
    binomial_C = np.bincount(done.run_cells, weights=variance_R) / counts_C**2
    slope_C = np.ones(len(done.cells))
    if scale == "logit":
        means_C = np.bincount(done.run_cells, weights=done.response_R) / counts_C
        slope_C = logit_slope(np.clip(means_C, 0.005, 99.995))
    found = {}
    for place, cell in enumerate(done.cells):
        squared = float(slope_C[place] ** 2)
        outside = EXTERNAL_DEVIATIONS.get(done.dataset_of(cell))
        run, run_df = np.nan, 0.0
        if outside is not None and is_trained(done, cell):
            run, run_df = outside.points**2 / counts_C[place] * squared, float(outside.df)
        found[cell] = KnownError(float(binomial_C[place]) * squared, float(run), run_df)
    return found
