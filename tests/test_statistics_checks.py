"""The checks of ``benchmarks/statistics_checks.py`` with fewer repetitions, judged exactly."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from made_truths import Row, at_most, covers, equals, has_level
from statistics_checks import CHECKS

Check = Callable[[int, np.random.Generator], Iterator[Row]]

REPETITIONS = 400
"""So many that a test that never rejects, or rejects always, is told from one at 5 %."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_statistics_keep_their_promises(check: Check) -> None:
    rows = list(check(REPETITIONS, np.random.default_rng(0)))
    assert rows
    assert [row for row in rows if not row.is_credible()] == []
    assert [row for row in rows if _is_satisfied_by_nothing(row)] == []


def _is_satisfied_by_nothing(row: Row) -> bool:
    """Whether events that never come, or always, would pass for a rate strictly between."""
    if row.rates is None:
        return False
    least, greatest = row.rates
    never = least > 0 and replace(row, value=0.0).is_credible()
    return never or (greatest < 1 and replace(row, value=1.0).is_credible())


def test_every_claim_has_a_point_of_false_support_and_one_of_false_refutation() -> None:
    from statistics_claims import CLAIMS, POINTS

    tried = {(point.claim, point.verdict) for point in POINTS}
    assert tried == {(claim, v) for claim in CLAIMS for v in ("supported", "refuted")}


def test_a_row_out_of_its_range_is_told() -> None:
    assert covers("coverage", hits(950)).passed()
    assert not covers("coverage", hits(920)).passed()
    assert at_most("error", hits(70)).passed()
    assert not at_most("error", hits(71)).passed()
    assert not equals("size", hits(60), expected=0.06).passed()


def test_few_repetitions_are_judged_by_exact_binomial_tails() -> None:
    # At 6 % 16 of 100 or more come in 0.03 %; at 4 % none of 100 comes in 1.7 %.
    assert has_level("level", hits(14, of=100)).is_credible()
    assert not has_level("level", hits(16, of=100)).is_credible()
    assert has_level("level", hits(0, of=100)).is_credible()
    assert not has_level("level", hits(0, of=200)).is_credible()
    assert not covers("coverage", hits(895)).is_credible()
    assert at_most("error", hits(0)).is_credible()
    assert not equals("size", hits(60), expected=0.06).is_credible()


def hits(count: int, *, of: int = 1000) -> list[bool]:
    return [True] * count + [False] * (of - count)
