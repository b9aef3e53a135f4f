"""The checks of ``benchmarks/statistics_checks.py`` with few repetitions and wider ranges."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from made_truths import Row, at_most, covers, equals, has_level
from statistics_checks import CHECKS

Check = Callable[[int, np.random.Generator], Iterator[Row]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_statistics_keep_their_promises(check: Check) -> None:
    rows = list(check(100, np.random.default_rng(0)))
    assert rows
    assert [row for row in rows if not row.passed(spare_errors=3.0)] == []


def test_every_claim_has_a_point_of_false_support_and_one_of_false_refutation() -> None:
    from statistics_claims import CLAIMS, POINTS

    tried = {(point.claim, point.verdict) for point in POINTS}
    assert tried == {(claim, v) for claim in CLAIMS for v in ("supported", "refuted")}


def test_a_row_out_of_its_range_is_told() -> None:
    def hits(count: int) -> list[bool]:
        return [True] * count + [False] * (1000 - count)

    assert covers("coverage", hits(950)).passed()
    assert not covers("coverage", hits(910)).passed(spare_errors=2.0)
    assert not has_level("level", hits(6)).passed(spare_errors=3.0)
    assert at_most("error", hits(70)).passed()
    assert not at_most("error", hits(71)).passed()
    assert not equals("size", hits(60), expected=0.06).passed()
