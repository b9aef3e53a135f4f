"""What is said of code whose imports cannot be told: which line, once a module, in one order."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.registry import Level
from actwise.usercode import file_of_module, find_code, known_code, user_arguments

MakeProject = Callable[[Mapping[str, str]], Path]
LEVEL = Level("acts:f")
UNNOTICED = "changes of what it imports that way are not noticed"


def remarks(project: MakeProject, **files: str) -> list[str]:
    project({f"{name}.py": text for name, text in files.items()})
    return [remark.removesuffix(f": {UNNOTICED}") for remark in find_code(LEVEL).remarks]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n\nexec(x)\neval(x)\n", "runs a computed text (exec) (line 3)"),
        ("def f():\n    eval(x)\n\nexec(x)\n", "runs a computed text (eval) (line 2)"),
        (
            "import sys\nsys.meta_path.append(1)\nsys.path_hooks.clear()\n",
            "handles sys.meta_path (line 2)",
        ),
        ("from sys import path\n", "handles sys.path (line 1)"),
        ("import torch\nfrom torch.hub import load\n", "runs code by hub.load (line 2)"),
        ("f = eval\n", "hands on eval, which imports (line 1)"),
        ("import runpy\nf = runpy.run_path\n", "hands on run_path, which imports (line 2)"),
        ("import pydoc as p\np.safeimport('a')\n", "runs code by pydoc.safeimport (line 2)"),
    ],
)
def test_a_remark_tells_the_first_line_alone(project: MakeProject, text: str, said: str) -> None:
    assert remarks(project, acts=text) == [f"acts.py {said}"]


def test_remarks_come_in_the_order_of_their_files(project: MakeProject) -> None:
    found = remarks(project, acts="import zebra, ant\neval(x)", zebra="eval(x)", ant="exec(x)")
    assert found == [
        "acts.py runs a computed text (eval) (line 2)",
        "ant.py runs a computed text (exec) (line 1)",
        "zebra.py runs a computed text (eval) (line 1)",
    ]


def test_a_text_that_is_run_imports_what_it_says(project: MakeProject) -> None:
    project({"acts.py": "exec('  import helper  ')\nexec(source='import other')", "helper.py": ""})
    project({"other.py": ""})
    found = find_code(LEVEL)
    assert [*found.modules] == ["acts", "helper", "other"] and found.remarks == ()


@pytest.mark.parametrize(
    "text",
    [
        "import runpy\nrunpy.run_path('folder/run.py')",
        "import runpy\nrunpy.run_path(path_name='folder/run.py')",
        "from importlib.util import spec_from_file_location as s\ns('run', 'folder/run.py')",
        "import importlib.util as u\nu.spec_from_file_location('run', location='folder/run.py')",
        "from importlib.machinery import SourceFileLoader as L\nL('run', path='folder/run.py')",
        "from importlib.machinery import SourcelessFileLoader as L\nL('r', path='folder/run.py')",
        "from importlib.machinery import ExtensionFileLoader as L\nL('r', path='folder/run.py')",
        "import imp\nimp.load_source('run', pathname='folder/run.py')",
    ],
)
def test_a_file_that_is_run_by_its_path_counts_under_it(project: MakeProject, text: str) -> None:
    project({"acts.py": text, "folder/run.py": "import helper", "helper.py": ""})
    found = find_code(LEVEL)
    assert [*found.modules] == ["acts", "folder/run.py", "helper"] and found.remarks == ()


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("import importlib\nimportlib.import_module('.b', 'a')", "a.b"),
        ("import importlib\nimportlib.import_module('..c', 'a.d')", "a.c"),
        ("import importlib\nimportlib.import_module(name='a.b')", "a.b"),
        ("from importlib import import_module\nimport_module('.b', package='a')", "a.b"),
        ("__import__('a', fromlist=['b'])", "a.b"),
        ("__import__('a.b')", "a.b"),
        ("import pkgutil\npkgutil.resolve_name('a.b:f')", "a.b"),
        ("import runpy\nrunpy.run_module('a.b')", "a.b"),
        ("import runpy\nrunpy.run_module('a')", "a.__main__"),
    ],
)
def test_a_module_that_is_named_by_a_text_counts(
    project: MakeProject, text: str, module: str
) -> None:
    names = ("a/__init__.py", "a/b.py", "a/c.py", "a/d.py", "a/__main__.py")
    project({"acts.py": text, **dict.fromkeys(names, "")})
    found = find_code(LEVEL)
    assert [*found.modules] == ["a", module, "acts"] and found.remarks == ()


def test_a_file_is_typed_from_the_working_folder_if_it_lies_in_it(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project({"acts.py": "", "deep/__init__.py": "", "deep/net.py": ""})
    names = ("acts", "deep.net", "deep")
    files = ["acts.py", "deep/net.py", "deep/__init__.py"]
    assert [file_of_module(name) for name in names] == files
    monkeypatch.chdir(tmp_path)
    assert [file_of_module(name) for name in names] == [f"project/{name}" for name in files]
    monkeypatch.chdir(folder / "deep")
    assert file_of_module("acts") == str(folder / "acts.py")
    assert [file_of_module(name) for name in ("nowhere", "a..b", "sys")] == [
        "nowhere",
        "a..b",
        "sys",
    ]


def test_what_a_digest_was_made_from_is_known_by_it(project: MakeProject) -> None:
    project({"acts.py": "import helper", "helper.py": "eval(x)"})
    found = find_code(LEVEL)
    assert known_code(found.digest) == found and len(found.digest) == 64
    assert {len(digest) for digest in found.modules.values()} == {32}


def test_an_argument_that_is_filled_in_is_told_from_one_that_is_none() -> None:
    def build(channels: int, slope: float = 0.1) -> None:
        """Made for the test."""

    with pytest.raises(SpecError) as refusal:
        user_arguments(
            build,
            Level("acts:build", kwargs=(("channels", 3),)),
            kind="model",
            reserved=("channels",),
        )
    said = "model acts:build(channels=3): channels is not an argument of a level: it is filled in"
    assert str(refusal.value) == said
