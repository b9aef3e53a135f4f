"""What a module imports, read from its syntax tree; and what cannot be read from it."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

# Functions that import the module that their first argument names.
_BY_NAME = frozenset({"import_module", "__import__", "run_module", "resolve_name", "find_spec"})
# Functions that run a file: the place and the name of the argument that is its path.
_BY_PATH = {
    "run_path": (0, "path_name"),
    "spec_from_file_location": (1, "location"),
    "SourceFileLoader": (1, "path"),
    "SourcelessFileLoader": (1, "path"),
    "ExtensionFileLoader": (1, "path"),
    "load_source": (1, "pathname"),
}
# As names alone: `model.eval()` is no call of these.
_BY_TEXT = frozenset({"exec", "eval"})
# Calls whose code cannot be read, by the module and the name.
_UNREAD = {
    "pydoc": {"locate", "safeimport"},
    "hub": {"load"},
    "cpp_extension": {"load", "load_inline"},
}
# Where modules are looked for: attributes of sys, and what changes them.
_PLACES = frozenset({"path", "meta_path", "path_hooks"})
_PLACE_NAMES = frozenset({"addsitedir", "__path__"})
_HOMES = frozenset(
    {"builtins", "imp", "importlib", "importlib.machinery", "importlib.util", "pkgutil", "runpy"}
)


@dataclass(frozen=True)
class Import:
    """``from {level dots}{module} import {names}``; ``import module`` without names."""

    level: int
    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imports:
    """All that the statements of a module import, wherever in it they stand.

    Attributes:
        modules: By name.
        files: Paths of files that are run.
        remarks: (line, why) of everything else that is imported but cannot be told from the text.
    """

    modules: tuple[Import, ...] = ()
    files: tuple[str, ...] = ()
    remarks: tuple[tuple[int, str], ...] = ()


def find_imports(tree: ast.AST) -> Imports:
    """Read a module's imports from its tree."""
    nodes = list(ast.walk(tree))
    reader = _Reader(_aliases(nodes))
    reader.read(nodes)
    return Imports(tuple(reader.modules), tuple(reader.files), tuple(sorted(reader.remarks)))


