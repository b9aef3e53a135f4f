"""What of a user's own tree counts in the digest of a level's code."""

import hashlib
import importlib.machinery
import py_compile
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actwise.registry import Level
from actwise.usercode import code_digest, digest_of_modules, files_of, find_code, has_digest

MakeProject = Callable[[Mapping[str, str]], Path]
LEVEL = Level("acts:f")
GOLDEN = "d5eb0d8648de51d1f6c617908a0cf1b185b41c958a3c4f959efc64236867dd5b"
"""It stands in the ids of users' runs: equal on 3.11.7, 3.12.1 and 3.13.0."""


COUNTED = {
    "absolute": {"acts.py": "import helper", "helper.py": ""},
    "under a name": {"acts.py": "import a.b as c", "a/__init__.py": "", "a/b.py": ""},
    "a name of a module": {"acts.py": "from helper import g", "helper.py": ""},
    "a submodule": {"acts.py": "from a import b", "a/__init__.py": "", "a/b.py": ""},
    "the parent": {"acts.py": "import a.b.c", "a/b/c.py": "", "a/b/__init__.py": ""},
    "a package's own file": {"acts.py": "from a.b import c", "a/b.py": "", "a/__init__.py": ""},
    "through others": {"acts.py": "import b", "b.py": "import c", "c.py": "import d", "d.py": ""},
    "in a circle": {"acts.py": "import b", "b.py": "import acts\nimport c", "c.py": "import b"},
    "in a function": {"acts.py": "def f(x):\n  def g():\n    import helper", "helper.py": ""},
    "in a class": {"acts.py": "class f:\n  from helper import g", "helper.py": ""},
    "under if": {"acts.py": "if torch:\n  pass\nelse:\n  import helper", "helper.py": ""},
    "under try": {"acts.py": "try:\n  import no\nexcept E:\n  import helper", "helper.py": ""},
    "under match": {"acts.py": "match a:\n  case 1:\n    import helper", "helper.py": ""},
    "a star": {"acts.py": "from helper import *", "helper.py": ""},
    "__all__": {"acts.py": "from a import *", "a/__init__.py": "__all__ = ['b']", "a/b.py": ""},
    "more of __all__": {
        "acts.py": "from a import *",
        "a/__init__.py": "__all__ = []\n__all__ += ('b',)",
        "a/b.py": "",
    },
    "a folder without __init__": {"acts.py": "import bare.deep.c", "bare/deep/c.py": ""},
    "from such a folder": {"acts.py": "from bare.deep import c", "bare/deep/c.py": ""},
    "import_module": {
        "acts.py": "import importlib\nimportlib.import_module('a.b')",
        "a/b.py": "",
    },
    "import_module renamed": {
        "acts.py": "from importlib import import_module as load\nload(name='helper')",
        "helper.py": "",
    },
    "__import__": {"acts.py": "__import__('a', fromlist=['b'])", "a/b.py": ""},
    "exec": {"acts.py": "exec('''\nimport helper\n''')", "helper.py": ""},
    "eval": {"acts.py": "eval(\"__import__('helper')\")", "helper.py": ""},
    "run_module": {"acts.py": "import runpy\nrunpy.run_module('helper')", "helper.py": ""},
    "run_path": {"acts.py": "import runpy\nrunpy.run_path('scripts/a.py')", "scripts/a.py": ""},
    "run_path imports": {
        "acts.py": "import runpy\nrunpy.run_path('scripts/a.py')",
        "scripts/a.py": "import helper",
        "helper.py": "",
    },
    "spec_from_file_location": {
        "acts.py": "from importlib.util import *\nspec_from_file_location('x', 'plugins/x.py')",
        "plugins/x.py": "",
    },
    "a name of the standard library": {"acts.py": "import colorsys", "colorsys.py": ""},
}


@pytest.mark.parametrize("kind", COUNTED)
def test_a_changed_module_that_is_imported_changes_the_digest(
    project: MakeProject, kind: str
) -> None:
    files = COUNTED[kind]
    last = project(files) / list(files)[-1]
    before = code_digest(LEVEL)
    text = last.read_text()
    last.write_text(f"# a comment\n{text}\n")
    assert code_digest(LEVEL) == before
    last.write_text(f"{text}\nchanged = 1\n")
    assert code_digest(LEVEL) != before
    last.write_text(text)
    assert code_digest(LEVEL) == before


