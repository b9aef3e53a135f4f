"""Numbers as text."""

import math

import pytest

from actwise import numbers
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


SAID: list[tuple[str, tuple[object, ...], object]] = [
    ("number", (1.005, 1), "1.0"),
    ("number", (-0.004,), "0.00"),
    ("number", (-0.006,), "-0.01"),
    ("number", (None,), "–"),
    ("number", (math.nan,), "–"),
    ("number", (math.inf,), "∞"),
    ("number", (-math.inf,), "-∞"),
    ("signed", (0.004,), "0.00"),
    ("signed", (0.006,), "+0.01"),
    ("signed", (-0.006,), "-0.01"),
    ("signed", (2.345, 1), "+2.3"),
    ("signed", (None,), "–"),
    ("signed", (math.inf,), "∞"),
    ("significant", (0.12345,), "0.123"),
    ("significant", (3.21e-9, 2), "3.2e-09"),
    ("significant", (123456.0,), "1.23e+05"),
    ("significant", (None,), "–"),
    ("significant", (math.inf,), "∞"),
    ("span", (1.2, 3.4), "1.20 to 3.40"),
    ("span", (1.25, 3.44, 1), "1.2 to 3.4"),
    ("span", (math.nan, 1.0), "–"),
    ("span", (-math.inf, 1.0), "-∞ to 1.00"),
    ("percent", (0.95,), "95 %"),
    ("percent", (0.96123,), "96.1 %"),
    ("p_text", (0.00099,), "<.001"),
    ("p_text", (0.001,), "0.001"),
    ("p_text", (0.0455,), "0.045"),
    ("p_text", (math.nan,), "–"),
    ("counted", (0, "run"), "0 runs"),
    ("counted", (1, "run"), "1 run"),
    ("counted", (10_000, "run"), "10,000 runs"),
    ("duration", (89.4,), "89 s"),
    ("duration", (90,), "2 min"),
    ("duration", (5399,), "90 min"),
    ("duration", (5400,), "1.5 h"),
    ("duration", (172_799,), "48.0 h"),
    ("duration", (172_800,), "2.0 days"),
    ("duration", (math.nan,), "–"),
    ("read_duration", ("90",), 90.0),
    ("read_duration", (" 90s ",), 90.0),
    ("read_duration", ("1.5m",), 90.0),
    ("read_duration", ("1h30m10s",), 5410.0),
    ("read_duration", ("2h",), 7200.0),
    ("read_duration", ("0m",), None),
    ("read_duration", ("",), None),
    ("read_duration", ("10x",), None),
    ("signal_name", (9,), "SIGKILL"),
    ("signal_name", (39,), "signal 39"),
]


@pytest.mark.parametrize(("name", "arguments", "said"), SAID)
def test_a_number_reads_as_it_should(
    name: str, arguments: tuple[object, ...], said: object
) -> None:
    assert getattr(numbers, name)(*arguments) == said


@pytest.mark.parametrize("number", [0, 1, 2, 59, 60, 61, 119, 120, 121, 5000])
def test_places_are_few_and_hold_both_ends(number: int) -> None:
    found = numbers.places(number, 60)
    assert found == sorted(set(found)) and len(found) <= 60
    assert found[:1] == [0][:number] and found[-1:] == [number - 1][:number]
    assert number > 60 or len(found) == number
