"""The layers of docs/architecture.md, read from the imports themselves."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "src" / "actwise"
Layers = list[set[str]]
UNITS: Layers = [  # lowest first; names on one line are peers and may not import one another
    {"errors", "numbers", "files", "printable", "signs"},
    {"registry", "rng", "shown"},
    {"rows", "usercode"},
    {"spec"},
    {"store", "activations", "regularization", "datasets"},
    {"surgery"},
    {"models", "tasks"},
    {"engine"},
    {"diagnostics"},
    {"sweep", "analysis"},
    {"recommend"},
    {"report"},
    {"board"},
    {"cli"},
]
INSIDE: dict[str, Layers] = {  # the same of the folders and files that a unit holds
    "analysis": [
        {"table"},
        {"reading", "model"},
        {"differences", "precision", "rules"},
        {"effects"},
        {"claims", "checks"},
        {"decision"},
        {"cell_rows"},
        {"analysis"},
        {"analyze"},
    ],
    "recommend": [
        {"race", "request"},
        {"subject", "lengths", "budget", "costs"},
        {"case"},
        {"prepared", "trials", "advised"},
        {"course", "preview"},
        {"run"},
    ],
    "datasets": [
        {"content"},
        {"formats", "levels"},
        {"loading", "published"},
    ],
    "report": [
        {"words"},
        {"tables", "json"},
        {"views"},
        {"figures"},
        {"page"},
        {"html", "terminal", "advice", "signal", "notebook"},
        {"display"},
    ],
    "store": [
        {"database"},
        {"records"},
        {"runs", "plans"},
        {"tables"},
        {"reading", "folders"},
        {"store"},
        {"removal", "survey", "users_results", "exchange"},
    ],
    "surgery": [
        {"finding"},
        {"audit"},
        {"changing"},
        {"swap", "parameters"},
    ],
    "sweep": [
        {"watch"},
        {"plan"},
        {"worker"},
        {"executors"},
        {"drive", "tries"},
        {"run", "load", "answers"},
        {"diagnosed"},
    ],
}
TORCH_FREE = [
    "actwise",
    "actwise.errors",
    "actwise.registry",
    "actwise.rng",
    "actwise.rows",
    "actwise.usercode",
    "actwise.spec",
    "actwise.store",
    "actwise.sweep.plan",
    "actwise.sweep.run",
    "actwise.analysis",
    "actwise.recommend",
    "actwise.report",
    "actwise.report.display",
    "actwise.board",
    "actwise.cli",
]

Module = tuple[str, ...]
"""Its dotted name in parts, of a face without ``__init__``: ``("actwise", "sweep", "plan")``."""


def module_of(path: Path, root: Path) -> Module:
    parts = (root.name, *path.relative_to(root).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports_of(path: Path, root: Path) -> Iterator[Module]:
    """Every dotted name that a file imports, wherever it stands in it; names of objects too."""
    package = module_of(path, root)
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = (*parents, *(node.module.split(".") if node.module else ()))
            yield from ((*module, alias.name) for alias in node.names)


def ranks(layers: Layers) -> dict[str, int]:
    return {name: rank for rank, layer in enumerate(layers) for name in layer}


def violations(root: Path, layers: Layers, *, inside: tuple[str, ...] = ()) -> list[str]:
    """Imports from no lower layer of what ``inside`` holds, and what stands in no layer.

    ``inside`` is empty for the units of the package, and a unit's name for its folders and files.
    """
    rank_of = ranks(layers)
    above = (root.name, *inside)
    found = []
    for path in sorted(root.joinpath(*inside).rglob("*.py")):
        name = path.relative_to(root.joinpath(*inside)).parts[0].removesuffix(".py")
        if name in ("__init__", "__main__"):
            continue
        where = path.relative_to(root)
        rank = rank_of.get(name, rank_of.get("*") if name == path.stem else None)
        if rank is None:
            found.append(f"{where}: {name} has no layer")
            continue
        for target in sorted(set(imports_of(path, root))):
            if target[: len(above)] != above or len(target) == len(above):
                continue
            other = target[len(above)]
            is_file = root.joinpath(*inside, f"{other}.py").exists()
            other_rank = rank_of.get(other, rank_of.get("*", -1) if is_file else -1)
            if other_rank > rank or (other_rank == rank and other != name and other in rank_of):
                found.append(f"{where} imports {other}")
    return list(dict.fromkeys(found))


def circles(root: Path) -> list[set[str]]:
    """Groups of files that import one another, directly or by others.

    The package's own face names everything, so that it can be loaded when it is first used.
    """
    files = {module_of(path, root): path for path in root.rglob("*.py")}
    graph = {
        module: {target if target in files else target[:-1] for target in imports_of(path, root)}
        & (files.keys() - {(root.name,), module})
        for module, path in files.items()
    }
    reached = {module: _reachable(module, graph) for module in graph}
    groups = {
        frozenset(".".join(other) for other in reached[module] if module in reached[other])
        for module in graph
        if module in reached[module]
    }
    return sorted((set(group) for group in groups), key=sorted)


def _reachable(module: Module, graph: dict[Module, set[Module]]) -> set[Module]:
    found: set[Module] = set()
    waiting = [*graph[module]]
    while waiting:
        if (other := waiting.pop()) not in found:
            found.add(other)
            waiting += graph[other]
    return found


def sql_outside(root: Path, unit: str) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if path.relative_to(root).parts[0] != unit
        and any(target[0] in ("sqlalchemy", "sqlite3") for target in imports_of(path, root))
    }


def test_units_import_only_from_layers_below() -> None:
    assert violations(ROOT, UNITS) == []


@pytest.mark.parametrize("unit", INSIDE)
def test_what_a_unit_holds_imports_only_from_layers_below(unit: str) -> None:
    found = violations(ROOT, INSIDE[unit], inside=(unit,))
    assert found == []


def test_no_files_import_one_another_in_a_circle() -> None:
    assert circles(ROOT) == []


def test_sql_stands_in_the_store_alone() -> None:
    assert sql_outside(ROOT, "store") == set()


def write(root: Path, **files: str) -> Path:
    """Files by their dotted names with ``__`` for the dots; a face ends in ``__init``."""
    for name, text in files.items():
        *folders, stem = name.split("__")
        folder = root.joinpath(*folders)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{'__init__' if stem == 'init' else stem}.py").write_text(text)
    return root


def test_the_check_finds_upward_and_sideways_imports(tmp_path: Path) -> None:
    root = write(
        tmp_path / "actwise",
        engine__train="from ..sweep import plan\nimport actwise.cli\n",
        spec="from .errors import SpecError\nfrom . import engine\n",
        store="from .datasets import load\n",
        odd="",
    )
    assert violations(root, UNITS) == [
        "engine/train.py imports cli",
        "engine/train.py imports sweep",
        "odd.py: odd has no layer",
        "spec.py imports engine",
        "store.py imports datasets",
    ]


def test_the_check_finds_them_inside_a_unit(tmp_path: Path) -> None:
    root = write(
        tmp_path / "actwise",
        sweep__plan__cost="from ..worker import Setup\nfrom .plan import Plan\n",
        sweep__tries__smoke="from ...spec import StudySpec\nfrom ..drive import Driver\n",
        sweep__run="from .plan import Plan\nfrom .load import load_model\n",
        sweep__odd__ends="",
        store__runs__leases="from ..records import RunRecord\nfrom ..store import RunStore\n",
        store__records__records="",
        store__store="from .runs import Lease\n",
        store__database__schema="from ..records import RunRecord\n",
        store__odd__ends="",
    )
    assert violations(root, INSIDE["sweep"], inside=("sweep",)) == [
        "sweep/odd/ends.py: odd has no layer",
        "sweep/plan/cost.py imports worker",
        "sweep/run.py imports load",
        "sweep/tries/smoke.py imports drive",
    ]
    assert violations(root, INSIDE["store"], inside=("store",)) == [
        "store/database/schema.py imports records",
        "store/odd/ends.py: odd has no layer",
        "store/runs/leases.py imports store",
    ]


def test_the_check_finds_a_circle_through_a_face(tmp_path: Path) -> None:
    root = write(
        tmp_path / "actwise",
        init="from .spec import StudySpec\n",
        spec__init="from .study import StudySpec\n",
        spec__study="def check():\n    from .. import rules\n",
        rules="from .spec import StudySpec\n",
        errors="",
    )
    assert circles(root) == [{"actwise.spec", "actwise.spec.study", "actwise.rules"}]


def test_the_check_finds_sql(tmp_path: Path) -> None:
    root = write(
        tmp_path / "actwise",
        store__plans="import sqlalchemy\n",
        analysis__table="def read():\n    from sqlalchemy import select\n",
        cli__app="import sqlite3\n",
    )
    assert sql_outside(root, "store") == {"analysis/table.py", "cli/app.py"}


def test_modules_are_imported_without_torch() -> None:
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    code += "    assert 'torch' not in sys.modules, name\n"
    words = [sys.executable, "-c", code, *TORCH_FREE]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
