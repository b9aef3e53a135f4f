"""Tests that no verdict rests on, each p value with the family in which it is adjusted.

F tests of effects, tests of equal variances, robustness columns and published comparisons: Holm
inside each family, Benjamini-Hochberg above 50 rows, as for differences.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .effects import EffectSize
from .families import EXPLORATORY_ROWS, AdjustedP, adjust
from .image_errors import ImageErrors
from .results import Checks, Robustness
from .summaries import Comparison


@dataclass(frozen=True)
class RobustP:
    """Of one pair: sign flips, Wilcoxon, and the least p that so many pairs can reach."""

    permutation: AdjustedP
    wilcoxon: AdjustedP
    smallest: AdjustedP


def effect_tests(sizes: Sequence[EffectSize], where: str) -> tuple[AdjustedP, ...]:
    """F tests of the terms of one decomposition; ``where`` tells it from the others."""
    return _family([size.p for size in sizes], f"effects, {where}")


def variance_tests(checks: Checks) -> tuple[AdjustedP, ...]:
    """Tests of equal variances, one a data set."""
    return _family([row.p for row in checks.equal_variances], "equal variances")


def robust_tests(found: Mapping[int, Robustness]) -> dict[int, RobustP]:
    """By position of the pair; pairs without tests are left out."""
    tested = {place: row.tests for place, row in found.items() if row.tests}
    columns = (
        _family([tests.permutation_p for tests in tested.values()], "sign flips"),
        _family([tests.wilcoxon_p for tests in tested.values()], "Wilcoxon"),
        tuple(
            AdjustedP(t.smallest_p, t.smallest_adjusted_p, "sign flips", len(tested), "holm")
            for t in tested.values()
        ),
    )
    return {place: RobustP(*row) for place, *row in zip(tested, *columns, strict=True)}


def model_tests(found: Mapping[int, ImageErrors]) -> dict[int, AdjustedP]:
    """McNemar's tests by position of the pair, of two trained models each."""
    tests = _family([row.models.p for row in found.values()], "McNemar, two trained models")
    return dict(zip(found, tests, strict=True))


def published_tests(comparisons: Sequence[Comparison]) -> list[tuple[AdjustedP, AdjustedP]]:
    """Of each comparison: with the pooled deviation, and Welch's."""
    pooled = _family([row.pooled.p_value() for row in comparisons], "published comparisons")
    welch = _family([row.welch.p_value() for row in comparisons], "published comparisons, Welch")
    return list(zip(pooled, welch, strict=True))


def _family(p_values: Sequence[float], name: str) -> tuple[AdjustedP, ...]:
    if sum(not math.isnan(p) for p in p_values) > EXPLORATORY_ROWS:
        return adjust(p_values, family=f"{name} (exploratory)", method="benjamini-hochberg")
    return adjust(p_values, family=name, method="holm")