@pytest.mark.parametrize("kind", COUNTED)
def test_what_counts_travels_and_has_the_same_digest_elsewhere(
    project: MakeProject, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project({**COUNTED[kind], "beside.py": ""})
    there, before = files_of(LEVEL), code_digest(LEVEL)
    assert sorted(there) == sorted(COUNTED[kind])
    folder.rename(tmp_path / "gone")
    elsewhere = tmp_path / "elsewhere"
    for name, content in there.items():
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_bytes(content)
    monkeypatch.chdir(elsewhere)
    monkeypatch.syspath_prepend(elsewhere)
    assert code_digest(LEVEL) == before


INSIDE = {
    "from . import b": "pkg/sub/b.py",
    "from .b import c": "pkg/sub/b.py",
    "from .. import b": "pkg/b.py",
    "from ..b import c": "pkg/b.py",
    "from ..other.b import c": "pkg/other/b.py",
    "from pkg.other import b": "pkg/other/b.py",
    "pass  # from its parent": "pkg/__init__.py",
    "pass  # from its own package": "pkg/sub/__init__.py",
    "from importlib import import_module as i\ni('.b', __package__)": "pkg/sub/b.py",
    "import importlib\nimportlib.import_module('..b', package=__package__)": "pkg/b.py",
    "import importlib\nimportlib.import_module('.b', 'pkg.other')": "pkg/other/b.py",
    "__import__('b', globals(), locals(), ['c'], 1)": "pkg/sub/b.py",
    "__import__('', None, None, ('b',), level=2)": "pkg/b.py",
}


@pytest.mark.parametrize("statement", INSIDE)
def test_relative_imports_are_followed(project: MakeProject, statement: str) -> None:
    changed = INSIDE[statement]
    files = dict.fromkeys(
        ("pkg/__init__.py", "pkg/sub/__init__.py", "pkg/other/__init__.py", changed), ""
    )
    folder = project(files | {"pkg/sub/acts.py": statement})
    level = Level("pkg.sub.acts:f")
    before = code_digest(level)
    (folder / changed).write_text("changed = 1")
    assert code_digest(level) != before


@pytest.mark.parametrize(
    "files",
    [
        {"other.py": ""},
        {"a/__init__.py": "", "a/other.py": ""},
        {"helper/other.py": "", "bare/other.py": ""},
        {"data.txt": "1"},
        {"test_acts.py": "import acts"},
    ],
)
def test_what_is_not_imported_does_not_count(
    project: MakeProject, files: Mapping[str, str]
) -> None:
    project({"acts.py": "import a, torch, helper\nimport bare.c", "helper.py": "", "bare/c.py": ""})
    project({"a/__init__.py": ""})
    before = code_digest(LEVEL)
    project(files)
    assert code_digest(LEVEL) == before
    assert has_digest(LEVEL, before)


def test_a_project_has_one_digest_on_every_version_of_python(project: MakeProject) -> None:
    project(
        {
            "acts.py": "from pkg.sub import b\nimport bare.c\n"
            "def f(x: int = 1): return f'{x:{b.w}}'",
            "pkg/__init__.py": "",
            "pkg/sub/__init__.py": "from .. import d",
            "pkg/sub/b.py": "w = 1.0",
            "pkg/d.py": "from acts import f",
            "bare/c.py": "x = 1j",
        }
    )
    assert code_digest(LEVEL) == GOLDEN


def test_activations_in_files_of_their_own_change_alone(project: MakeProject) -> None:
    folder = project(
        {
            "acts/first.py": "from . import shared\ndef f(x): return x",
            "acts/second.py": "def f(x): return x",
            "acts/third.py": "from .second import f",
            "acts/shared.py": "",
        }
    )
    levels = [Level(f"acts.{name}:f") for name in ("first", "second", "third")]
    before = [code_digest(level) for level in levels]
    (folder / "acts" / "second.py").write_text("def f(x): return -x")
    changed = [code_digest(level) != old for level, old in zip(levels, before, strict=True)]
    assert changed == [False, True, True]


def test_a_second_activation_in_the_file_counts(project: MakeProject) -> None:
    project({"acts.py": "def f(x): return x"})
    before = code_digest(LEVEL)
    project({"acts.py": "def f(x): return x\ndef g(x): return -x"})
    assert code_digest(LEVEL) != before


def test_a_project_that_moves_keeps_its_digests(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "acts.py": "import a.b, runpy\nrunpy.run_path('scripts/x.py')",
        "a/b.py": "from . import c",
        "a/c.py": "",
        "scripts/x.py": "",
    }
    folder = project(files)
    before = find_code(LEVEL)
    assert list(before.modules) == ["a.b", "a.c", "acts", "scripts/x.py"]
    monkeypatch.chdir(folder.rename(tmp_path / "elsewhere"))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "elsewhere"), *sys.path])
    assert find_code(LEVEL).modules == before.modules
    assert code_digest(LEVEL) == before.digest == digest_of_modules(before.modules)


