"""In which unit numbers are said, with how many decimals, and at which level."""

import math

from ...analysis import Analysis
from ...analysis.model import Estimate, is_percent
from ...analysis.precision import interval_within, possible_range
from ...numbers import percent
from ...store.tables import setting_of

_MOST = 8


def in_points(analysis: Analysis) -> bool:
    """Whether differences are points: the response is a percentage, or a paper's summary of one."""
    observed = analysis.observed
    return observed is None or is_percent(observed)


def unit(analysis: Analysis) -> str:
    """Heading of a column of differences."""
    return "points" if in_points(analysis) else "estimate"


def digits_of(analysis: Analysis) -> int:
    """Decimals: two, more for a response that varies so little that two would show nothing.

    The least run-to-run deviation keeps two significant digits.
    """
    model = analysis.model
    if model is None or in_points(analysis):
        return 2
    spreads = [stratum.total.sd for stratum in model.strata if stratum.total.value > 0]
    spread = min(spreads, default=float(model.observed.response_R.std()))
    return digits_for(spread)


def digits_for(spread: float) -> int:
    """Decimals that keep two significant digits of a run-to-run deviation."""
    needed = 1 - math.floor(math.log10(spread)) if spread > 0 else 2
    return min(_MOST, max(2, needed))


def response_text(analysis: Analysis) -> str:
    """``test accuracy``."""
    observed = analysis.observed
    return setting_of(observed.response).replace("_", " ") if observed else "accuracy"


def interval_name(analysis: Analysis) -> str:
    """``95 % interval``; with planned looks the level that they leave."""
    return f"{percent(1 - analysis.alpha)} interval"


def verdict_name(analysis: Analysis) -> str:
    """``90 % interval``: each direction of a verdict errs in alpha."""
    return f"{percent(1 - 2 * analysis.alpha)} interval"


def mean_interval(analysis: Analysis, mean: Estimate | None) -> tuple[float, float]:
    """Of a mean, two-sided, inside what a mean can be; NaN where none is known."""
    if mean is None or analysis.observed is None:
        return math.nan, math.nan
    return interval_within(mean, possible_range(analysis.observed))
