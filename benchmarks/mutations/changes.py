"""Small mistakes that a programmer could make in a file: what may be changed, and into what.

No annotations, docstrings, assertions, log lines and wording of messages; nothing that could only
end in a NameError.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.mutations.kinds import ALIKE, KINDS, Defaults, dropped, operator, returned

LOGGED = {"debug", "info", "warning", "exception"}


@dataclass(frozen=True)
class Change:
    """One mistake.

    Attributes:
        kind: Of its table in this module.
        line: Where it stands.
        lines: First and last line of the innermost statement, or of the header of one that holds
            others: what runs when the place is reached.
        function: First and last line of the function it stands in, with no function None.
        names: With no function: what the statement defines.
        before, after: For people.
    """

    kind: str
    line: int
    lines: tuple[int, int]
    function: tuple[int, int] | None
    names: frozenset[str]
    before: str
    after: str


def defaults_of(trees: Iterator[ast.Module]) -> dict[str, set[str]]:
    """Which parameters may be left out, by the name of what is called."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                names = {argument.arg for argument, default in pairs if default is not None}
                names |= {argument.arg for argument in _with_default(node.args)}
                found.setdefault(node.name, set()).update(names)
            elif isinstance(node, ast.ClassDef):
                fields = (part for part in node.body if isinstance(part, ast.AnnAssign))
                names = {ast.unparse(part.target) for part in fields if part.value is not None}
                found.setdefault(node.name, set()).update(names)
    return found


def _with_default(arguments: ast.arguments) -> list[ast.arg]:
    positional = [*arguments.posonlyargs, *arguments.args]
    return positional[len(positional) - len(arguments.defaults) :]


def changes(text: str, defaults: Defaults) -> list[Change]:
    """Every change of a file, in a fixed order."""
    tree = ast.parse(text)
    return list(_Walk(tree, defaults, wanted=None).statements(tree, None))


def changed(text: str, defaults: Defaults, index: int) -> str:
    """The file with one of its changes, by number."""
    tree = ast.parse(text)
    walk = _Walk(tree, defaults, wanted=index)
    for _ in walk.statements(tree, None):
        pass
    return walk.text


class _Walk:
    def __init__(self, tree: ast.Module, defaults: Defaults, *, wanted: int | None) -> None:
        self.tree = tree
        self.defaults = defaults
        self.wanted = wanted
        self.text = ""
        self.count = 0

    def statements(self, block: ast.AST, function: ast.FunctionDef | None) -> Iterator[Change]:
        """The changes of all statements that a block holds, however deep."""
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            held = getattr(block, field, [])
            for index, part in enumerate(held if isinstance(held, list) else []):
                if _is_left_alone(part):
                    continue
                inner = part if isinstance(part, ast.FunctionDef) else function
                for kind, node, owner, name, place, new in self._of(part, field, block, index):
                    yield self._change(kind, node, owner, name, place, new, part, inner)
                yield from self.statements(part, inner)

    def _of(
        self, statement: ast.AST, field: str, block: ast.AST, index: int
    ) -> Iterator[tuple[str, ast.AST, ast.AST, str, int | None, ast.AST]]:
        if isinstance(statement, ast.stmt):
            for new in dropped(statement):
                yield "dropped statement", statement, block, field, index, new
            for new in returned(statement, block):
                yield "returned value", statement, block, field, index, new
            if isinstance(statement, ast.AugAssign):
                for new in operator(statement, block, self.defaults):
                    yield "operator", statement, block, field, index, new
        for node, owner, name, place, wording in _expressions(statement):
            for kind, make in KINDS.items():
                if wording and kind in ("constant", "text"):
                    continue
                for new in make(node, owner, self.defaults):
                    as_default = isinstance(owner, ast.arguments) or (
                        isinstance(block, ast.ClassDef) and owner is statement
                    )
                    yield ("default" if as_default else kind), node, owner, name, place, new

    def _change(
        self,
        kind: str,
        node: ast.AST,
        owner: ast.AST,
        name: str,
        place: int | None,
        new: ast.AST,
        statement: ast.AST,
        function: ast.FunctionDef | None,
    ) -> Change:
        shown = owner if isinstance(owner, ast.expr) and _is_short(node) else node
        before = " ".join(ast.unparse(shown).split())
        _put(owner, name, place, new)
        after = " ".join(ast.unparse(new if shown is node else owner).split())
        if self.count == self.wanted:
            self.text = f"{ast.unparse(ast.fix_missing_locations(self.tree))}\n"
        self.count += 1
        _put(owner, name, place, node)
        line = getattr(node, "lineno", None) or statement.lineno  # type: ignore[attr-defined]
        return Change(
            kind=kind,
            line=line,
            lines=_header(statement),
            function=(function.body[0].lineno, function.end_lineno or 0) if function else None,
            names=frozenset(_defined(self.tree, line)) if function is None else frozenset(),
            before=_around(before, after),
            after=_around(after, before),
        )


