"""The sample of mistakes: what it makes, who notices it, and that it goes on where it stopped."""

import ast
from pathlib import Path

import pytest

from benchmarks.mutations.changes import changed, changes
from benchmarks.mutations.copies import copy_of
from benchmarks.mutations.mutations import interval, main, sample, summary
from benchmarks.mutations.records import Record
from benchmarks.mutations.seen_by import seen_by, uses_of

SOURCE = '''"""Numbers."""
LIMIT = 3


def larger(first, second):
    return first if first > second else second


def within(number):
    return number <= LIMIT


def said(lower, upper):
    """From 1 to 2."""
    return f"{lower} to {upper}"


def unseen(number):
    return number + 1
'''
TESTS = """
from toy import larger, said, within


def test_the_larger_is_found():
    assert (larger(1, 2), larger(2, 1)) == (2, 2)


def test_what_is_executed_only():
    said(1, 2)
    within(2)
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name, text in {"src/toy/__init__.py": SOURCE, "tests/test_toy.py": TESTS}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def tried(root: Path, capsys: pytest.CaptureFixture[str], number: int = 20) -> dict[str, str]:
    """The outcome of each place and change, and under ``""`` what is said last."""
    folder = str(root.parent / "results")
    main(["--root", str(root), "--source", "src/toy", "--folder", folder, "--number", str(number)])
    *lines, last = capsys.readouterr().out.splitlines()
    cells = [line.split("\t") for line in lines if "\t" in line]
    return {f"{place} {change}": outcome for _, place, _, change, outcome in cells} | {"": last}


@pytest.mark.benchmarks
def test_a_mistake_is_noticed_by_a_test_that_checks_and_by_none_that_executes_only(
    toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tried(toy, capsys)
    last = found.pop("")
    by_line = {int(key.split()[0].split(":")[1]): outcome for key, outcome in found.items()}
    assert by_line == {
        2: "survived 2 tests",
        6: "noticed by tests/test_toy.py::test_the_larger_is_found",
        10: "survived 1 tests",
        15: "survived 1 tests",
        19: "survived 2 tests",  # those of no unit: none runs it
    }
    assert last.startswith("1 of 5 noticed: 20.0 % (95 %: 3.6 to 62.4), 0 equivalent")
    # What people judged counts no more, and what they deleted is tried again, alone.
    (results,) = toy.parent.glob("results/seed-1-*.tsv")
    lines = results.read_text().splitlines()
    judged = [line.replace("survived", "equivalent", 1) for line in lines[:1]]
    kept = [*judged, *(line for line in lines[1:] if "noticed" in line)]
    results.write_text("".join(f"{line}\n" for line in kept))
    again = tried(toy, capsys)
    assert len(again) - 1 == len(lines) - len(kept)
    assert "recording" not in "".join(again)
    assert (toy / "src/toy/__init__.py").read_text() == SOURCE


@pytest.mark.benchmarks
def test_tests_that_hang_are_ended(toy: Path) -> None:
    (toy / "tests/test_toy.py").write_text("def test_it():\n    while True: pass\n")
    with copy_of(toy, "src/toy") as copy:
        assert copy.run(["tests"], seconds=3.0) == "no end within 3 s"


KINDS = {
    "operator": ("x = a + b\n", "x = a - b\n"),
    "comparison": ("x = a in b\n", "x = a not in b\n"),
    "boundary": ("x = a < b\n", "x = a <= b\n"),
    "constant": ("x = f(3)\n", "x = f(4)\n"),
    "text": ("x = row['mean']\n", "x = row['mean_']\n"),
    "negated condition": ("x = [a for a in b if not a]\n", "x = [a for a in b if a]\n"),
    "swapped": ("x = f'{lower} to {upper}'\n", "x = f'{upper} to {lower}'\n"),
    "dropped statement": ("if a:\n    f()\n", "if a:\n    pass\n"),
    "call": ("x = open(a, mode='x')\n", "x = open(a)\n"),
    "default": ("def f(a, b=True):\n    g(b)\n", "def f(a, b=False):\n    g(b)\n"),
    "returned value": ("def f(a):\n    return [a]\n", "def f(a):\n    return []\n"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake_is_made(kind: str) -> None:
    before, after = KINDS[kind]
    made = [changed(before, {}, i) for i, c in enumerate(changes(before, {})) if c.kind == kind]
    assert ast.unparse(ast.parse(after)) + "\n" in made


@pytest.mark.parametrize(
    "text",
    [
        '"""Of 3 runs."""\n',
        "def f(a: 'Literal[3]') -> 'list[4]': ...\n",
        "def f(a):\n    assert a > 3, f'{a} of {b}'\n",
        "log.info('mean', 3)\n",
        "import a\n",
        "__all__ = ['a', 'b']\n",
        "if TYPE_CHECKING:\n    f(3)\n",
        "Table = dict[str, int] | None\n",
        "x = f(a, strict=True, encoding='utf-8')\n",
    ],
)
def test_docstrings_annotations_assertions_and_log_lines_stay(text: str) -> None:
    assert changes(text, {}) == []


def test_a_keyword_is_left_out_only_where_it_may_be() -> None:
    text = "x = ours(needed=a, free=b)\n"
    calls = [change.after for change in changes(text, {"ours": {"free"}}) if change.kind == "call"]
    assert calls == ["ours(needed=a)"]


def test_a_default_and_what_no_test_runs_are_sought_in_the_tests_of_the_unit() -> None:
    text = "def f(a=3):\n    return g(a)\n"
    tests = (
        "tests/unit/test_a.py::reads",
        "tests/test_b.py::runs",
        "tests/other/test_c.py::x",
    )
    record = Record(dict.fromkeys(tests, 1.0), set(), {("unit/file.py", 2): {tests[1]}})
    (default,) = changes(text, {})
    assert default.kind == "default"
    found = seen_by("unit/file.py", default, uses_of({"unit/file.py": text}), record)
    assert found == {*tests[:2]}
    (limit,) = changes("LIMIT = 3\n", {})
    assert seen_by("unit/other.py", limit, uses_of({}), record) == {*tests[:2]}


def test_a_larger_sample_begins_with_the_smaller() -> None:
    files = {"a.py": SOURCE, "b.py": SOURCE}
    small, large = (sample(files, {}, seed=3, number=number) for number in (4, 8))
    assert small == large[:4] and len({(m.file, m.change.line) for m in large}) == len(large)
    assert small != sample(files, {}, seed=4, number=4)


def test_the_share_comes_with_wilsons_interval() -> None:
    assert interval(86, 100) == pytest.approx((0.7786, 0.9147), abs=1e-4)
    assert interval(5, 5)[1] == 1.0 and interval(0, 5)[0] == 0.0
    lines = ["1\tnoticed by x", "2\tsurvived 3 tests", "3\tequivalent: a cache"]
    assert summary(lines).startswith("1 of 2 noticed: 50.0 % (95 %: 9.5 to 90.5), 1 equivalent")
    assert summary([]) == "nothing was tried"
