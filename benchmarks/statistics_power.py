"""What can be computed without a draw: power, detectable differences, when pairing pays."""

from collections.abc import Iterator

import numpy as np

from actwise.analysis.assumptions import break_even_correlation
from actwise.analysis.power import Design, power, smallest_detectable
from made_truths import SD, Row, known

PAIR, TWELVE, TWENTY_FOUR = (Design(num_cells) for num_cells in (2, 12, 24))


def powers(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Why variances are pooled; what 3, 5 and 10 seeds find; the correlation that pairing needs."""
    for design, name, expected in (
        (PAIR, "two cells alone", 0.29),
        (TWENTY_FOUR, "24 cells", 0.67),
    ):
        # Two-sided 5 %: the other tail is negligible here.
        found = power(0.5, sd=SD, num_seeds=3, design=design, alpha=0.025)
        yield known(f"power for 0.5 points, 3 seeds, paired, {name}", found, expected, 0.005)
    for seeds, expected in ((3, 0.52), (5, 0.40), (10, 0.28)):
        found = smallest_detectable(sd=SD, num_seeds=seeds, design=TWELVE)
        yield known(f"difference found with 80 % power, {seeds} seeds", found, expected, 0.005)
    for seeds, expected in ((3, 0.58), (5, 0.31), (10, 0.14)):
        found = break_even_correlation(seeds)
        label = f"within-seed correlation above which pairing pays, {seeds} seeds"
        yield known(label, found, expected, 0.005)
