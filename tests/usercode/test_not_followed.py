"""What cannot be told of users' code without executing it, and how that is said."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.registry import Level
from actwise.usercode import code_digest, find_code

MakeProject = Callable[[Mapping[str, str]], Path]
LEVEL = Level("acts:f")

REMARKS = {
    "import importlib\nimportlib.import_module(name)": "imports by a computed name (import_module)",
    "from importlib import import_module as i\ni('a' + b)": "imports by a computed name",
    "import importlib\nload = importlib.import_module\nload('x')": "hands on import_module",
    "import importlib\ngetattr(importlib, 'import_module')('x')": "hands on import_module",
    "import importlib\nimportlib.import_module('.a', package)": "imports by a computed name",
    "from importlib.util import spec_from_file_location as s\ns(*names, 'x.py')": (
        "runs a file by a computed path (spec_from_file_location)"
    ),
    "m = __import__(f'{name}')": "imports by a computed name (__import__)",
    "m = __import__('a', fromlist=names)": "imports by a computed name (__import__)",
    "m = __import__('a', *rest)": "imports by a computed name (__import__)",
    "m = __import__('a', None, None, ['b'], *rest)": "imports by a computed name (__import__)",
    "m = __import__('a', **rest)": "imports by a computed name (__import__)",
    "m = list(map(__import__, names))": "hands on __import__",
    "exec(open('helper.py').read())": "runs a computed text (exec)",
    "def f(x):\n  return eval(text)": "runs a computed text (eval)",
    "import builtins\nbuiltins.exec(text)": "runs a computed text (exec)",
    "exec('exec(text)')": "runs a computed text (exec)",
    "import runpy\nrunpy.run_path(path)": "runs a file by a computed path (run_path)",
    "from runpy import run_module as r\nr(name)": "imports by a computed name (run_module)",
    "from importlib.util import spec_from_file_location as s\ns('x', HERE / 'x.py')": (
        "runs a file by a computed path (spec_from_file_location)"
    ),
    "import sys\nsys.path.insert(0, 'lib')\nimport in_lib": "handles sys.path",
    "from sys import path\npath.append('lib')": "handles sys.path",
    "import site\nsite.addsitedir('lib')": "handles addsitedir",
    "__path__.append('lib')": "handles __path__",
    "import sys as s\ns.path.append('lib')": "handles sys.path",
    "import builtins as b\nb.exec(text)": "runs a computed text (exec)",
    "import pydoc\npydoc.locate(name)": "runs code by pydoc.locate",
    "from pydoc import locate as l\nl('lib.f')": "runs code by pydoc.locate",
    "import torch\ntorch.hub.load('.', 'f', source='local')": "runs code by hub.load",
    "from torch import hub as h\nh.load('.', 'f')": "runs code by hub.load",
    "import torch.utils.cpp_extension as c\nc.load('x', sources=['x.cpp'])": (
        "runs code by cpp_extension.load"
    ),
    "from types import FunctionType as F\nf = F(compile(text, '', 'exec'), {})": (
        "runs a computed text (compile)"
    ),
}


@pytest.mark.parametrize("text", REMARKS)
def test_a_module_that_imports_what_the_text_does_not_tell_has_one_remark(
    project: MakeProject, text: str
) -> None:
    project({"acts.py": "import helper, other", "other.py": "import helper", "helper.py": text})
    (remark,) = find_code(LEVEL).remarks
    assert remark.startswith("helper.py " + REMARKS[text])
    assert "(line " in remark


def test_a_computed_list_of_exported_names_has_a_remark_where_a_star_imports_it(
    project: MakeProject,
) -> None:
    computed = "__all__ = [f.stem for f in Path(__file__).parent.glob('*.py')]"
    project({"acts.py": "from a import *", "a/__init__.py": computed, "a/b.py": ""})
    (remark,) = find_code(LEVEL).remarks
    assert remark.startswith("a/__init__.py computes __all__")
    project({"acts.py": "import a"})
    assert find_code(LEVEL).remarks == ()


@pytest.mark.parametrize(
    "text",
    [
        "model.eval()",
        "import re\nre.compile(pattern)",
        "import os\nos.path.join(a, b)",
        "import importlib\nimportlib.import_module('helper')",
        "exec('x = 1')",
        "print('eval', 'exec', 'run_path')",
        "import torch\ntorch.compile(model)",
    ],
)
def test_what_the_text_tells_has_no_remark(project: MakeProject, text: str) -> None:
    project({"acts.py": text})
    assert find_code(LEVEL).remarks == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"def f(x) return x", r"helper.py is not valid Python: .*\(line 1\)"),
        (b"x = 1\n  y = 2", r"helper.py is not valid Python: unexpected indent \(line 2\)"),
        (b"x = '\xff'", r"helper.py is not valid Python: "),
        (b"# coding: klingon\n", r"helper.py is not valid Python: .*klingon"),
        (b"x = 1\0", r"helper.py (is not valid Python|cannot be parsed): .*null byte"),
        (b"(" * 10_000, r"helper.py (is not valid Python|cannot be parsed): .*"),
        (b"x = " + b"-" * 100_000 + b"1", r"helper.py cannot be parsed|is not valid Python"),
    ],
)
def test_a_file_that_is_no_python_is_refused_in_one_sentence(
    project: MakeProject, text: bytes, sentence: str
) -> None:
    folder = project({"acts.py": "import helper", "helper.py": ""})
    (folder / "helper.py").write_bytes(text)
    with pytest.raises(SpecError, match=f"level acts:f: users' code {sentence}") as caught:
        code_digest(LEVEL)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(project: MakeProject) -> None:
    folder = project({"acts.py": "import helper"})
    (folder / "helper.py").symlink_to("/proc/self/mem")  # which root may not read either
    with pytest.raises(SpecError, match=r"users' code helper\.py cannot be read: "):
        code_digest(LEVEL)
