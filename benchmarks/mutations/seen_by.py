"""Which tests could notice a change: those that run it, or run what uses what it defines."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.mutations.changes import Change
from benchmarks.mutations.records import Place, Record


@dataclass(frozen=True)
class Uses:
    """Where names are used.

    Attributes:
        in_functions: The places, by name.
        defining: Names that statements outside functions define by means of a name.
        functions: The places of all functions of a file.
    """

    in_functions: Mapping[str, set[Place]]
    defining: Mapping[str, set[str]]
    functions: Mapping[str, set[Place]]


def uses_of(files: Mapping[str, str]) -> Uses:
    """Read the names of all files, given by their texts."""
    in_functions: dict[str, set[Place]] = defaultdict(set)
    defining: dict[str, set[str]] = defaultdict(set)
    functions: dict[str, set[Place]] = defaultdict(set)
    for file, text in files.items():
        tree = ast.parse(text)
        held: set[ast.AST] = set()
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                first, last = function.body[0].lineno, function.end_lineno or 0
                functions[file] |= {(file, line) for line in range(first, last + 1)}
                for node in ast.walk(function):
                    held.add(node)
                    for name in _names(node):
                        in_functions[name].add((file, node.lineno))  # type: ignore[attr-defined]
        for statement in tree.body:
            targets = {
                name
                for target in (*getattr(statement, "targets", []), getattr(statement, "target", 0))
                for name in _names(target)
            } | ({statement.name} if isinstance(statement, ast.ClassDef) else set())
            for node in ast.walk(statement):
                if node not in held:
                    for name in _names(node):
                        defining[name] |= targets - {name}
    return Uses(in_functions, defining, functions)


def _names(node: object) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    return (node.arg,) if isinstance(node, ast.keyword) and node.arg else ()


def seen_by(file: str, change: Change, uses: Uses, record: Record) -> set[str]:
    """The tests.

    A change outside functions shows in those of its own file, and in those that name what its
    statement defines, directly or by another such statement; of a statement that defines nothing,
    such as one that registers a level, in all tests of its unit and of none. There too those are
    sought that read a function's defaults and never run it, and those of what no test seems to run.
    """
    unit = file.split("/")[0].removesuffix(".py")
    of_unit = {test for test in record.seconds if _is_of(unit, test.split("/")[1])}
    if change.function is None and not change.names:
        return of_unit
    if change.function is not None:
        first, last = change.lines
        places = {(file, line) for line in range(first, last + 1)}
        if change.kind == "default":
            return of_unit | _that_run(places, record)
    else:
        places = set(uses.functions.get(file, ()))
        waiting, met = set(change.names), set(change.names)
        while waiting:
            name = waiting.pop()
            places |= uses.in_functions.get(name, set())
            new = uses.defining.get(name, set()) - met
            waiting |= new
            met |= new
    return _that_run(places, record) or of_unit


def _is_of(unit: str, place: str) -> bool:
    return place == unit or place.partition("::")[0].endswith(".py")


def _that_run(places: Iterable[Place], record: Record) -> set[str]:
    return {test for place in places for test in record.tests.get(place, ())}
