"""In which unit the differences of a response are said, and with how many decimals."""

import math

import numpy as np

from .evidence import is_percent
from .table import Observations

_MOST = 8


def in_points(observed: Observations | None) -> bool:
    """Whether differences are points: the response is a percentage, or a paper's summary of one."""
    return observed is None or is_percent(observed)


def decimals(observed: Observations | None) -> int:
    """Two; more for a response that varies so little that two would show nothing.

    The run-to-run deviation keeps two significant digits.
    """
    if observed is None or is_percent(observed):
        return 2
    spread = _run_spread(observed)
    return min(_MOST, max(2, 1 - math.floor(math.log10(spread)))) if spread > 0 else 2


def _run_spread(observed: Observations) -> float:
    """The pooled deviation inside the cells; of all runs where no cell has a second run."""
    done = observed.completed()
    if not done.num_runs:
        return 0.0
    cells_R = done.run_cells
    counts_C = np.bincount(cells_R)
    means_C = np.bincount(cells_R, weights=done.response_R) / np.maximum(counts_C, 1)
    df = done.num_runs - int(np.count_nonzero(counts_C))
    inside = float(np.sum((done.response_R - means_C[cells_R]) ** 2))
    spread = math.sqrt(inside / df) if df else 0.0
    # What rounding alone leaves inside the cells is no deviation.
    largest = float(np.abs(done.response_R).max())
    return spread if spread > 1e-9 * largest else float(np.std(done.response_R))
