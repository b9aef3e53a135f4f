"""docs/your-training.md: its loop trains, its study is one, its other code can be parsed."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import actwise as aw

PAGE = (Path(__file__).parents[2] / "docs" / "your-training.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_loop_trains_with_every_level_of_its_study() -> None:
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(PYTHON[0], names)
    for cell in aw.load_study(tomllib.loads(toml)).cells():
        assert cell.task is not None
        settings = cell.task.arguments | {"epochs": 1}
        (found,) = names["train"](aw.TaskActivation(cell.activation), cell.seed, **settings)
        assert 0 < float(found["accuracy"]) < 100


def test_the_other_code_can_be_parsed() -> None:
    assert len(PYTHON) == 3
    for code in PYTHON:
        ast.parse(code)


def test_a_users_type_checker_finds_our_types() -> None:
    assert (Path(aw.__file__).parent / "py.typed").is_file()