def _aliases(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """``{"load": "import_module"}`` for ``from importlib import import_module as load``.

    Of modules, too: ``{"s": "sys"}`` for ``import sys as s``.
    """
    aliases: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module in _HOMES:
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            last = {alias.asname: alias.name.rpartition(".")[2] for alias in node.names}
            modules = {"sys", "builtins", *_UNREAD}
            aliases |= {name: its for name, its in last.items() if name and its in modules}
    return aliases


class _Reader:
    def __init__(self, aliases: dict[str, str]) -> None:
        self.modules: list[Import] = []
        self.files: list[str] = []
        self.remarks: list[tuple[int, str]] = []
        self._aliases = aliases
        self._called: set[int] = set()

    def read(self, nodes: Iterable[ast.AST]) -> None:
        # In the order of ast.walk a call comes before the name of its function.
        for node in nodes:
            if isinstance(node, ast.Import):
                self.modules += (Import(0, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names = tuple(alias.name for alias in node.names)
                self.modules.append(Import(node.level, node.module or "", names))
                last = (node.module or "").rpartition(".")[2]
                for name in sorted(_UNREAD.get(last, set()).intersection(names)):
                    self._remark(node, f"runs code by {last}.{name}")
                if node.module == "sys" and not _PLACES.isdisjoint(names):
                    self._remark(node, "handles sys.path")
            elif isinstance(node, ast.Call):
                self._read_call(node)
            elif isinstance(node, ast.Name | ast.Attribute | ast.Constant):
                self._read_mention(node)

    def _read_call(self, call: ast.Call) -> None:
        name = self._name(call.func)
        owner = self._owner(call.func)
        is_bare = isinstance(call.func, ast.Name) or owner == "builtins"
        if name in _BY_NAME:
            self._called.add(id(call.func))
            found = _named_module(name, call)
            if found is None:
                self._remark(call, f"imports by a computed name ({name})")
            else:
                self.modules.append(found)
        elif name in _BY_PATH:
            self._called.add(id(call.func))
            path = _argument(call, *_BY_PATH[name])
            if isinstance(path, ast.Constant) and isinstance(path.value, str):
                self.files.append(path.value)
            else:
                self._remark(call, f"runs a file by a computed path ({name})")
        elif name in _UNREAD.get(owner, ()):
            self._remark(call, f"runs code by {owner}.{name}")
        elif name in (*_BY_TEXT, "compile") and is_bare:
            self._called.add(id(call.func))
            self._read_text(call, name)

    def _read_text(self, call: ast.Call, name: str) -> None:
        text = _argument(call, 0, "source")
        if not (isinstance(text, ast.Constant) and isinstance(text.value, str | bytes)):
            self._remark(call, f"runs a computed text ({name})")
            return
        with suppress(SyntaxError, ValueError):  # raises when it is run, if ever
            self.read(ast.walk(ast.parse(text.value.strip())))

    def _read_mention(self, node: ast.Name | ast.Attribute | ast.Constant) -> None:
        """Of a function that imports, handed on instead of called; or of where modules lie."""
        if id(node) in self._called:
            return
        name = self._name(node)
        is_text = name in _BY_TEXT and (
            isinstance(node, ast.Name) or self._owner(node) == "builtins"
        )
        if name in _BY_NAME or name in _BY_PATH or is_text:
            self._remark(node, f"hands on {name}, which imports")
        elif name in _PLACE_NAMES or (name in _PLACES and self._owner(node) == "sys"):
            self._remark(node, f"handles {'sys.' if name in _PLACES else ''}{name}")

    def _name(self, node: ast.AST) -> str:
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return node.attr
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        # A word such as "eval" is said for many reasons.
        return node.value if is_text and node.value in ("import_module", "__import__") else ""  # type: ignore[attr-defined]

    def _owner(self, node: ast.AST) -> str:
        """``sys`` of ``sys.path``, whatever its name here; ``hub`` of ``torch.hub.load``."""
        return self._name(node.value) if isinstance(node, ast.Attribute) else ""

    def _remark(self, node: ast.AST, why: str) -> None:
        self.remarks.append((getattr(node, "lineno", 0), why))


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """An argument as it is written; what stars may hide it; None if it is left out."""
    for given in call.args[: place + 1]:
        if isinstance(given, ast.Starred):
            return given
    if len(call.args) > place:
        return call.args[place]
    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
    return by_name.get(name, by_name.get(None))


def _named_module(function: str, call: ast.Call) -> Import | None:
    """What a call of one of ``_BY_NAME`` imports; None if that is computed."""
    keyword = "mod_name" if function == "run_module" else "name"
    given = _argument(call, 0, keyword)
    if not (isinstance(given, ast.Constant) and isinstance(given.value, str)):
        return None
    name = given.value.partition(":")[0]
    level = len(name) - len(name.lstrip("."))
    if function == "__import__":
        return _builtin_import(name, call)
    if function == "run_module":
        return Import(0, name, ("__main__",))
    if not level:
        return Import(0, name)
    package = _argument(call, 1, "package")
    if isinstance(package, ast.Name) and package.id in ("__package__", "__name__"):
        return Import(level, name[level:])
    if not (isinstance(package, ast.Constant) and isinstance(package.value, str)):
        return None
    parents = package.value.split(".")[: 1 - level or None]
    return Import(0, ".".join([*parents, name[level:]]))


def _builtin_import(name: str, call: ast.Call) -> Import | None:
    names = _texts(_argument(call, 3, "fromlist"))
    level = _argument(call, 4, "level") or ast.Constant(0)
    if names is None or not (isinstance(level, ast.Constant) and isinstance(level.value, int)):
        return None
    return Import(level.value, name, names)


def _texts(node: ast.expr | None) -> tuple[str, ...] | None:
    """The strings of a written tuple or list; None if one is computed."""
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return ()
    if not isinstance(node, ast.Tuple | ast.List):
        return None
    return _strings(node.elts)


def _strings(items: Sequence[ast.expr]) -> tuple[str, ...] | None:
    values = tuple(item.value for item in items if isinstance(item, ast.Constant))
    texts = tuple(value for value in values if isinstance(value, str))
    return texts if len(texts) == len(items) else None


def exported_names(tree: ast.Module) -> tuple[tuple[str, ...], bool]:
    """What ``__all__`` of a package names, and whether more of it is computed.

    ``from package import *`` imports the submodules among these.
    """
    names: list[str] = []
    is_computed = False
    for node in _statements_of_all(tree):
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                names.append(part.value)
            is_computed |= isinstance(part, ast.comprehension | ast.JoinedStr | ast.Subscript)
            is_computed |= isinstance(part, ast.Name) and part.id != "__all__"
    return tuple(names), is_computed


def _statements_of_all(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr) and any(
            isinstance(part, ast.Name) and part.id == "__all__" for part in ast.walk(node)
        ):
            yield node
