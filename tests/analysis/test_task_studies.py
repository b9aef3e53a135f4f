"""Studies of users' own trainings: their response, their factors, and nothing that is only ours."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.analysis.reading import Selection, runs_of
from actwise.errors import ActwiseError, SpecError
from actwise.report import analysis_json, render
from actwise.report.html import render_html
from actwise.report.words import next_steps
from actwise.spec import PlannedRun
from actwise.store import RunStore
from actwise.store.exchange import export_table, render_table
from made.printed import printed
from made.runs import finish, made_plan
from made.runs import made_study as our_study
from made.tasks import Values, fill_task_store, task_study

DEPTHS = {"factors": {"depth": [1, 2]}, "seeds": "0..3"}


def own(run: PlannedRun) -> dict[str, Any]:
    assert run.spec.task is not None
    return dict(run.spec.task.settings)


def noise(run: PlannedRun) -> float:
    return float(np.random.default_rng(int(run.run_id, 16)).normal(0.0, 0.2))


def accuracies(best: float = 90.0, gap: float = 3.0) -> Values:
    """ELU is better by ``gap``, and depth 2 by one point."""

    def values(run: PlannedRun) -> dict[str, tuple[float | None, ...]]:
        better = gap * (run.spec.activation == "elu") + own(run).get("depth", 0)
        return {
            "accuracy": (best + better + noise(run),),
            "loss": (1 - better / 100 + noise(run) / 99,),
        }

    return values


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two depths and four seeds."""
    folder = tmp_path_factory.mktemp("own") / "store"
    fill_task_store(folder, task_study(**DEPTHS), accuracies())
    return folder


def made(folder: Path, values: Values = accuracies(), **study: Any) -> Path:  # noqa: B008
    fill_task_store(folder / "store", task_study(**study), values)
    return folder / "store"


def codes(analysis: Analysis) -> set[str]:
    return {finding.code for finding in analysis.findings}


def test_the_studys_response_is_analysed_by_its_own_factors(store: Path) -> None:
    analysis = aw.analyze(store)
    observed = analysis.observed
    assert observed is not None
    assert (observed.response, observed.factors) == ("accuracy", ("task.depth", "activation"))
    assert analysis.decision.levels == ("elu",)
    assert analysis.logit is not None  # a percentage
    assert analysis_json(analysis)["factors"] == {
        "task.depth": ["1", "2"],
        "activation": ["relu", "elu"],
    }


def test_a_margin_is_only_the_one_asked_for(tmp_path: Path) -> None:
    folder = made(tmp_path, accuracies(gap=0.0), seeds="0..9")
    found = aw.analyze(folder)
    assert {row.judged.verdict for row in found.pairs} == {"undecided"}
    assert all(math.isnan(row.judged.margin.points) for row in found.pairs)
    (step,) = next_steps(found)
    assert step.sentence.startswith("--margin X tells how many seeds")
    asked = aw.analyze(folder, margin=1.0)
    assert {row.judged.verdict for row in asked.pairs} == {"equivalent"}


def test_nobody_knows_what_guessing_would_give(tmp_path: Path) -> None:
    """Though the data set has the name of one of ours, and 10 % would be chance there."""

    def values(run: PlannedRun) -> dict[str, tuple[float | None, ...]]:
        return {"accuracy": (10.0 if run.spec.seed == 0 else 95.0,)}

    analysis = aw.analyze(made(tmp_path, values, factors={"dataset": ["digits", "cifar10"]}))
    assert analysis.observed is not None and analysis.observed.dataset_factor == "dataset"
    assert not any(row.num_stuck or row.is_hardly_learned for row in analysis.cells)
    assert not codes(analysis) & {"A018", "A019"}


def test_single_runs_have_no_error(tmp_path: Path) -> None:
    analysis = aw.analyze(made(tmp_path, seeds="0", factors={"dataset": ["cifar10"]}))
    assert analysis.model is not None and not analysis.model.known
    assert {row.judged.verdict for row in analysis.pairs} == {"undecided"}
    assert "nan" not in printed(analysis).lower().split()


def test_a_loss_is_better_where_it_is_lower(tmp_path: Path) -> None:
    def values(run: PlannedRun) -> dict[str, tuple[float | None, ...]]:
        return {"val/loss": (1.5 + (run.spec.activation == "elu") + noise(run) / 10,)}

    task = {"response": "val/loss", "higher_is_better": False, "unit": "none"}
    folder = made(tmp_path, values, task=task)
    analysis = aw.analyze(folder)
    assert analysis.decision.levels == ("relu",)
    assert analysis.logit is None
    with RunStore.open(folder) as opened:
        table = runs_of(opened.snapshot(), Selection()).table
    text = render(table, "text")
    assert "own: val/loss, as the training gave it back" in text
    assert "The lowest mean among the activations" in text
    assert text.count("*") == 2  # relu's mean, and what the mark means


@pytest.mark.parametrize(("unit", "is_found"), [("none", False), ("percent", True)])
def test_fractions_are_a_finding_where_percentages_were_said(
    tmp_path: Path, unit: str, is_found: bool
) -> None:
    folder = made(tmp_path, accuracies(best=0.0, gap=0.001), task={"unit": unit})

    def values(run: PlannedRun) -> dict[str, tuple[float | None, ...]]:
        return {"accuracy": (0.9 + noise(run) / 10,)}

    analysis = aw.analyze(made(tmp_path / "fractions", values, task={"unit": unit}))
    assert ("A017" in codes(analysis)) == is_found
    assert aw.analyze(folder).logit is None or unit == "percent"


