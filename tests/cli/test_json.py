"""docs/json.md says what the commands print: every key of every object, and no other."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from actwise.recommend import CaseAdvice, Further, GainOver, Outlook, Told, Trial
from actwise.store import RunStore
from actwise.store.exchange import WHAT
from actwise.sweep.watch import EVENT_NAMES
from made.runs import finish, made_plan, made_study

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `(.+?)`.*?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
RUN = "run mlp.toml --executor inline --json"
STUDY = """name = "mlp"
[factors]
dataset = ["digits"]
model = ["mlp"]
regularization = ["none"]
activation = ["relu"]
[train]
epochs = 1
train_size = 128
"""
DRY_RUN = "recommend MODEL --dry-run"
# Command, and its section where that has another name.
COMMANDS = [
    ("list activations", "list activations"),
    ("list models", "list models"),
    ("list regularizers", "list models"),
    ("list datasets", "list datasets"),
    ("list studies", "list studies"),
    ("audit mlp", "audit MODEL"),
    ("swap mlp elu", "swap MODEL LEVEL"),
    ("diagnose mlp --images 8 --shape 1,8,8 --width 0.1 --activation prelu", "diagnose MODEL"),
    ("cost mlp --candidates elu --shape 1,8,8 --batch-size 8 --width 0.1", "cost MODEL"),
    ("recommend mlp factors.regularization=none --dataset digits --dry-run", DRY_RUN),
    ("show run ID --store store", "show run ID"),
    ("data verify digits", "data verify NAME"),
    ("plan mlp.toml", "plan STUDY"),
    ("run mlp.toml --smoke --executor inline", "run STUDY --smoke"),
    ("status --store store", "status"),
    ("table --store store", "table"),
    ("import exported --store other", "import DIR"),
    ("store copy copied --store store", "store copy DEST"),
    ("store gc --store store --dry-run", "store gc"),
    ("store rm --store store --study made --yes", "store rm"),
]


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with results, an export of it and a study, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("mlp.toml").write_text(STUDY)
    study = made_study()
    with RunStore.open("store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)
    assert run_command(["export", "--store", "store", "--what", "all", "-o", "exported"]) == 0
    return planned[0].run_id


def keys(section: str) -> set[str]:
    """Every name in backticks in the lists of a section that could be a key."""
    items = re.findall(r"^- .*(?:\n  .*)*", SECTIONS[section], re.MULTILINE)
    return set(re.findall(r"`([a-z_0-9]+)`", "\n".join(items)))


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert run_command([*command.split(), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def keys_of(value: Any) -> set[str]:
    """Keys of an object and of the objects right in it."""
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    if not isinstance(value, dict):
        return set()
    nested = (item for key, item in value.items() if key in OPENED)
    return set(value).union(*(keys_of(item) for item in nested))


OPENED = (
    "labels",
    "result",
    "info",
    "rows",
    "step",
    "estimate",
    "cells",
    "studies",
    "running",
    "accidents",
    "sites",
    "learned",
    "norms",
    "sums",
    "shift",
)


@pytest.mark.parametrize(("command", "section"), COMMANDS)
def test_every_key_is_documented(
    command: str, section: str, run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = keys_of(printed(command.replace("ID", run_id), capsys))
    assert found
    assert found - keys(section) == set()


def test_every_key_of_an_advice_is_documented() -> None:
    parts = (CaseAdvice, GainOver, Outlook, Further, Told, Trial)
    found = {
        name
        for part in parts
        for name in (getattr(part, "_fields", None) or [field.name for field in fields(part)])
    }
    assert (found | {"cheaper"}) - keys("recommend MODEL") == set()


def test_what_extends_another_shape_has_its_keys(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, section, extended in (
        ("show activation elu", "show activation NAME", "list activations"),
        ("data list", "data list", "list datasets"),
    ):
        assert keys_of(printed(command, capsys)) <= keys(section) | keys(extended)


@pytest.mark.parametrize("what", WHAT)
def test_every_column_of_an_export_is_documented(
    what: str, run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = printed(f"export --store store --what {what}", capsys)
    assert keys_of(rows) - keys("export") == set()
    assert all(f"- `{name}`:" in SECTIONS["export"] for name in WHAT)


def test_an_export_of_everything_prints_its_files(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = printed("export --store store --what all -o again", capsys)
    assert all(Path(file).is_file() for file in files)


def test_a_run_prints_documented_events(run_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run_command(f"{RUN} --store trained".split()) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["sweep_started", "sweep_ended"]
    for event in events:
        name = event.pop("event")
        line = re.search(rf"^- `{name}`:.*(?:\n  .*)*", SECTIONS["run STUDY"], re.MULTILINE)
        assert line is not None
        assert set(event) <= set(re.findall(r"`([a-z_0-9]+)`", line[0]))
    assert all(f"- `{name}`:" in SECTIONS["run STUDY"] for name in EVENT_NAMES.values())


def test_numbers_that_are_not_finite_are_null(
    run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed("show activation relu", capsys)["output_range"] == [0.0, None]
