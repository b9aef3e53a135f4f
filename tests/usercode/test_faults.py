"""What an exception says, in one line."""

import traceback

import pytest

from actwise.usercode import describe_fault, exception_line

FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1\n    f()\n    ^^^\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{FRAMES}ValueError: no\n", "ValueError: no"),
        (f"{FRAMES}a.b.Failed: no compiler\n\nSet VERBOSE=1\n", "a.b.Failed: no compiler"),
        (f"{FRAMES}KeyError: 1\n\nDuring that:\n\n{FRAMES}Boom\n", "Boom"),
        (f"{FRAMES}ValueError: shapes differ\n  a: 3\nb: 4\n", "ValueError: shapes differ"),
        (
            f"{FRAMES}RuntimeError: Missing keys:\n\tfc.weight\n",
            "RuntimeError: Missing keys: fc.weight",
        ),
        (
            "my:train returned nothing; expected a number",
            "my:train returned nothing; expected a number",
        ),
        ("", ""),
    ],
)
def test_the_line_that_names_an_exception_is_found(text: str, line: str) -> None:
    assert exception_line(text) == line


class ExitOfTheUsers(BaseException):
    """Says nothing."""


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo: 2"), "ValueError: one"),
        (
            ExceptionGroup("two failed", [ValueError("a"), KeyError("b")]),
            "ExceptionGroup: two failed (2 sub-exceptions)",
        ),
        (SyntaxError("bad", ("a.py", 1, 1, "x = = 2", 1, 2)), "SyntaxError: bad"),
        (KeyError(), "KeyError"),
    ],
    ids=["lines", "group", "syntax", "no message"],
)
def test_it_is_found_as_python_prints_it(error: BaseException, line: str) -> None:
    assert exception_line("".join(traceback.format_exception(raised(error)))) == line


def test_a_fault_in_one_sentence_has_the_first_line_alone() -> None:
    fault = describe_fault(raised(ValueError("one\ntwo")))
    assert fault.startswith("ValueError: one (") and "\n" not in fault


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            SyntaxError("bad", ("a.py", 1, 1, "x = = 2", 1, 2)),
            "SyntaxError: bad (a.py, line 1)",
        ),
        (ValueError("raised nowhere"), "ValueError: raised nowhere"),
        (KeyError("lr"), "KeyError: 'lr'"),
        (ExitOfTheUsers(), "ExitOfTheUsers:"),
    ],
    ids=["syntax", "nowhere", "key", "no words"],
)
def test_a_fault_without_a_line_of_the_users_is_told_without_one(
    error: BaseException, sentence: str
) -> None:
    assert describe_fault(raised(error) if isinstance(error, SyntaxError) else error) == sentence
