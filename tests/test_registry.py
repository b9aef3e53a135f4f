"""The level grammar and the tables."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actwise.errors import SpecError, UnknownNameError
from actwise.registry import (
    Level,
    Parameter,
    Registry,
    Value,
    bind,
    canonical,
    parse_expression,
    parse_level,
    split_outside,
)

ALPHA = Parameter("alpha", 1.0, above=0)
DEPTH = Parameter("depth", 20, low=8)
POST_ADD = Parameter("post_add", True)


@dataclass(frozen=True)
class Entry:
    name: str


def canonical_text(text: str, *parameters: Parameter) -> str:
    level = parse_level(text, kind="thing")
    return canonical(level.name, bind(level, parameters, kind="thing"), parameters)


@pytest.mark.parametrize("text", ["elu", "elu(1)", "elu(1.0)", "elu(alpha=1)", " elu( 1e0 ) "])
def test_one_level_has_one_canonical_text(text: str) -> None:
    assert canonical_text(text, ALPHA) == "elu"


def test_arguments_that_differ_from_the_default_stay_by_name() -> None:
    assert canonical_text("elu(0.5)", ALPHA) == "elu(alpha=0.5)"
    assert canonical_text("net(32, post_add=off)", DEPTH, POST_ADD) == "net(depth=32,post_add=off)"


# A process that has trained flushes denormal numbers, and hypothesis refuses to make them then.
values = st.one_of(
    st.booleans(),
    st.integers(-999, 999),
    st.floats(-1e9, 1e9, allow_subnormal=False),
    st.just("word"),
)
names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)


@given(names, st.lists(values, max_size=3), st.dictionaries(names, values, max_size=3))
def test_a_printed_level_reads_back_as_itself(
    name: str, args: list[Value], kwargs: dict[str, Value]
) -> None:
    level = Level(name, tuple(args), tuple(kwargs.items()))
    assert parse_level(str(level), kind="thing") == level


@pytest.mark.parametrize(
    "text",
    ["", "elu(", "elu)", "elu(0.5", "elu(a=1,2)", "elu(a=1,a=2)", "elu(,)", "a b", "f(g(1))"],
)
def test_text_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="thing"):
        parse_level(text, kind="thing")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("elu(0)", "above 0"),
        ("elu(x)", "finite number"),
        ("elu(inf)", "finite number"),
        (f"elu({'1' * 400})", "finite number"),
        (f"elu(-{'1' * 5000})", "finite number"),
        ("elu(on)", "finite number"),
        ("elu(1, 2)", "2 arguments given"),
        ("elu(alpah=2)", "did you mean alpha"),
        ("elu(1, alpha=2)", "given twice"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        canonical_text(text, ALPHA)


def test_a_number_too_large_for_a_float_is_refused_however_it_comes() -> None:
    with pytest.raises(SpecError, match="finite number"):
        ALPHA.check(10**400, owner="elu")


def test_there_is_one_zero() -> None:
    slope = Parameter("slope", 0.01)
    assert canonical_text("leaky(-0.0)", slope) == canonical_text("leaky(0)", slope)


def test_whole_numbers_and_switches_are_checked() -> None:
    with pytest.raises(SpecError, match="whole number"):
        canonical_text("net(20.5)", DEPTH)
    with pytest.raises(SpecError, match="at least 8"):
        canonical_text("net(2)", DEPTH)
    with pytest.raises(SpecError, match="on or off"):
        canonical_text("net(post_add=1)", POST_ADD)


def test_separators_inside_parentheses_do_not_separate() -> None:
    assert split_outside("relu,elu(0.5,x),gelu", ",") == ["relu", "elu(0.5,x)", "gelu"]
    assert [str(level) for level in parse_expression("bn+crop(4)", kind="part")] == [
        "bn",
        "crop(4)",
    ]


def test_a_table_keeps_its_order_and_refuses_a_second_entry() -> None:
    table = Registry[Entry]("entry")
    for name in ("b", "a"):
        table.add(Entry(name))
    assert list(table) == ["b", "a"] and "a" in table and "c" not in table
    with pytest.raises(SpecError, match="twice"):
        table.add(Entry("a"))


def test_an_unknown_name_gets_the_nearest_one() -> None:
    table = Registry[Entry]("activation")
    table.add(Entry("prelu"))
    with pytest.raises(UnknownNameError, match="'preul'; did you mean prelu"):
        table["preul"]


def test_of_many_names_some_are_listed_and_the_rest_counted() -> None:
    said = str(UnknownNameError("network", "?", [f"n{k}" for k in range(1_250)]))
    assert said.endswith("known are " + ", ".join(f"n{k}" for k in range(20)) + " and 1,230 more")


@pytest.mark.parametrize("written", [3, None, ["elu"], len])
def test_a_level_that_is_no_text_is_refused(written: object) -> None:
    with pytest.raises(SpecError, match=r"activation .*: expected the name of a level, a text"):
        parse_level(written, kind="activation")  # type: ignore[arg-type]
