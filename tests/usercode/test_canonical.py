"""The canonical form of syntax trees: what changes nothing is left out, all else tells apart."""

import ast
import hashlib
import itertools
import textwrap
from typing import Any

import pytest

from actwise.usercode import canonical_text

PLAIN = """
    import torch
    def f(x, a=1.0, *, b=None, **more):
        y = torch.where(x > 0, x, a * x)
        return {**more, "y": y}
    class Act(torch.nn.Module):
        slope: float = 0.25
        def forward(self, x):
            return x
"""
WRITTEN_OTHERWISE = """
    '''Of a module.'''
    # a comment

    import torch  # another


    def f(x, a = 1.0, *,
          b = None, **more,
    ):
        '''Of a function.'''
        y = (torch.where(x > 0, x, (a * x)))  # type: ignore
        "a statement that is a mere string"
        return {
            **more,
            'y': y,
        }
    class Act(torch . nn . Module):
        u'Of a class.'
        slope: float = .25
        '''Of an attribute.'''
        def forward(self, x):
            # type: (Tensor) -> Tensor
            return (x)
"""

# Golden: they stand in the ids of users' runs, on every version of Python.
GOLDEN = {
    PLAIN: "df7681b57f0f80eb",
    "x = [1, 1.0, 1j, True, None, ..., '1', b'1', -0.0, 10**30, 1e999]": "e4b6885a73e94420",
    "def f(a, /, b, *c, d=2, e, **g) -> int: return lambda *, h: (yield)": "d5d22c52962938c9",
    "f'{x!r:>{w}.2f} {{}} {x=} {y:%H:%M}' f'{z}' 'end'": "7610918d0d3a7b62",
    "async def f():\n async with a as b, c: pass\n return [x async for x in y if x]": (
        "a627e5ad7c1d1d43"
    ),
    "try: pass\nexcept* E as e: raise e from None\nfinally: del a.b, c[1:2, ...]": (
        "e49070cdf9faf3b1"
    ),
    "match x:\n case {'a': [1, *_], **r} | P(y=None) as q if r: pass": "060ca5f3fcd3c854",
    "global g; a: int; (b): int = 1; c @= d if e is not f else not g": "e45236b40ea55940",
    'x = "caf\\u00e9 \\ud800 \\U0001f600"; é = "é"': "ccd32c737366cd1f",
}


def text_of(source: str) -> str:
    return canonical_text(ast.parse(textwrap.dedent(source)))


def test_comments_docstrings_and_layout_do_not_count() -> None:
    assert text_of(WRITTEN_OTHERWISE) == text_of(PLAIN)


@pytest.mark.parametrize("source", GOLDEN)
def test_the_digest_is_the_same_on_every_version_of_python(source: str) -> None:
    assert hashlib.sha256(text_of(source).encode()).hexdigest()[:16] == GOLDEN[source]


@pytest.mark.parametrize("source", GOLDEN)
def test_fields_that_a_later_version_adds_do_not_appear_while_empty(source: str) -> None:
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        fields: Any = ("an_empty_list", *node._fields, "type_params", "nothing")
        node._fields = fields
        node.type_params, node.an_empty_list, node.nothing = [], [], None  # type: ignore[attr-defined]
    assert canonical_text(tree) == text_of(source)


def test_the_fields_of_an_older_version_may_be_missing() -> None:
    tree = ast.parse("def f(): return 1")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            del node.type_comment, node.returns, node.decorator_list
    assert canonical_text(tree) == text_of("def f(): return 1")


@pytest.mark.parametrize("source", ["f'a{x}b'", "f'{x:{w}.2f}'", "f'{x:}'", "f'{x:>8}' 'b'"])
def test_f_strings_are_the_same_however_a_version_cuts_them(source: str) -> None:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            node.values = [part for value in node.values for part in cut(value)]
    assert canonical_text(tree) == text_of(source)


def cut(value: ast.expr) -> list[ast.expr]:
    if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        return [value]
    return [ast.Constant(""), *map(ast.Constant, value.value)]


