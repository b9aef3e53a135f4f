"""Single runs: what can be said without replicates.

Judged twice, with known binomial error of the test images alone, and with a run-to-run deviation
from outside added. The outside value is the pooled within-cell deviation of the last epoch in
bank ``trottier`` (residual networks, 21 cells a data set), an assumption for any other network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .inference import CellModel, VariancePart, fit_cells
from .scales import Scale, images_per_run, logit_slope, on_scale
from .table import Floats, Observations


@dataclass(frozen=True)
class RunDeviation:
    """A run-to-run standard deviation, in points, with its degrees of freedom."""

    points: float
    df: int


EXTERNAL_DEVIATIONS: Mapping[str, RunDeviation] = {
    "cifar10": RunDeviation(0.25, 80),
    "cifar100": RunDeviation(0.42, 80),
}
"""By data set; recomputed from the bank by ``tests/test_external.py``."""

EXTERNAL_SOURCE = "bank trottier: long, full-width runs of residual networks"
SHORT_RUN_DEVIATIONS: Mapping[str, RunDeviation] = {
    "identity": RunDeviation(0.565, 30),
    "cifar-mini": RunDeviation(1.579, 44),
}
"""On CIFAR-10, of 6 epochs at width 1/4, by study of ours: residual networks and plain ones, and
half of them VGG16 with dropout; recomputed from results/ by the same tests. They tell how far the
external ones may be off."""

EXTERNAL_CAUTION = "short or narrow runs scatter more, and then intervals are too narrow"


def single_run_models(
    observed: Observations,
    *,
    scale: Scale = "points",
    external: Mapping[str, RunDeviation] = EXTERNAL_DEVIATIONS,
) -> dict[str, CellModel]:
    """Models of data without replicates: "binomial" and "binomial + external run SD".

    Binomial variance of an accuracy y in percent on N images is y (100 - y) / N points^2; on the
    logit scale both parts are multiplied by the squared slope (delta method). A data set without
    an external deviation gets degrees of freedom 0 in the second model: nothing is concluded.
    """
    done = observed.completed()
    points = fit_cells(replace(done, blocked=False))
    variance_R = _binomial_variance(done.response_R, images_per_run(done))
    sums_C = np.bincount(done.run_cells, weights=variance_R, minlength=len(points.cells))
    known_C = sums_C / points.counts_C**2
    slopes_C = np.ones(len(points.cells))
    means_C = points.means_C
    if scale == "logit":
        means_C = fit_cells(replace(on_scale(done, scale), blocked=False)).means_C
        slopes_C = logit_slope(100.0 / (1.0 + np.exp(-means_C)))
    base = replace(points, means_C=means_C, known_C=known_C * slopes_C**2)
    parts = tuple(_with_external(part, external, slopes_C) for part in points.parts)
    return {
        "binomial": replace(base, parts=(), source="binomial"),
        "run-sd": replace(base, parts=parts, source="binomial + external run SD"),
    }


def _binomial_variance(response_R: Floats, images_R: Floats) -> Floats:
    half_R = 50.0 / images_R
    inside_R = np.clip(response_R, half_R, 100.0 - half_R)
    return inside_R * (100.0 - inside_R) / images_R


def _with_external(
    part: VariancePart, external: Mapping[str, RunDeviation], slopes_C: Floats
) -> VariancePart:
    deviation = external.get(part.name)
    variance = deviation.points**2 if deviation else float("nan")
    df = deviation.df if deviation else 0
    return replace(part, variance=variance, df=df, slopes_G=slopes_C[part.members_G])