def test_any_number_is_an_accuracy_without_a_unit(tmp_path: Path) -> None:
    folder = made(tmp_path, accuracies(best=98.0, gap=10.0), task={"unit": "none"})
    analysis = aw.analyze(folder)
    assert (analysis.decision.levels, analysis.logit) == (("elu",), None)


def test_another_number_is_analysed_where_it_is_asked_for(store: Path) -> None:
    analysis = aw.analyze(store, response="loss", lower_is_better=True)
    assert analysis.decision.levels == ("elu",)
    with pytest.raises(SpecError, match="loss has the name of an error or a loss"):
        aw.analyze(store, response="loss")
    with pytest.raises(SpecError, match="no response is named 'losss'; did you mean loss"):
        aw.analyze(store, response="losss")


def test_an_exported_table_is_analysed_by_the_same_factors(store: Path, tmp_path: Path) -> None:
    target = tmp_path / "runs.csv"
    with RunStore.open(store) as opened:
        target.write_bytes(render_table(export_table(opened, "runs"), "csv"))
    observed = aw.analyze(target, response="accuracy").observed
    assert observed is not None
    assert observed.levels_of("task.depth") == ("1", "2")


def test_settings_go_by_their_bare_names(store: Path) -> None:
    whole = aw.analyze(store, factors=("depth", "activation"), strata=("depth",))
    assert whole.observed is not None and whole.observed.factors[0] == "task.depth"
    half = aw.analyze(store, where=("depth=2",))
    assert half.observed is not None and half.observed.num_runs == 8
    with pytest.raises(SpecError, match=r"leaves out task\.depth, which varies"):
        aw.analyze(store, factors=("activation",))
    with pytest.raises(SpecError, match="no field is named 'dept'"):
        aw.analyze(store, where=("dept=2",))


def test_a_number_with_one_of_our_names_has_a_column_of_its_own(tmp_path: Path) -> None:
    def values(run: PlannedRun) -> dict[str, tuple[float | None, ...]]:
        return {"test_accuracy": (90.0 + noise(run),), "epochs": (3.0,)}

    folder = made(tmp_path, values, task={"response": "test_accuracy"})
    analysis = aw.analyze(folder)
    assert analysis.observed is not None
    assert analysis.observed.response == "metric.test_accuracy"
    assert "metric." not in printed(analysis)
    assert aw.analyze(folder, response="test_accuracy").observed is not None
    with RunStore.open(folder) as opened:
        row = opened.snapshot().rows[0]
    assert (row["metric.epochs"], row["epochs"], row["test_accuracy"]) == (3.0, 0, None)


def test_what_was_yielded_are_learning_curves(tmp_path: Path) -> None:
    def values(run: PlannedRun) -> dict[str, tuple[float | None, ...]]:
        return {"accuracy": (50.0, 90.0 + noise(run)), "loss": (None, 0.5)}

    study = task_study()
    fill_task_store(tmp_path / "store", study, values, num_epochs=2)
    curves = aw.analyze(tmp_path / "store").results.curves
    assert [(c.cell, c.measure, c.epochs) for c in curves] == [
        (("elu",), "accuracy", (1, 2)),
        (("relu",), "accuracy", (1, 2)),
    ]
    assert curves[0].mean[0] == 50.0


def test_nothing_is_said_before_the_first_result(tmp_path: Path) -> None:
    analysis = aw.analyze(made(tmp_path, lambda run: {}))
    assert "no run has completed" in printed(analysis)


def test_studies_that_measure_different_things_are_not_mixed(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    fill_task_store(folder, task_study(), accuracies())
    other = task_study(name="other", task={"response": "loss", "higher_is_better": False})
    fill_task_store(folder, other, lambda run: {})
    ours = our_study("ours")
    with RunStore.open(folder) as opened:
        opened.add_study(ours, made_plan(ours))
        finish(opened, made_plan(ours))
    sentence = r"holds studies .*: other \(loss\), ours \(test_accuracy\), own \(accuracy\); choose"
    with pytest.raises(ActwiseError, match=sentence):
        aw.analyze(folder)
    for study, response in (("own", "accuracy"), ("other", "loss"), ("ours", "test_accuracy")):
        found = aw.analyze(folder, study=study).observed
        assert found is not None and found.response == response


def test_what_is_printed_names_settings_as_the_user_does(store: Path) -> None:
    analysis = aw.analyze(store, margin=0.1)
    text = printed(analysis)
    assert "depth=1" in text
    for said in (text, render_html(analysis, command="test")):
        for word in ("task.depth", "CIFAR", "paper's number", "Deviations from the paper"):
            assert word not in said
        assert "nan" not in said.lower().split()
    assert "The trainings are your own" in text
    steps = [step.command for step in next_steps(aw.analyze(store, margin=0.001))]
    assert all("task.depth" not in command for command in steps)


def test_the_table_has_the_users_columns(store: Path) -> None:
    with RunStore.open(store) as opened:
        table = runs_of(opened.snapshot(), Selection()).table
    text = render(table, "text")
    assert "own: accuracy in percent, as the training gave it back" in text
    assert "depth=1" in text and "task" not in text
    for format in ("markdown", "latex"):
        assert "depth=2" in render(table, format)
    header, *rows = render(table, "csv").splitlines()
    assert "task.depth" in header and "width" not in header
    assert len(rows) == 4