DIFFERENT = [
    ["1", "1.0", "True", "'1'", "b'1'", "1j", "'True'", "...", "None", "0x10", "'None'"],
    ["0.0", "-0.0", "0", "0j", "False", "''", "b''", "()", "[]", "{}", "set()"],
    [str(2**64), str(2**64 + 1), hex(2**20_000), hex(2**20_000 + 1), "1e999", "1e308", "-1e999"],
    ["a + b", "a - b", "b + a", "a * b", "a @ b", "a // b", "a / b", "a ** b", "a % b", "+a + b"],
    ["a < b", "a <= b", "a > b", "a is b", "a is not b", "a in b", "a not in b", "a == b"],
    ["a and b", "a or b", "a & b", "a | b", "a ^ b", "not a", "~a", "-a", "+a", "a"],
    ["f(a, b)", "f(b, a)", "f(a=b)", "f(b=a)", "f(*a)", "f(**a)", "f([a])", "f((a, b))", "g(a, b)"],
    ["f('a', 'b')", "f('ab')", "f('a', '', 'b')", "f('', 'ab')", "f('a' 'b', '')"],
    ["['ab', 'c']", "['a', 'bc']", "['abc']", "['a', 'b', 'c']", "[]", "['']", "['', '']"],
    ["f('')", "f()", "f(f'')", "f(x='')", "f(x=f'')", "f(f'', '')"],
    ["{'p': 'elu', 'n': ''}", "{'p': '', 'n': 'elu'}", "{'pn': 'elu'}", "{'p': 'elun', '': ''}"],
    ["def f(): return f''", "def f(): return", "def f(): return ''", "x: f''", "x: f'' = f''"],
    ["(a, b)", "[a, b]", "{a, b}", "{a: b}", "{**a}", "a[b]", "a.b", "a[b:]", "a[:b]", "a[::b]"],
    ["{a: b, **c}", "{**c, a: b}", "{a: b}", "{a: b, c: d}", "{a: b, c: c}"],
    ["lambda x: y", "lambda y: y", "lambda x=1: y", "lambda *x: y", "lambda **x: y", "lambda: y"],
    ["lambda *, a, b=1: a", "lambda *, a=1, b: a", "lambda a, /, b: a", "lambda a, b, /: a"],
    ["f'{a}'", "f'a'", "'a'", "f'{a!r}'", "f'{a!s}'", "f'{a:1}'", "f'{a:{b}}'", "f' {a}'", "'{a}'"],
    ["[x for x in y]", "{x for x in y}", "(x for x in y)", "[x for x in y if x]", "[y for x in y]"],
    ["'a.b'", "'a' + 'b'", "'ab'", "'a\\nb'", "r'a\\nb'", "'a\\u00a0b'", "'a b'", "b'ab'"],
    ["x = 1", "x: int = 1", "x += 1", "x == 1", "(x := 1)", "x = y = 1", "y = x = 1", "x, = 1"],
    [
        "import a",
        "import a as b",
        "import a.b",
        "from a import b",
        "from . import b",
        "import a, b",
    ],
    ["from .a import b", "from ..a import b", "from a import *", "from a import b as c"],
    ["if a: b", "while a: b", "if a: b\nelse: c", "if a:\n b\nc", "if a:\n b\n c", "if b: a"],
    [
        "def f(): return 1",
        "def f(): yield 1",
        "async def f(): return 1",
        "def f(): 1",
        "def g(): 1",
    ],
    ["@a\n@b\ndef f(): 1", "@b\n@a\ndef f(): 1", "@a\ndef f(): 1", "@a(b)\ndef f(): 1"],
    [
        "class A: x",
        "class A(B): x",
        "class A(metaclass=B): x",
        "class A(B, C): x",
        "class A(C, B): x",
    ],
    ["try: a\nexcept E: b", "try: a\nexcept* E: b", "try: a\nexcept: b", "try: a\nfinally: b"],
    ["for x in y: a", "for x in y: a\nelse: b", "for y in x: a", "for x.z in y: a"],
    [
        "match a:\n case None: b",
        "match a:\n case True: b",
        "match a:\n case 1: b",
        "match a:\n case _: b",
        "match a:\n case c: b",
        "match a:\n case c.d: b",
        "match a:\n case [*_]: b",
        "match a:\n case {**c}: b",
        "match a:\n case A(): b",
        "match a:\n case A(c): b",
        "match a:\n case A(c=c): b",
        "match a:\n case '1': b",
    ],
    [
        "del a",
        "del a, b",
        "del (a, b)",
        "raise a",
        "raise a from b",
        "return_",
        "assert a",
        "assert a, b",
        "global a",
        "global a, b",
        "pass",
    ],
    ["a\nb", "b\na", "a\na\nb", "a", "a, b", "a.b", "a(b)"],
]


@pytest.mark.parametrize("sources", DIFFERENT, ids=lambda sources: sources[0])
def test_whatever_changes_behaviour_tells_apart(sources: list[str]) -> None:
    # A statement that is a mere string does nothing.
    texts = {
        source: text_of(f"_ = {source}" if is_string(source) else source) for source in sources
    }
    same = [(a, b) for a, b in itertools.combinations(sources, 2) if texts[a] == texts[b]]
    assert same == []


def is_string(source: str) -> bool:
    (node, *_) = ast.parse(source).body
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_a_sum_of_many_terms_does_not_overflow_the_stack() -> None:
    tree = ast.Expression(ast.Name("x"))
    for _ in range(20_000):
        tree.body = ast.BinOp(tree.body, ast.Add(), ast.Constant(1))
    assert canonical_text(tree).count("Add()") == 20_000
