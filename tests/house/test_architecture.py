"""The layers of docs/architecture.md, read from the imports themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOT = REPOSITORY / "src" / "actwise"
LAYERS = [  # lowest first; names on one line are peers and may not import one another
    {"errors"},
    {"registry", "rng"},
    {"usercode"},
    {"spec"},
    {"store", "activations", "regularization", "datasets"},
    {"models", "surgery"},
    {"engine"},
    {"diagnostics"},
    {"sweep", "analysis"},
    {"report", "recommend"},
    {"cli"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
TORCH_FREE = [
    "actwise",
    "actwise.errors",
    "actwise.registry",
    "actwise.rng",
    "actwise.usercode",
    "actwise.spec",
    "actwise.store",
    "actwise.sweep.plan",
    "actwise.analysis",
    "actwise.report",
    "actwise.cli",
]
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "misc"}


def imported_units(path: Path, root: Path) -> set[str]:
    """Top-level units of the package that ``path`` imports, however it spells it."""
    package = (root.name, *path.relative_to(root).parts[:-1])
    targets: list[tuple[str, ...]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = (*parents, *(node.module.split(".") if node.module else ()))
            targets += [(*module, alias.name) for alias in node.names]
    return {t[1] for t in targets if len(t) > 1 and t[0] == root.name}


def violations(root: Path) -> list[str]:
    found = []
    for path in sorted(root.rglob("*.py")):
        unit = path.relative_to(root).parts[0].removesuffix(".py")
        if unit in ("__init__", "__main__"):
            continue
        if path.stem in FORBIDDEN_NAMES:
            found.append(f"{path.relative_to(root)} has a name that says nothing")
        if unit not in RANK:
            found.append(f"{unit} has no layer")
            continue
        above = (u for u in imported_units(path, root) - {unit} if RANK.get(u, -1) >= RANK[unit])
        found += [f"{path.relative_to(root)} imports {other}" for other in sorted(above)]
    return found


def test_units_import_only_from_layers_below() -> None:
    assert violations(ROOT) == []


def test_the_check_finds_upward_and_sideways_imports(tmp_path: Path) -> None:
    root = tmp_path / "actwise"
    (root / "engine").mkdir(parents=True)
    (root / "engine" / "train.py").write_text("from ..sweep import plan\nimport actwise.cli\n")
    (root / "spec.py").write_text("from .errors import SpecError\nfrom . import engine\n")
    (root / "models.py").write_text("from .surgery import swap\n")
    (root / "helpers.py").write_text("")
    assert violations(root) == [
        "engine/train.py imports cli",
        "engine/train.py imports sweep",
        "helpers.py has a name that says nothing",
        "helpers has no layer",
        "models.py imports surgery",
        "spec.py imports engine",
    ]


@pytest.mark.parametrize("module", TORCH_FREE)
def test_module_is_imported_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_no_file_is_longer_than_300_lines(folder: str) -> None:
    lengths = {
        str(path.relative_to(REPOSITORY)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (REPOSITORY / folder).rglob("*.py")
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > 300} == {}
