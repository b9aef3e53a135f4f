"""Two standard errors of a difference where the test predictions are stored.

"These test images": only seeds are a sample. "New images": seeds and test images both are. Shapes:
K seeds, N test images; ``correct_KN`` says which images each run classified correctly.
"""

import math
from dataclasses import dataclass

import numpy as np

from .estimate import Estimate
from .table import Booleans

MIN_SEEDS_BOOTSTRAP = 10


@dataclass(frozen=True)
class CrossedMeanSquares:
    """The pieces of a seeds x images table of differences, in points.

    Attributes:
        value: Mean difference.
        seed_variance: S_seed^2, variance of the seeds' means over images.
        image_variance: S_image^2, variance of the images' means over seeds.
        rest_variance: S_res^2, residual mean square of the two-way table.
        num_seeds, num_images: n and N.
    """

    value: float
    seed_variance: float
    image_variance: float
    rest_variance: float
    num_seeds: int
    num_images: int


def crossed_mean_squares(high_KN: Booleans, low_KN: Booleans) -> CrossedMeanSquares:
    """Two-way analysis of (high correct) - (low correct), runs paired by seed, in points.

    Args:
        high_KN: Correct predictions of one arm; row k is seed k.
        low_KN: The other arm at the same seeds and images.
    """
    difference_KN = 100.0 * (high_KN.astype(np.float64) - low_KN.astype(np.float64))
    num_seeds, num_images = difference_KN.shape
    seeds_K, images_N = difference_KN.mean(axis=1), difference_KN.mean(axis=0)
    value = float(difference_KN.mean())
    rest_KN = difference_KN - seeds_K[:, None] - images_N + value
    df = (num_seeds - 1) * (num_images - 1)
    return CrossedMeanSquares(
        value,
        float(seeds_K.var(ddof=1)) if num_seeds > 1 else math.nan,
        float(images_N.var(ddof=1)),
        float(np.sum(rest_KN**2)) / df if df else math.nan,
        num_seeds,
        num_images,
    )


def these_images(squares: CrossedMeanSquares) -> Estimate:
    """The difference on these test images: V = S_seed^2 / n, n - 1 degrees of freedom."""
    variance, df = squares.seed_variance / squares.num_seeds, squares.num_seeds - 1.0
    return _estimate(squares, variance, df, "these test images")


def new_images(squares: CrossedMeanSquares) -> Estimate:
    """The difference on new images of the same kind, with Satterthwaite degrees of freedom.

    V = S_seed^2 / n + S_image^2 / N - S_res^2 / (n N), floored at S_seed^2 / n: each of the first
    two holds the residual once, so once is taken off (Searle, Casella & McCulloch 1992, ch. 4).
    Seeds that agree by chance would make df too large (92 % coverage at 3 seeds), so the square of
    their part counts (n + 1) / (n - 1) times, and df are at least n - 1: 94.5 to 96 % at 3 to 10.
    """
    n, count = squares.num_seeds, squares.num_images
    if n < 2:
        return _estimate(squares, math.nan, 0.0, "new images")
    seeds = squares.seed_variance / n
    images = squares.image_variance / count
    rest = squares.rest_variance / (n * count)
    variance = max(seeds, seeds + images - rest)
    seeds_df, images_df = n - 1.0, count - 1.0
    spread = seeds**2 / seeds_df * (n + 1) / (n - 1)
    spread += images**2 / images_df + rest**2 / (seeds_df * images_df)
    df = max(seeds_df, variance**2 / spread) if spread else seeds_df
    return _estimate(squares, variance, df, "new images")


def crossed_bootstrap(
    high_KN: Booleans,
    low_KN: Booleans,
    *,
    generator: np.random.Generator,
    repetitions: int = 500,
) -> float | None:
    """Standard error by resampling seeds and images at once; None below 10 seeds.

    A check of :func:`new_images`, slightly too wide by design (Owen 2007, pigeonhole bootstrap).
    """
    difference_KN = high_KN.astype(np.float64) - low_KN.astype(np.float64)
    num_seeds, num_images = difference_KN.shape
    if num_seeds < MIN_SEEDS_BOOTSTRAP:
        return None
    means = []
    for _ in range(repetitions):
        seeds_K = generator.multinomial(num_seeds, np.full(num_seeds, 1 / num_seeds))
        images_N = generator.multinomial(num_images, np.full(num_images, 1 / num_images))
        means.append(float(seeds_K @ difference_KN @ images_N) / (num_seeds * num_images))
    return 100.0 * float(np.std(means, ddof=1))


@dataclass(frozen=True)
class McNemar:
    """Exact McNemar test of these two trained models, not of their activations.

    It knows nothing of seeds: as a test of activations it errs three times too often
    (docs/statistics.md, section 18), so it enters no verdict.
    """

    only_high: int
    only_low: int
    p: float
    label: str = "these two trained models, not the activations"


def mcnemar(high_N: Booleans, low_N: Booleans) -> McNemar:
    """Two-sided exact test that both models err equally often (McNemar 1947)."""
    from scipy.stats import binomtest

    only_high = int(np.sum(high_N & ~low_N))
    only_low = int(np.sum(low_N & ~high_N))
    changed = only_high + only_low
    p = float(binomtest(only_high, changed, 0.5).pvalue) if changed else 1.0
    return McNemar(only_high, only_low, p)


def _estimate(squares: CrossedMeanSquares, variance: float, df: float, source: str) -> Estimate:
    known = df > 0 and math.isfinite(variance)
    error = math.sqrt(variance) if known else math.nan
    return Estimate("difference", squares.value, error, df if known else 0.0, source)
