"""Tables of an analysis in a terminal: words whole, names whole, numbers without a false sign."""

import math
from collections.abc import Iterable, Sequence

import pytest

from actwise.numbers import duration, number, signed, span
from actwise.report.tables import View, columns, make_view, wrap

LONG = "a name that is rather long, with+its+parts"


def lines_of(view: View, width: int) -> list[str]:
    return [line for header, rows in columns(view, width) for line in (*header, *rows)]


def effects() -> View:
    header = ("term", "df", "SS", "share %", "F", "p", "partial eta² (90 %)", "omega²")
    terms = ("model", "regularization", "model:regularization:activation")
    rows = [
        (t, 2, "1949.370", "89.6", "405.31", "<.001", "0.95 (0.90 to 0.96)", "0") for t in terms
    ]
    return view_of(header, rows)


def view_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> View:
    view = make_view("any", "Any", header, rows)
    assert view is not None
    return view


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
    view = view_of(("level", "mean"), [(name, "1.00") for name in names])
    lines = lines_of(view, 30)
    assert any("a" in line for line in lines[1:]) and any("b" in line for line in lines[1:])


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert [number(-0.0004, 3), signed(-0.0004, 3), signed(0.0004, 3)] == ["0.000"] * 3
    assert (signed(-0.0006, 3), signed(0.0006, 3)) == ("-0.001", "+0.001")
    assert span(-0.001, 0.004) == "0.00 to 0.00"
    assert (number(math.nan), number(-math.inf), number(None)) == ("–", "-∞", "–")


def test_what_is_the_same_in_every_row_above_is_not_said_again() -> None:
    rows = [
        ("cifar10", "vgg", "bn", 1),
        ("cifar10", "vgg", "none", 2),
        ("cifar100", "vgg", "bn", 3),
    ]
    lines = lines_of(view_of(("dataset", "model", "norm", "n"), rows), 60)
    assert [line.split() for line in lines[1:]] == [
        ["cifar10", "vgg", "bn", "1"],
        ["none", "2"],
        ["cifar100", "vgg", "bn", "3"],
    ]


def test_columns_that_say_nothing_are_left_out_and_a_table_without_rows_is_none() -> None:
    view = view_of(("level", "remarks", "mean"), [("relu", "", 1.0), ("elu", None, 2.0)])
    assert view.header == ("level", "mean")
    assert make_view("any", "Any", ("level",), []) is None


def test_values_are_said_in_one_way() -> None:
    rows = [("a", 1.239, (0.5, 2.0), True, ("x", "y"), math.nan)]
    assert view_of(("name", "mean", "interval", "is", "names", "not known"), rows).rows == (
        ("a", "1.24", "0.50 to 2.00", "yes", "x, y", "–"),
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (45, "45 s"), (700, "12 min"), (12_600, "3.5 h"), (181_440, "2.1 days")],
)
def test_a_duration_is_said_in_one_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_later_block_leaves_out_rows_of_which_it_says_nothing() -> None:
    rows = [("all", "a", "1", ""), ("all", "b", "2", "0.01"), ("one", "a", "3", "")]
    view = view_of(("where", "term", "the sum of squares", "adjusted p of F"), rows)
    (_, first), (_, second) = columns(view, 26)
    assert len(first) == 3
    assert [line.split() for line in second] == [["all", "b", "0.01"]]
    empty = view_of(view.header, [(*row[:3], "") for row in rows])
    assert len([*columns(empty, 26)]) == 1
