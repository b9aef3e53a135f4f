"""Whether a response is a percentage of accuracy or error, or a fraction of one."""

from ...rows import is_rate
from ..table.observations import Observations


def is_percent(observed: Observations) -> bool:
    """Whether the response is a percentage: named so, between 0 and 100, and no fraction.

    Of a training of the user's own, its study says so.
    """
    if observed.unit is not None:
        return observed.unit == "percent" and _lies_within(observed, most=100.0)
    return _is_share(observed, most=100.0) and not looks_like_fraction(observed)


def looks_like_fraction(observed: Observations) -> bool:
    """Whether all accuracies (or errors) lie between 0 and 1: as percentages they would be tiny."""
    is_possible = observed.unit != "none" and observed.completed.num_runs > 0
    return is_possible and _is_share(observed, most=1.0)


def _is_share(observed: Observations, *, most: float) -> bool:
    is_named = is_rate(observed.response) or observed.unit == "percent"
    return is_named and _lies_within(observed, most=most)


def _lies_within(observed: Observations, *, most: float) -> bool:
    values_R = observed.completed.response_R
    return bool(((values_R >= 0) & (values_R <= most)).all())
