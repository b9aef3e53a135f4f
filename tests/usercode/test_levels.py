"""Users' code as a level: loading, digest, arguments."""

import os
import py_compile
import sys
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.registry import Level, parse_level
from actwise.usercode import (
    call_user_object,
    code_digest,
    describe_fault,
    load_user_object,
    user_arguments,
    user_level,
)

SOURCE = """
import sys
sys.executed_user_code = True

def scale(x, factor=2.0, shift=0):
    return factor * x + shift

def build(channels, slope, *, bias=False):
    return channels, slope, bias

def anything(**settings):
    return settings

def noted(x, low: float, high: "float | None" = None, steps=None):
    return low, high, steps
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file on the Python path; what is imported is forgotten after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    # Another test of this process may have imported a module of that name.
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    before = set(sys.modules)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("raise RuntimeError('executed')\n")
    (tmp_path / "mine" / "deep.py").write_text("")
    name = f"user_code_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "executed_user_code", False, raising=False)
    yield tmp_path / f"{name}.py"
    for module in set(sys.modules) - before:
        del sys.modules[module]


def load(text: str) -> object:
    return load_user_object(parse_level(text, kind="activation"), kind="activation")


def test_a_level_loads_what_it_names(folder: Path) -> None:
    scale = load(f"{folder.stem}:scale(3)")
    assert scale(2.0) == 4.0  # type: ignore[operator]


def test_the_digest_executes_nothing(folder: Path) -> None:
    assert len(code_digest(Level(f"{folder.stem}:scale"))) == 64
    assert not sys.executed_user_code  # type: ignore[attr-defined]


def test_a_file_that_changed_after_its_import_is_refused(folder: Path) -> None:
    load(f"{folder.stem}:scale")
    folder.write_text(SOURCE + "\n# a comment\n")
    load(f"{folder.stem}:scale")
    folder.write_text(SOURCE + "\nchanged = True\n")
    with pytest.raises(SpecError, match="changed after this process imported it"):
        load(f"{folder.stem}:scale")


FACTORS = "from other_factors import FACTOR"
BY_PATH = """
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("other_factors", "other_factors.py")
module = module_from_spec(spec)
spec.loader.exec_module(module)
FACTOR = module.FACTOR
"""


@pytest.mark.parametrize(
    ("main", "name"),
    [
        ("FACTOR = 0.9", "own_factors"),
        (FACTORS, "other_factors"),
        (f"def __getattr__(name):\n {FACTORS}\n return FACTOR", "other_factors"),
        (BY_PATH, "other_factors"),
    ],
)
def test_bytecode_of_another_text_of_the_same_size_and_second_is_not_taken(
    main: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    for module in ("own_factors", "other_factors"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    (folder.parent / "own_factors.py").write_text(main)
    path = folder.parent / f"{name}.py"
    path.write_text("FACTOR = 0.9")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    py_compile.compile(str(path), cfile=cache_from_source(str(path)), doraise=True)
    path.write_text("FACTOR = 0.1")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert load("own_factors:FACTOR") == 0.1


@pytest.mark.parametrize("num_parts", [2, 200, 20_000])
def test_a_module_of_any_depth_that_is_not_there_is_named(folder: Path, num_parts: int) -> None:
    with pytest.raises(SpecError, match="there is no module"):
        load(f"{'.'.join('a' * num_parts)}:f")


@pytest.mark.parametrize("level", ["uses_it:f", "uses_it_too:f"])
def test_a_helper_that_changed_after_its_import_is_refused(folder: Path, level: str) -> None:
    names = ("helper_of_levels", "uses_it", "uses_it_too")
    for name in names:
        text = "from helper_of_levels import f\n" if name != names[0] else "def f(x): return x\n"
        (folder.parent / f"{name}.py").write_text(text)
    load("uses_it:f")
    helper = folder.parent / "helper_of_levels.py"
    helper.write_text("def f(x): return -x\n")
    with pytest.raises(SpecError, match=r"helper_of_levels.py changed after this process"):
        load(level)
    helper.write_text("def f(x):  # as it was\n    return x\n")
    load(level)


def test_what_is_mended_after_a_failed_import_is_imported(folder: Path) -> None:
    module = folder.parent / "mended_later.py"
    for text in ("def f(x) return x\n", "import helper_that_is_missing\n", "1 / 0\n"):
        module.write_text(text)
        with pytest.raises(SpecError, match="mended_later"):
            load("mended_later:f")
    module.write_text("def f(x): return x\n")
    assert load("mended_later:f")(1) == 1  # type: ignore[operator]


def test_what_users_code_adds_to_the_search_path_changes_no_digest(folder: Path) -> None:
    (folder.parent / "lib").mkdir()
    (folder.parent / "lib" / "helper_in_lib.py").write_text("")
    (folder.parent / "finds_lib.py").write_text(
        "import sys, pathlib\n"
        "sys.path.insert(0, str(pathlib.Path(__file__).parent / 'lib'))\n"
        "import helper_in_lib\n"
        "def f(x): return x\n"
    )
    (folder.parent / "also_uses_lib.py").write_text("import helper_in_lib\n")
    levels = [Level("finds_lib:f"), Level("also_uses_lib:f")]
    before = [code_digest(level) for level in levels]
    load("finds_lib:f")
    assert [code_digest(level) for level in levels] == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("__main__:f", "put it in a module of its own"),
        ("no_such_module:f", "no module 'no_such_module'"),
        ("no_such.module:f", "no module 'no_such.module'"),
        ("my_net.py:f", "on the Python path; did you mean my_net:f"),
        ("my_ned:f", "on the Python path; did you mean my_net:f"),
        ("pathlib.deeper:f", "no module 'pathlib.deeper'"),
        ("sys:path", "module 'sys' has no file"),
        ("math", "does not name code"),
        ("pathlib:Path:x", "does not name code"),
        ("pathlib:Pathh", "pathlib has no 'Pathh'; did you mean Path"),
        ("mine.deep:f", "importing mine.deep raised RuntimeError: executed"),
    ],
)
def test_code_that_cannot_be_loaded_is_refused_in_one_sentence(
    folder: Path, text: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "my_net.py").touch()
    monkeypatch.chdir(folder.parent)
    with pytest.raises(SpecError, match=sentence) as caught:
        load(text)
    assert "\n" not in str(caught.value)


def test_a_module_that_exits_at_import_is_refused(folder: Path) -> None:
    folder.write_text("raise SystemExit(3)\n")
    with pytest.raises(SpecError, match="raised SystemExit: 3"):
        load(f"{folder.stem}:scale")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("import os\n\nvalue = 1 / 0\n", r"ZeroDivisionError: .* \(NAME.py, line 3\)$"),
        ("import json\njson.loads('x')\n", r"JSONDecodeError: .* \(NAME.py, line 2\)$"),
        ("import mine.deep\n", r"RuntimeError: executed \(mine/__init__.py, line 1\)$"),
        ("def f(:\n", r"users' code NAME.py is not valid Python: invalid syntax \(line 1\)$"),
    ],
)
def test_a_broken_module_is_refused_with_the_line_that_is_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, place: str
) -> None:
    monkeypatch.chdir(folder.parent)
    folder.write_text(source)
    with pytest.raises(SpecError, match=place.replace("NAME", folder.stem)):
        load(f"{folder.stem}:scale")


def test_a_fault_in_called_code_names_the_users_line(folder: Path) -> None:
    folder.write_text("def scale(x):\n    return x.rellu()\n")
    scale = load(f"{folder.stem}:scale")
    with pytest.raises(AttributeError) as caught:
        scale(1.0)  # type: ignore[operator]
    assert describe_fault(caught.value).endswith(f"({folder}, line 2)")
    assert describe_fault(ValueError("never raised")) == "ValueError: never raised"


def canonical(folder: Path, arguments: str) -> str:
    level = parse_level(f"{folder.stem}:scale{arguments}", kind="activation")
    scale = load_user_object(level, kind="activation")
    return user_level(level, user_arguments(scale, level, kind="activation", leading=1))


def test_every_way_to_write_a_level_has_one_canonical_text(folder: Path) -> None:
    plain = f"{folder.stem}:scale"
    for same in ("", "()", "(2)", "(2.0)", "(factor=2)", "(2, shift=0)", "(shift=0.0)"):
        assert canonical(folder, same) == plain
    for same in ("(3, 1)", "(3, shift=1)", "(shift=1, factor=3)"):
        assert canonical(folder, same) == f"{plain}(factor=3.0,shift=1)"


@pytest.mark.parametrize(
    ("ways", "arguments"),
    [
        (("scale(3)", "scale(3.0)", "scale(3e0)"), {"factor": 3.0}),
        (("scale(shift=1)", "scale(shift=1.0)"), {"shift": 1}),
        (("scale(-0.0)", "scale(0)"), {"factor": 0.0}),
        (("noted(2)", "noted(2.0)"), {"low": 2.0}),
        (("noted(2,high=3)", "noted(2,3.0)"), {"low": 2.0, "high": 3.0}),
        (("noted(2,steps=4)", "noted(2,steps=4.0)"), {"low": 2.0, "steps": 4}),
        (("anything(a=1)", "anything(x=2,a=1)", "anything(a=1.0)"), {"a": 1}),
    ],
)
def test_a_number_has_the_type_of_its_parameter(
    folder: Path, ways: tuple[str, ...], arguments: dict[str, object]
) -> None:
    for way in ways:
        level = parse_level(f"{folder.stem}:{way}", kind="activation")
        found = load_user_object(level, kind="activation")
        leading = 0 if way.startswith("anything") else 1
        filled = user_arguments(found, level, kind="activation", leading=leading)
        filled.pop("x", None)
        assert repr(filled) == repr(arguments)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scale(1, 2, 3)", "3 arguments given; .* takes factor, shift"),
        ("scale(1, factor=2)", "factor is given twice"),
        ("scale(x=1)", "x is not an argument; .* takes factor, shift"),
        ("build", "needs a value for slope"),
        ("build(0.1, channels=3)", "channels is not an argument"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(folder: Path, text: str, sentence: str) -> None:
    level = parse_level(f"{folder.stem}:{text}", kind="activation")
    found = load_user_object(level, kind="activation")
    takes_tensor = text.startswith("scale")
    with pytest.raises(SpecError, match=sentence):
        user_arguments(
            found,
            level,
            kind="activation",
            reserved=() if takes_tensor else ("channels",),
            leading=int(takes_tensor),
        )


def test_a_call_offers_only_what_is_taken(folder: Path) -> None:
    level = parse_level(f"{folder.stem}:build(0.5, bias=on)", kind="model")
    build = load_user_object(level, kind="model")
    offered = {"channels": 8, "unknown": None}
    assert call_user_object(build, level, kind="model", offered=offered) == (8, 0.5, True)


def test_a_function_of_any_keywords_takes_them(folder: Path) -> None:
    level = parse_level(f"{folder.stem}:anything(b=2, a=on)", kind="model")
    anything = load_user_object(level, kind="model")
    arguments = user_arguments(anything, level, kind="model")
    assert user_level(level, arguments) == f"{folder.stem}:anything(a=on,b=2)"
    assert call_user_object(anything, level, kind="model", offered={}) == {"a": True, "b": 2}
