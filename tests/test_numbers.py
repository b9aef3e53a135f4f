"""Numbers as text."""

import math

import pytest

from actwise.numbers import degrees


@pytest.mark.parametrize(
    ("df", "said"),
    [
        (2.0, "2"),
        # What another processor's rounding makes of the same sum.
        (2.0 + 4e-16, "2"),
        (2 - 1e-12, "2"),
        (1e5 + 1e-9, "100000"),
        (38.94, "38.9"),
        (38.96, "39.0"),
        (math.inf, "∞"),
        (0.0, "–"),
    ],
)
def test_degrees_of_freedom_read_the_same_on_every_processor(df: float, said: str) -> None:
    assert degrees(df) == said
