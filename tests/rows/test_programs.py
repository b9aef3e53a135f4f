"""Tables as Weights & Biases, Optuna, MLflow and TensorBoard write them: read as they are meant."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import actwise as aw
from actwise.cli.main import run_command
from actwise.errors import ActwiseError, UnknownNameError
from made.tables_of_others import (
    CASES,
    PLAIN,
    STOPPED,
    means_of,
    mlflow,
    optuna,
    tensorboard,
    wandb_page,
    written,
)


@pytest.mark.parametrize("is_said", [True, False])
@pytest.mark.parametrize(("name", "made"), CASES)
def test_a_table_of_another_program_gives_the_runs_it_holds(
    tmp_path: Path, name: str, made: Any, is_said: bool
) -> None:
    rows = made([*PLAIN, STOPPED])
    preset = name if is_said else None
    found = [
        aw.analyze(written(tmp_path, rows), preset=preset),
        aw.analyze(rows, preset=preset),
        aw.analyze(pd.DataFrame(rows), preset=preset),
    ]
    for analysis in found:
        assert means_of(analysis) == {"relu": (80.3, 4), "elu": (84.3, 4)}
        assert analysis.observed.response == "test_accuracy"
        assert len(analysis.results.excluded) == 1
        assert analysis.results.taken.fractions == ("test_accuracy",)


@pytest.mark.parametrize(("name", "made"), CASES)
def test_what_was_taken_for_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, made: Any
) -> None:
    path = str(written(tmp_path, made(PLAIN)))
    assert run_command(["analyze", "--csv", path]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Read as a table of" in text
    assert "Fractions, turned into percent: test_accuracy." in text
    assert run_command(["analyze", "--csv", path, "--json"]) == 0
    taken = json.loads(capsys.readouterr().out)["source"]["taken"]
    for ours, theirs in taken["columns"].items():
        assert f"{ours} is '{theirs}'" in text


def test_a_setting_that_differs_is_never_averaged_over(tmp_path: Path) -> None:
    rows = [
        {**row, "params_dropout": rate, "params_lr": 0.1}
        for rate in (0.0, 0.5)
        for row in optuna(PLAIN)
    ]
    factors = aw.analyze(rows).observed.factors
    assert "task.dropout" in factors
    assert "train.learning_rate" not in factors


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("acc", "val_acc", "train_acc"), "accuracy"),
        (("val/acc", "best_val_acc", "train/acc"), "validation_accuracy"),
        (("top1", "top5", "loss"), "accuracy"),
        (("TestAccuracy", "ValAccuracy"), "test_accuracy"),
        (("acc@1_test", "acc@5_test"), "test_accuracy"),
    ],
)
def test_the_accuracy_that_says_most_is_taken(names: tuple[str, ...], expected: str) -> None:
    rows = [
        {"activation": row["activation"], "seed": row["seed"]} | dict.fromkeys(names, 0.5)
        for row in PLAIN
    ]
    assert aw.analyze(rows).observed.response == expected


def test_columns_that_the_user_names_come_first(tmp_path: Path) -> None:
    rows = [
        {"nl": r["activation"], "s": r["seed"], "seed": 0, "m": r["test_accuracy"]} for r in PLAIN
    ]
    path = str(written(tmp_path, rows))
    columns = {"activation": "nl", "seed": "s", "test_accuracy": "m"}
    found = aw.analyze(path, columns=columns)
    assert means_of(found) == {"relu": (80.3, 4), "elu": (84.3, 4)}
    mapping = ",".join(f"{ours}={theirs}" for ours, theirs in columns.items())
    assert run_command(["analyze", "--csv", path, "--map", mapping]) == 0


def test_percentages_stay_what_they_are() -> None:
    rows = [{**row, "test_accuracy": 100 * row["test_accuracy"]} for row in PLAIN]
    assert aw.analyze(rows).results.taken == aw.analyze(rows, preset=None).results.taken
    assert means_of(aw.analyze(rows)) == means_of(aw.analyze(PLAIN))
    assert not aw.analyze(rows).results.taken.fractions


WRONG = {
    "a curve of TensorBoard": (
        [{"Wall time": 1.0, "Step": 1, "Value": 0.5}],
        {},
        "holds the curve of a chart, one row a step; what is needed is one row a run",
    ),
    "a chart of Weights & Biases": (
        [{"Step": 1, "a - acc": 0.5, "a - acc__MIN": 0.5, "a - acc__MAX": 0.5}],
        {},
        "holds the curve of a chart",
    ),
    "a long table whose runs do not say what they are": (
        [{"run": "r1", "tag": "acc", "step": 1, "value": 0.5}],
        {},
        "no factor column; name them with factors=[...]",
    ),
    "a step that is no number": (
        [{"run": "seed=1", "tag": "acc", "step": "last", "value": 0.5}],
        {},
        "row 1: step='last' is not a number",
    ),
    "two seeds": (
        [{"activation": "relu", "a.seed": 1, "b.seed": 2, "test_accuracy": 0.5}],
        {},
        "the table: 'a.seed' and 'b.seed' may both be the seed; say which, as in "
        "columns={'seed': 'a.seed'}",
    ),
    "two accuracies": (
        [{"activation": "relu", "seed": 1, "test_acc": 0.5, "test/acc_epoch": 0.4}],
        {},
        "'test_acc', 'test/acc_epoch' may be the response; say which: response=\"COLUMN\"",
    ),
    "a column that is not there": (
        PLAIN,
        {"columns": {"seed": "sed"}},
        "the table has no column 'sed'; did you mean 'seed'?",
    ),
    "a response of which a letter lacks": (
        wandb_page(PLAIN),
        {"response": "test/ac"},
        "the table has no column 'test/ac'; did you mean 'test/acc'?",
    ),
    "a name that is none of ours": (
        PLAIN,
        {"columns": {"sead": "seed"}},
        "no column of ours is named 'sead'; did you mean seed?",
    ),
    "a file of another program": (
        wandb_page(PLAIN),
        {"preset": "optuna"},
        "the table is no table of Optuna: it has no column number, state, value or values_*, "
        "params_*; leave out preset 'optuna'",
    ),
    "a long table of which a row is short": (
        [*tensorboard(PLAIN), {"run": "r"}],
        {},
        "the table has no column 'tag'; it has run",
    ),
    "a column that only we call so": (
        mlflow(PLAIN),
        {"factors": ["actvation"]},
        "has no column 'actvation'; it has run_id, experiment_id, status, metrics.val_accuracy, "
        "metrics.test_accuracy, params.act_fn, params.seed, tags.mlflow.runName",
    ),
    "no accuracy": (
        [{"act_fn": "relu", "metric": 3}],
        {},
        "has no column 'test_accuracy'; it has act_fn, metric; say what was measured: response=",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_table_that_cannot_be_read_is_one_sentence(case: str) -> None:
    rows, given, message = WRONG[case]
    with pytest.raises(ActwiseError) as error:
        aw.analyze(rows, **given)
    assert message in str(error.value)


def test_a_preset_that_is_none_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="wandb"):
        aw.analyze(PLAIN, preset="wand")


@pytest.mark.parametrize("given", ["seed", "seed=", "=a", "seed=a,seed=b", "seed=a,model=a"])
def test_a_mapping_that_is_none_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    path = str(written(tmp_path, PLAIN))
    assert run_command(["analyze", "--csv", path, "--map", given]) == 2
    assert "is not OURS=THEIRS, each of them once" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--preset", "wandb"], ["--map", "seed=a"]])
def test_presets_go_with_a_file(capsys: pytest.CaptureFixture[str], given: list[str]) -> None:
    assert run_command(["analyze", "--bank", "mish", *given]) == 2
    assert "they go with --csv" in capsys.readouterr().err


def test_rows_that_are_none_are_one_sentence() -> None:
    with pytest.raises(ActwiseError, match="a list of dictionaries or a DataFrame, not int"):
        aw.analyze(5)  # type: ignore[arg-type]
