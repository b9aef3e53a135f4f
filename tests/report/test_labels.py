"""Levels under the names of [labels]: everywhere people read, nowhere else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.analysis.reading import Selection, runs_of
from actwise.report import analysis_json, analysis_text, plain, render
from actwise.report.figures import write_figures
from actwise.report.html import render_html
from actwise.report.words import next_steps
from actwise.store import RunStore
from made.pages import Page
from made.runs import finish, made_plan, made_study

NAMES = {
    "mine": "Photographs",
    "mlp": "Perceptron",
    "plain18": "Plain net",
    "bn": "Norm",
    "bn+flip": "Norm, mirrored",
    "none": "Nothing",
    "relu": "Rectifier",
    "elu(0.5)": "Half ELU",
    "prelu": "Parametric",
    "0.05": "low rate",
    "0.1": "high rate",
}
LEVELS: dict[str, Any] = {
    "regularization": ("bn", "bn+flip", "none"),
    "activation": ("relu", "elu(0.5)", "prelu"),
    "factors": {
        "dataset": ["mine"],
        "model": ["mlp", "plain18"],
        "train.learning_rate": [0.05, 0.1],
    },
}
# What is typed into a shell or is a study's own text is no name for readers.
TYPED = re.compile(r"actwise (?:run|analyze|report) [^\n]*|factors\.[^\s\"]*|<pre>.*?</pre>", re.S)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    folder = tmp_path_factory.mktemp("relu") / "bn"
    study = made_study(name="named", seeds="0..3", labels=NAMES, **LEVELS)
    with RunStore.open(folder, create=True) as opened:
        planned = made_plan(study)
        opened.add_study(study, planned, started_as=("named.toml",))
        for place, run in enumerate(planned[:-1]):
            high = 5.0 * (run.spec.activation == "relu") + (run.spec.model == "mlp")
            finish(opened, [run], test_accuracy=80.0 + high + (place * 7 % 10) / 5)
        yield opened


@pytest.fixture(scope="module")
def analysis(store: RunStore) -> Analysis:
    return aw.analyze(store, contrast=("relu", "prelu"))


def levels_in(text: str) -> set[str]:
    """The levels that stand in a text as words; numbers may be any."""
    text = TYPED.sub("", text).replace("relu0/bn", "")
    words = (level for level in NAMES if not level[0].isdigit() and level != "none")
    return {
        level for level in words if re.search(rf"(?<![\w+.(]){re.escape(level)}(?![\w+(-])", text)
    }


def test_no_level_that_has_a_name_is_read_anywhere(
    store: RunStore, analysis: Analysis, tmp_path: Path
) -> None:
    everything = aw.analyze(store)
    for found in (analysis, everything):
        for text in (
            plain(analysis_text(found), 80),
            plain(analysis_text(found, full=True), 300),
            Page(render_html(found, command="x")).text.split("Spec of")[0],
        ):
            assert levels_in(text) == set()
            assert {
                name for name in ("Rectifier", "Half ELU", "Plain net") if name not in text
            } == set()
    for path in write_figures(everything, tmp_path / "figures"):
        assert levels_in(path.read_text()) == set()
    table = runs_of(store.snapshot(), Selection()).table
    for format in ("text", "markdown", "latex"):
        text = render(table, format)
        assert levels_in(text) == set()
        assert all(name in text for name in ("Photographs", "high rate", "Nothing", "Parametric"))


def test_programs_read_the_levels_and_the_names_apart(store: RunStore, analysis: Analysis) -> None:
    values = analysis_json(analysis)
    assert values["labels"] == NAMES
    assert values["factors"]["activation"] == list(LEVELS["activation"])
    rest = json.dumps({key: value for key, value in values.items() if key != "labels"})
    assert [name for name in NAMES.values() if f'"{name}' in rest] == []
    table = runs_of(store.snapshot(), Selection()).table
    printed = json.loads(render(table, "json"))
    assert printed.pop("labels") == NAMES
    for text in (json.dumps(printed), render(table, "csv")):
        assert [name for name in NAMES.values() if name in text] == []


def test_commands_that_follow_name_levels_as_they_are_typed(analysis: Analysis) -> None:
    from actwise.report.words import with_labels

    named = with_labels(analysis)
    assert [step.command for step in next_steps(named)] == [
        step.command for step in next_steps(analysis)
    ]


def test_a_name_changes_with_the_next_start_and_no_id_does(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        for names in ({}, {"relu": "R"}, {"relu": "Rectifier"}):
            study = made_study(labels=names)
            store.add_study(study, made_plan(study))
            (stored,) = store.studies()
            assert stored.spec.labels == names
        assert len(store.planned()) == 4


def test_names_of_two_studies_that_would_be_one_are_left_out(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        for name, labels in {"a": {"relu": "X", "bn": "B"}, "b": {"elu": "X"}}.items():
            study = made_study(name=name, labels=labels)
            store.add_study(study, made_plan(study))
        assert runs_of(store.snapshot(), Selection()).table.labels == {"bn": "B"}