def test_a_module_that_moves_to_another_name_is_another(project: MakeProject) -> None:
    project({"acts.py": "from a import f", "a.py": "f = 1", "b.py": "f = 1"})
    before = code_digest(LEVEL)
    project({"acts.py": "from b import f"})
    assert code_digest(LEVEL) != before


def test_the_first_module_on_the_path_counts(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project({"acts.py": "import helper"})
    for name in ("late", "early"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"name = '{name}'")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "late")])
    late = code_digest(LEVEL)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "early"), *sys.path])
    assert code_digest(LEVEL) != late
    (tmp_path / "early" / "helper.py").write_text("name = 'late'")
    assert code_digest(LEVEL) == late


@pytest.mark.parametrize("home", ["site-packages", "dist-packages"])
def test_installed_packages_do_not_count_but_those_installed_in_place_do(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    project({"acts.py": "import installed.a\nimport linked.a"})
    site = tmp_path / "lib" / home
    for folder in (site / "installed", tmp_path / "src" / "linked"):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "a.py").write_text("")
    (site / "linked").symlink_to(tmp_path / "src" / "linked")
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    assert list(find_code(LEVEL).modules) == ["acts", "linked", "linked.a"]
    monkeypatch.setattr(sys, "path", [*sys.path[:-1], str(tmp_path / "src")])
    assert list(find_code(LEVEL).modules) == ["acts", "linked", "linked.a"]


def test_actwise_torch_and_the_standard_library_do_not_count(project: MakeProject) -> None:
    project({"acts.py": "import os, sys, math, torch.nn, numpy as np\nfrom actwise import rng"})
    assert list(find_code(LEVEL).modules) == ["acts"]


@pytest.mark.parametrize("name", ["torch.nn", "colorsys", "actwise.rng"])
def test_the_levels_own_module_counts_wherever_it_lies(name: str) -> None:
    assert list(find_code(Level(f"{name}:f")).modules) == [name]


@pytest.mark.parametrize("suffix", [".pyc", importlib.machinery.EXTENSION_SUFFIXES[0]])
def test_modules_without_a_text_count_by_their_bytes(project: MakeProject, suffix: str) -> None:
    folder = project({"acts.py": "import helper", "helper.py": "x = 1"})
    compiled = folder / f"helper{suffix}"
    py_compile.compile(str(folder / "helper.py"), str(compiled))
    (folder / "helper.py").unlink()
    before = code_digest(LEVEL)
    assert "helper" in find_code(LEVEL).modules
    compiled.write_bytes(compiled.read_bytes() + b"\0")
    assert code_digest(LEVEL) != before


def test_modules_in_an_archive_count(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project({"acts.py": "import helper"})
    digests = set()
    for number in (1, 2):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            archive.writestr("helper.py", f"x = {number}")
        monkeypatch.setattr(sys, "path", [str(tmp_path / f"{number}.zip"), *sys.path])
        digests.add(code_digest(LEVEL))
        assert "helper" in find_code(LEVEL).modules
    assert len(digests) == 2


def test_a_digest_of_the_file_alone_is_still_known(project: MakeProject) -> None:
    folder = project({"acts.py": "import helper", "helper.py": ""})
    older = hashlib.sha256((folder / "acts.py").read_bytes()).hexdigest()
    assert has_digest(LEVEL, older)
    assert not has_digest(LEVEL, "0" * 64)
