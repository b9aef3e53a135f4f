"""docs/study-files.md says what a study file may hold: every setting, its default, no other."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from actwise.spec import (
    REQUIRED_FACTORS,
    AnalysisSpec,
    ObserveSpec,
    StudySpec,
    TaskSpec,
    TrainSettings,
    load_study,
)

PAGE = (Path(__file__).parents[2] / "docs" / "study-files.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
OWNERS = {
    "The study itself": StudySpec,
    "`[train]`": TrainSettings,
    "`[observe]`": ObserveSpec,
    "`[analysis]`": AnalysisSpec,
    "`[task]`": TaskSpec,
}


def rows(section: str) -> dict[str, list[str]]:
    """The cells of a section's table after its first column, which is the key."""
    lines = (x.strip("|").split(" | ") for x in SECTIONS[section].splitlines() if x[:3] == "| `")
    return {cells[0].strip(' `"'): [cell.strip() for cell in cells[1:]] for cells in lines}


def as_written(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default == {}:
        return "empty"
    if default is None:
        return "not set"
    if isinstance(default, TrainSettings | ObserveSpec | AnalysisSpec):
        return "all defaults"
    if isinstance(default, tuple):
        return f"`{list(default)}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f'`"{default}"`' if isinstance(default, str) else f"`{default}`"


@pytest.mark.parametrize("section", OWNERS)
def test_every_setting_stands_there_with_its_default_and_no_other(section: str) -> None:
    fields = OWNERS[section].model_fields
    written = {name: cells[0] for name, cells in rows(section).items()}
    assert written == {
        name: as_written(field.get_default(call_default_factory=True))
        for name, field in fields.items()
    }


def test_every_choice_of_a_setting_is_named() -> None:
    for name, cells in rows("`[train]`").items():
        choices = getattr(TrainSettings.model_fields[name].annotation, "__args__", ())
        words = [choice for choice in choices if isinstance(choice, str)]
        assert [word for word in words if f"`{word}`" not in cells[1]] == []


def test_the_schedules_are_explained() -> None:
    schedules: tuple[str, ...] = TrainSettings.model_fields["schedule"].annotation.__args__  # type: ignore[union-attr]
    explained = re.findall(r"^- `(\w+)`:", SECTIONS["`[train]`"], re.MULTILINE)
    assert sorted(explained) == sorted(schedules)


def test_the_factors_and_the_data_sets_stand_there() -> None:
    factors = rows("`[factors]`")
    assert list(factors) == [*REQUIRED_FACTORS, "width", "train.SETTING"]
    # In a process of its own: other tests add data sets to the table of this one.
    code = "from actwise.datasets import DATASETS; print(*DATASETS)"
    shipped = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "cifar10" in shipped
    assert [name for name in shipped if f"`{name}" not in factors["dataset"][0]] == []


def test_the_example_and_its_changes_are_a_study(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path.write_text(example)
    assert len(list(load_study(str(path)).cells())) == 16
    for line in re.findall(r"^actwise plan mine.toml (.*)$", PAGE, re.MULTILINE):
        assert list(load_study(str(path), line.split()).cells())
