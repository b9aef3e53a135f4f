"""A syntax tree as text: one text for one behaviour, whatever Python from 3.11 on parsed it.

Left out is what changes no behaviour (docstrings and other statements that are a mere string,
comments, layout, positions, type comments) and every field that is empty, since later versions of
Python add fields to old nodes. ``ast.dump`` differs from version to version and overflows the
stack on a long sum.
"""

import ast
from collections.abc import Iterator, Sequence

# A context follows from the place; ``u"text"`` is "text".
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def canonical_text(tree: ast.AST) -> str:
    """The text of a tree, in ASCII; equal for trees of the same behaviour only."""
    written: list[str] = []
    waiting: list[str | ast.AST] = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            written.append(part)
        else:
            waiting.extend(reversed(list(_parts(part))))
    return "".join(written)


def _parts(node: ast.AST) -> Iterator[str | ast.AST]:
    yield f"{type(node).__name__}("
    if isinstance(node, ast.Constant):
        yield _constant(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield from _field("values", _joined(node.values))
    else:
        for name in node._fields:
            if name not in _LEFT_OUT:
                yield from _field(name, getattr(node, name, None))
    yield ")"


def _field(name: str, value: object) -> Iterator[str | ast.AST]:
    if isinstance(value, list):
        kept = [item for item in value if not _is_mere_string(item)]
        if kept:
            yield f"{name}["
            for item in kept:
                # None: a key of `**mapping`, an argument without a default.
                yield item if isinstance(item, ast.AST) else f"{item!a},"
            yield "]"
    elif isinstance(value, ast.AST):
        if name != "format_spec" or not _is_empty_format(value):
            yield f"{name}="
            yield value
    elif value is not None:
        yield f"{name}={value!a},"


def _constant(value: object) -> str:
    """With its type: 1, 1.0, True, "1" and b"1" are five constants."""
    # Decimal texts of large integers are refused by Python.
    shown = hex(value) if type(value) is int else ascii(value)
    return f"{type(value).__name__}:{shown}"


def _is_mere_string(item: object) -> bool:
    return isinstance(item, ast.Expr) and _is_string(item.value)


def _is_string(item: object) -> bool:
    return isinstance(item, ast.Constant) and isinstance(item.value, str)


def _is_empty_format(value: ast.AST) -> bool:
    """Of ``f"{x:}"``, which is ``f"{x}"``."""
    return isinstance(value, ast.JoinedStr) and not value.values


def _joined(items: Sequence[ast.AST]) -> list[ast.AST]:
    """The parts of an f-string with its constants joined, which versions cut differently."""
    joined: list[ast.AST] = []
    for item in items:
        if _is_string(item) and joined and _is_string(joined[-1]):
            joined[-1] = ast.Constant(joined[-1].value + item.value)  # type: ignore[attr-defined]
        elif not (_is_string(item) and item.value == ""):  # type: ignore[attr-defined]
            joined.append(item)
    return joined