def _put(owner: ast.AST, name: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(owner, name, node)
    else:
        getattr(owner, name)[place] = node


def _is_left_alone(statement: ast.AST) -> bool:
    """Of docstrings, assertions, imports, ``__all__`` and what only a type checker reads."""
    if isinstance(statement, ast.Assert | ast.Import | ast.ImportFrom | ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        if isinstance(statement.value, ast.Constant):
            return True
        called = getattr(getattr(statement.value, "func", None), "attr", "")
        return called in LOGGED
    if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
        return True
    targets = getattr(statement, "targets", [])
    return bool(targets) and ast.unparse(targets[0]) in ("__all__", "__version__")


def _header(statement: ast.AST) -> tuple[int, int]:
    first: int = statement.lineno if hasattr(statement, "lineno") else statement.pattern.lineno  # type: ignore[attr-defined]
    body = getattr(statement, "body", None)
    if isinstance(statement, ast.FunctionDef):  # its defaults show wherever it runs
        return statement.body[0].lineno, statement.end_lineno or first
    if isinstance(body, list):
        return first, max(first, body[0].lineno - 1)
    return first, getattr(statement, "end_lineno", None) or first


def _defined(tree: ast.Module, line: int) -> Iterator[str]:
    """Names of what stands around a line, the outermost first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield node.name
            targets = [*getattr(node, "targets", []), getattr(node, "target", None)]
            yield from (name.id for name in targets if isinstance(name, ast.Name))


_Found = tuple[ast.AST, ast.AST, str, int | None, bool]


def _expressions(statement: ast.AST) -> Iterator[_Found]:
    """Every expression of a statement itself, its owner there, and whether it is wording."""
    skipped = {"body", "orelse", "finalbody", "handlers", "cases", "annotation", "returns"}
    skipped |= {"decorator_list"}
    yield from _within(statement, skipped, wording=isinstance(statement, ast.Raise))


def _within(owner: ast.AST, skipped: set[str], *, wording: bool) -> Iterator[_Found]:
    for name, value in ast.iter_fields(owner):
        if name in skipped or name in ("ctx", "op", "ops", "type_comment", "type_params"):
            continue
        parts = value if isinstance(value, list) else [value]
        for place, node in enumerate(parts):
            if not isinstance(node, ast.AST) or _is_a_type(owner, name, node):
                continue
            said = wording or (isinstance(node, ast.keyword) and node.arg in ALIKE)
            yield node, owner, name, place if isinstance(value, list) else None, said
            inner = {"annotation"} if isinstance(node, ast.arguments | ast.arg) else set()
            yield from _within(node, inner, wording=said)


def _is_a_type(owner: ast.AST, name: str, node: ast.AST) -> bool:
    if isinstance(owner, ast.Call) and ast.unparse(owner.func) in ("cast", "isinstance", "TypeVar"):
        return True
    if isinstance(owner, ast.ExceptHandler):
        return True
    if isinstance(owner, ast.Assign | ast.AnnAssign) and name == "value":  # an alias
        return bool(re.match(r"[A-Z]\w*[a-z]", ast.unparse(_target(owner)))) and isinstance(
            node, ast.Subscript | ast.BinOp
        )
    return False


def _target(statement: ast.Assign | ast.AnnAssign) -> ast.AST:
    return statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]


def _is_short(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant | ast.Name | ast.keyword | ast.arguments)


def _around(text: str, other: str) -> str:
    """A text where it differs from another."""
    pairs = zip(text, other, strict=False)
    same = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
    start = max(0, same - 40)
    dots = "..." if start else ""
    return f"{dots}{text[start : start + 100]}{'...' if len(text) > start + 100 else ''}"
