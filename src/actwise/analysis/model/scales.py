"""Two scales for accuracies: points, and the logit.

Near 100 % gaps shrink mechanically in points, so a claim that gaps change is also judged on
logit(y / 100) = ln(y / (100 - y)), on which equal odds ratios are equal distances. Errors in
percent are transformed alike; only signs are judged on the logit scale.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from ..table.observations import Floats, Observations
from .chance import num_test_images

Scale = Literal["points", "logit"]
SCALES: tuple[Scale, ...] = ("points", "logit")

_DEFAULT_IMAGES = 10_000
"""Test images assumed where the data set's number is not known; it only matters at 0 and 100 %."""


def on_scale(observed: Observations, scale: Scale) -> Observations:
    """The same runs on another scale; values of 0 and 100 % move in by half a test image.

    Only percentages have a logit scale.
    """
    if scale == "points":
        return observed
    half_R = 50.0 / images_per_run(observed)
    clipped_R = np.clip(observed.response_R, half_R, 100.0 - half_R)
    return replace(observed, response_R=np.log(clipped_R / (100.0 - clipped_R)))


def logit_slope(values_percent: Floats) -> Floats:
    """Slope d logit(y / 100) / dy at values in percent, per point: 100 / (y (100 - y))."""
    return 100.0 / (values_percent * (100.0 - values_percent))


def images_per_run(observed: Observations) -> Floats:
    """Number of test images behind each run's response."""
    names = observed.run_datasets()
    known = {name: num_test_images(observed, name) or _DEFAULT_IMAGES for name in set(names)}
    return np.array([known[name] for name in names.tolist()], dtype=np.float64)
