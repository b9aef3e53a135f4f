"""Tables of an analysis in a terminal: words whole, names whole, numbers without a false sign."""

import math
from dataclasses import replace

import pytest

from actwise.analysis.numbers import number, signed, span
from actwise.report.columns import columns
from actwise.report.views import View, make_view
from actwise.report.wrapping import wrap

LONG = "a name that is rather long, with+its+parts"


def lines_of(view: View, width: int) -> list[str]:
    return [line for header, rows in columns(view, width) for line in (*header, *rows)]


def effects() -> View:
    header = ("term", "df", "SS", "share %", "F", "p", "partial eta² (90 %)", "omega²")
    terms = ("model", "regularization", "model:regularization:activation")
    rows = [
        (t, 2, "1949.370", "89.6", "405.31", "<.001", "0.95 (0.90 to 0.96)", "0") for t in terms
    ]
    return make_view("Effects", header, rows)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_word_is_cut_where_words_have_room(width: int) -> None:
    lines = lines_of(effects(), width)
    assert max(map(len, lines)) <= width
    words = {word for line in lines for word in line.replace(":", ": ").split()}
    assert {"model:", "regularization:", "activation", "regularization"} <= words


def test_numbers_stay_in_one_line_and_wide_tables_go_on_below() -> None:
    blocks = list(columns(effects(), 40))
    assert len(blocks) > 1
    assert all(header[0].startswith("term") for header, _ in blocks)
    text = "\n".join(lines_of(effects(), 40))
    assert text.count("0.95 (0.90 to 0.96)") == text.count("1949.370") == 3


def test_terms_are_whole_where_they_leave_half_of_the_terminal() -> None:
    view = replace(effects(), whole=("term",))
    text = "\n".join(lines_of(view, 80))
    assert text.count("model:regularization:activation") == len(list(columns(view, 80))) == 2
    assert max(map(len, lines_of(view, 50))) <= 50


@pytest.mark.parametrize("width", [10, 14, 24, 50])
def test_wrapping_leaves_nothing_out(width: int) -> None:
    lines = wrap(LONG, width)
    assert max(map(len, lines)) <= width
    assert "".join(lines).replace(" ", "") == LONG.replace(" ", "")


def test_names_break_at_spaces_before_other_marks() -> None:
    assert wrap("vgg16-table1, bn+dropout", 20) == ["vgg16-table1,", "bn+dropout"]
    assert wrap("regularization:activation", 16) == ["regularization:", "activation"]
    assert wrap("pelu(div,mul)", 10) == ["pelu(div,", "mul)"]
    assert wrap("", 10) == [""]


def test_names_that_differ_at_the_end_stay_apart() -> None:
    names = ["x" * 200 + end for end in "ab"]
    view = make_view("Names", ("level", "mean"), [(name, "1.00") for name in names])
    lines = lines_of(view, 30)
    assert any("a" in line for line in lines[1:]) and any("b" in line for line in lines[1:])


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert [number(-0.0004, 3), signed(-0.0004, 3), signed(0.0004, 3)] == ["0.000"] * 3
    assert (signed(-0.0006, 3), signed(0.0006, 3)) == ("-0.001", "+0.001")
    assert span(-0.001, 0.004) == "0.00 to 0.00"
    assert (number(math.nan), number(-math.inf), number(None)) == ("–", "-∞", "–")
