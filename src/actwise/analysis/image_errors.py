"""Differences on these test images and on new ones, for the pairs with stored predictions.

Beside them McNemar's test of two trained models. No verdict uses any of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .conditions import PairRow
from .contrasts import cell_at
from .estimate import Estimate
from .predictions import (
    McNemar,
    crossed_bootstrap,
    crossed_mean_squares,
    mcnemar,
    new_images,
    these_images,
)
from .reading import Correct, shared_seeds
from .table import Observations

MOST_PAIRS = 200


@dataclass(frozen=True)
class ImageErrors:
    """One difference with both standard errors, from the runs that share seeds.

    Attributes:
        these: Only seeds are a sample; like ``new`` without a standard error where one is shared.
        new: Seeds and test images are.
        bootstrap: Standard error by resampling both, a check from 10 seeds on; None below.
        seed: The first that both have: of the two trained models that ``models`` compares.
        models: McNemar's test of these two, not of the activations.
    """

    these: Estimate
    new: Estimate
    bootstrap: float | None
    seed: str
    models: McNemar


def image_errors(
    observed: Observations, correct: Correct, pairs: Sequence[PairRow], *, seed: int
) -> dict[int, ImageErrors]:
    """Both standard errors by position in ``pairs``; the verdicts do not use them.

    Args:
        observed: The runs.
        correct: Correct test images of cells and seeds.
        pairs: From ``simple_effects``; larger tables than :data:`MOST_PAIRS` get none.
        seed: Of the bootstrap.
    """
    if not correct or len(pairs) > MOST_PAIRS:
        return {}
    generator = np.random.default_rng(seed)
    found = {}
    for number, pair in enumerate(pairs):
        high, low = (
            correct.get(
                cell_at(observed.factors, pair.condition, focus=observed.focus, level=level), {}
            )
            for level in (pair.high, pair.low)
        )
        shared = shared_seeds(high, low)
        if not shared:
            continue
        high_KN, low_KN = (np.array([part[name] for name in shared]) for part in (high, low))
        squares = crossed_mean_squares(high_KN, low_KN)
        name = f"{pair.high} - {pair.low}"
        found[number] = ImageErrors(
            replace(these_images(squares), name=name),
            replace(new_images(squares), name=name),
            crossed_bootstrap(high_KN, low_KN, generator=generator),
            shared[0],
            mcnemar(high_KN[0], low_KN[0]),
        )
    return found
