"""How long a line of a CSV file may be, and which values a program wrote for no finite number."""

import math
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import DataError
from actwise.rows import is_not_finite, read_rows

MOST = 500_000
FIELDS = 5


def line_of(length: int) -> str:
    """So many characters in fields of about equal size, the end of the line included."""
    sizes = [(length - FIELDS) // FIELDS] * (FIELDS - 1)
    sizes.append(length - FIELDS - sum(sizes))
    return ",".join(letter * size for letter, size in zip("abcde", sizes, strict=True)) + "\n"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_has_at_most_half_a_million_characters(place: int, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    lines = ["v,w,x,y,z\n", "1,2,3,4,5\n", "6,7,8,9,10\n"]
    lines[place] = line_of(MOST)
    assert len(lines[place]) == MOST
    path.write_text("".join(lines), encoding="utf-8")
    assert len(read_rows(path)) == 2
    lines[place] = line_of(MOST + 1)
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_rows(path)
    assert str(refusal.value) == (
        f"{path} cannot be read as a CSV file: a line has more than 500,000 characters"
    )


def test_a_field_that_is_too_long_is_refused_in_the_words_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(f"a,b\n1,{'x' * 131_073}\n", encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        read_rows(path)
    assert str(refusal.value) == (
        f"{path} cannot be read as a CSV file: field larger than field limit (131072)"
    )


@pytest.mark.parametrize(
    ("value", "is_said"),
    [
        ("nan", True),
        ("-inf", True),
        (math.inf, True),
        ("Infinity", True),
        (math.nan, False),  # so a table has what is missing
        (None, False),
        ("", False),
        ("many", False),
        ([1.0], False),
        ("1.5", False),
        (0, False),
        (True, False),
    ],
)
def test_what_a_program_wrote_down_as_no_finite_number_is_told(value: Any, is_said: bool) -> None:
    assert is_not_finite(value) is is_said
