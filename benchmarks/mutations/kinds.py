"""The kinds of mistakes: of a node of a syntax tree, the nodes that could stand in its place.

Each takes a node, what holds it, and which parameters of our own functions may be left out.
"""

import ast
import copy
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

Defaults = Mapping[str, set[str]]
"""By name of a function or class of the source: its parameters that may be left out."""

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
COMPARISONS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
BOUNDARIES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
CALLS = {
    "sorted": "list",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "ceil": "floor",
}
SYMMETRIC = {"min", "max", "isinstance", "issubclass", "getattr", "setattr", "hasattr", "cast"}
"""Calls whose arguments are not swapped: nothing would change, or no one would write it."""
WORDING = {"help", "metavar", "description", "rich_help_panel", "epilog"}
ALIKE = WORDING | {"encoding", "errors", "strict", "daemon"}
"""Keywords that stay as they are: nothing would change where nothing else is wrong."""
COLUMN = re.compile(r"[\w%.±-]+( [\w%.±-]+){0,3}")
"""What a key, a level or the heading of a column looks like."""


def operator(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OPERATORS:
        if isinstance(getattr(getattr(node, "left", None), "value", None), str):
            return  # of a text
        new = copy.copy(node)
        new.op = OPERATORS[type(node.op)]()  # type: ignore[assignment]
        yield new


def comparison(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    yield from _compared(node, COMPARISONS)


def boundary(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    yield from _compared(node, BOUNDARIES)


def _compared(node: ast.AST, table: Mapping[type[ast.AST], type[ast.AST]]) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for index, one in enumerate(node.ops):
            if type(one) in table:
                new = copy.copy(node)
                new.ops = [*node.ops]
                new.ops[index] = table[type(one)]()  # type: ignore[call-overload]
                yield new


def constant(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Constant):
        return
    value: Any = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 1.5 if value else 1.0)


def text(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    """Keys, levels, headings: texts in displays, comparisons and subscripts, and passed alone."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    if isinstance(owner, ast.FormattedValue | ast.JoinedStr):
        if digits := re.fullmatch(r"(.*\.)(\d+)([a-z%])", node.value):
            yield ast.Constant(f"{digits[1]}{int(digits[2]) + 1}{digits[3]}")
        return
    holders = (ast.Dict, ast.Subscript, ast.Compare, ast.Tuple, ast.List, ast.Set, ast.Call)
    if isinstance(owner, holders) and COLUMN.fullmatch(node.value):
        yield ast.Constant(f"{node.value}_")


def negated(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif node is getattr(owner, "test", None) or node in getattr(owner, "ifs", ()):
        yield ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]


def swapped(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    """Arguments, the numbers of a printed text, what a tuple holds, a difference's sides."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] not in SYMMETRIC:
        yield from _exchanged(node, "args")
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        if not isinstance(owner, ast.Compare | ast.Subscript):
            yield from _exchanged(node, "elts")
    elif isinstance(node, ast.JoinedStr):
        values = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        for first, second in pairwise(values):
            if ast.unparse(first.value) != ast.unparse(second.value):
                new = copy.copy(node)
                new.values = [
                    second if x is first else first if x is second else x for x in node.values
                ]
                yield new
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div):
        yield ast.BinOp(node.right, node.op, node.left)


def _exchanged(node: ast.Call | ast.Tuple, field: str) -> Iterator[ast.AST]:
    parts = getattr(node, field)
    if any(isinstance(part, ast.Starred) for part in parts):
        return
    for index in range(len(parts) - 1):
        if ast.unparse(parts[index]) != ast.unparse(parts[index + 1]):
            new = copy.copy(node)
            order = [*parts]
            order[index : index + 2] = reversed(order[index : index + 2])
            setattr(new, field, order)
            yield new


def called(node: ast.AST, owner: ast.AST, defaults: Defaults) -> Iterator[ast.AST]:
    """Another function of the same form, and a keyword that may be left out left out."""
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func).split(".")[-1]
    if name in CALLS:
        new = copy.copy(node)
        new.func = copy.copy(node.func)
        if isinstance(new.func, ast.Name):
            new.func.id = CALLS[name]
        elif isinstance(new.func, ast.Attribute):
            new.func.attr = CALLS[name]
        if not (CALLS[name] == "list" or name in ("min", "max")) or not node.keywords:
            yield new
    for index, keyword in enumerate(node.keywords):
        known = defaults.get(name)
        if keyword.arg is None or keyword.arg in ALIKE:
            continue
        if known is None or keyword.arg in known:
            new = copy.copy(node)
            new.keywords = [*node.keywords[:index], *node.keywords[index + 1 :]]
            yield new


def dropped(statement: ast.stmt) -> Iterator[ast.AST]:
    """A statement that others can do without."""
    whole = isinstance(statement, ast.AugAssign | ast.Delete | ast.Raise | ast.Continue | ast.Break)
    value = statement.value if isinstance(statement, ast.Expr) else None
    stored = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if (
        whole
        or isinstance(value, ast.Call | ast.Yield | ast.YieldFrom)
        or isinstance(stored, ast.Subscript)
    ):
        yield ast.Pass()


def returned(statement: ast.stmt, block: ast.AST) -> Iterator[ast.AST]:
    """An early return left out, and another value of the same type returned."""
    if not isinstance(statement, ast.Return) or statement.value is None:
        return
    if isinstance(block, ast.If | ast.For | ast.With):
        yield ast.Pass()
    value = statement.value
    if isinstance(value, ast.Compare | ast.BoolOp):
        yield ast.Return(ast.UnaryOp(ast.Not(), value))
    elif isinstance(value, ast.List | ast.ListComp | ast.Dict | ast.DictComp | ast.Set):
        kind = "[]" if isinstance(value, ast.List | ast.ListComp) else "{}"
        if ast.unparse(value) != kind:
            yield ast.Return(ast.parse(kind, mode="eval").body)


KINDS: dict[str, Callable[[ast.AST, ast.AST, Defaults], Iterator[ast.AST]]] = {
    "operator": operator,
    "comparison": comparison,
    "boundary": boundary,
    "constant": constant,
    "text": text,
    "negated condition": negated,
    "swapped": swapped,
    "call": called,
}
