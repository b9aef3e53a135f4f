"""Two standard errors of a difference where it is known which test images each run got right.

"These test images": only seeds are a sample. "New images": seeds and test images both are. No
verdict uses them. Shapes: K seeds, N test images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model import Estimate
from ..reading import Correct
from ..table import Booleans, Cell

MOST_PAIRS = 200
"""Of larger tables none is computed: they are exploratory anyway."""


@dataclass(frozen=True)
class ImageErrors:
    """One difference, in points, with both standard errors, from the seeds that its cells share."""

    these: Estimate
    new: Estimate


def image_errors(
    correct: Correct, pairs: Sequence[tuple[str, Cell, Cell]]
) -> dict[int, ImageErrors]:
    """Both standard errors by position of the pair, where its cells share two seeds or more.

    Args:
        correct: What is known of the test images.
        pairs: A name, and the cells of which the second is taken off the first.
    """
    if not correct or len(pairs) > MOST_PAIRS:
        return {}
    found = {}
    for position, (name, first, second) in enumerate(pairs):
        mine, others = correct.get(first, {}), correct.get(second, {})
        shared = sorted(mine.keys() & others.keys())
        if len(shared) > 1:
            tables = [np.array([part[seed] for seed in shared]) for part in (mine, others)]
            found[position] = errors_on_images(*tables, name=name)
    return found


def errors_on_images(
    first_KN: Booleans, second_KN: Booleans, *, name: str = "difference"
) -> ImageErrors:
    """Mean of (first correct) - (second correct) over seeds and images, in points.

    These images: V = S_seed^2 / n with n - 1 degrees of freedom. New images: V = S_seed^2 / n +
    S_image^2 / N - S_res^2 / (n N), floored at S_seed^2 / n: each of the first two holds the
    residual once, so once is taken off (Searle, Casella & McCulloch 1992, ch. 4). Degrees of
    freedom by Satterthwaite; seeds that agree by chance would make them too many (92 % coverage at
    3 seeds), so the square of their part counts (n + 1) / (n - 1) times, and they are at least
    n - 1: 94.5 to 96 % at 3 to 10.

    Args:
        first_KN: Correct predictions of one arm; row k is seed k.
        second_KN: The other arm at the same seeds, two or more, and images.
        name: Of the difference.
    """
    difference_KN = 100.0 * (first_KN.astype(np.float64) - second_KN.astype(np.float64))
    n, count = difference_KN.shape
    seeds_K, images_N = difference_KN.mean(axis=1), difference_KN.mean(axis=0)
    value, seeds_df, images_df = float(difference_KN.mean()), n - 1.0, count - 1.0
    rest_KN = difference_KN - seeds_K[:, None] - images_N + value
    seeds = float(seeds_K.var(ddof=1)) / n
    images = float(images_N.var(ddof=1)) / count
    rest = float(np.sum(rest_KN**2)) / (seeds_df * images_df) / (n * count)
    variance = max(seeds, seeds + images - rest)
    spread = seeds**2 / seeds_df * (n + 1) / (n - 1)
    spread += images**2 / images_df + rest**2 / (seeds_df * images_df)
    df = max(seeds_df, variance**2 / spread) if spread else seeds_df
    return ImageErrors(
        Estimate(name, value, math.sqrt(seeds), seeds_df, "these test images"),
        Estimate(name, value, math.sqrt(variance), df, "new images"),
    )
