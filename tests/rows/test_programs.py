"""Tables as Weights & Biases, Optuna, MLflow and TensorBoard write them: read as they are meant."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.cli.main import run_command
from actwise.errors import ActwiseError, UnknownNameError

MEANS = {"relu": 0.80, "elu": 0.84}
PLAIN = [
    {"activation": name, "seed": seed, "test_accuracy": round(mean + 0.002 * seed, 4)}
    for name, mean in MEANS.items()
    for seed in range(4)
]
"""Eight runs; in each table of others a ninth was stopped half-way."""


def wandb_page(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the table of runs on a project's page downloads as CSV."""
    about = {"Created": "2026-11-01T10:00:00.000Z", "Runtime": 120, "Sweep": ""}
    return [
        {
            "Name": f"glad-sun-{place}",
            "State": row.get("state", "finished"),
            **about,
            "model.activation": row["activation"],
            "seed": row["seed"],
            "train/acc": 0.99,
            "test/acc": row["test_accuracy"],
            "test/loss": 0.7,
        }
        for place, row in enumerate(rows)
    ]


def wandb_api(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What its guide to the API makes: dictionaries in the cells."""
    return [
        {
            "summary": {"val": {"acc": 0.5}, "test_accuracy": row["test_accuracy"], "_step": 9},
            "config": {"activation": row["activation"], "seed": row["seed"], "layers": [1, 2]},
            "name": f"glad-sun-{place}",
            "state": row.get("state", "finished"),
        }
        for place, row in enumerate(rows)
    ]


def optuna(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``study.trials_dataframe()``."""
    states = {"crashed": "PRUNED"}
    return [
        {
            "number": place,
            "value": 0.5,
            "datetime_start": "2026-11-01 10:00:00",
            "params_activation": row["activation"],
            "params_random_seed": row["seed"],
            "user_attrs_test_acc": row["test_accuracy"],
            "state": states.get(row.get("state", ""), "COMPLETE"),
        }
        for place, row in enumerate(rows)
    ]


def mlflow(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``mlflow.search_runs()``: parameters are texts."""
    states = {"crashed": "KILLED"}
    return [
        {
            "run_id": f"{place:032x}",
            "experiment_id": "0",
            "status": states.get(row.get("state", ""), "FINISHED"),
            "metrics.val_accuracy": 0.5,
            "metrics.test_accuracy": row["test_accuracy"],
            "params.act_fn": row["activation"],
            "params.seed": str(row["seed"]),
            "tags.mlflow.runName": f"run {place}",
        }
        for place, row in enumerate(rows)
    ]


def tensorboard(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a run, tag and step, in any order; a run that was stopped has no last value."""
    return [
        {"run": f"activation={row['activation']},seed={row['seed']}", "tag": tag} | values
        for row in rows
        for tag, values in (
            ("test/accuracy", {"step": 2, "value": row["test_accuracy"]}),
            ("test/accuracy", {"step": 1, "value": 0.1}),
            ("loss", {"step": 2, "value": 0.4}),
        )
        if not (row.get("state") and tag == "test/accuracy")
    ]


TABLES = {
    "wandb": (wandb_page, wandb_api),
    "optuna": (optuna,),
    "mlflow": (mlflow,),
    "tensorboard": (tensorboard,),
}
STOPPED = {"activation": "elu", "seed": 9, "test_accuracy": 0.11, "state": "crashed"}
CASES = [(name, made) for name, several in TABLES.items() for made in several]


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "runs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    return path


def means_of(found: Analysis) -> dict[str, tuple[float, int]]:
    return {row.cell[-1]: (round(row.mean.value, 4), row.num_runs) for row in found.cells}


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


def test_the_value_that_optuna_optimised_is_taken_where_no_accuracy_is_named() -> None:
    rows = [{k: v for k, v in r.items() if k != "user_attrs_test_acc"} for r in optuna(PLAIN)]
    found = aw.analyze(rows)
    assert (found.observed.response, found.cells[0].mean.value) == ("value", 0.5)


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
        "no factor column; name them with --factors",
    ),
    "a step that is no number": (
        [{"run": "seed=1", "tag": "acc", "step": "last", "value": 0.5}],
        {},
        "row 1: step='last' is not a number",
    ),
    "two seeds": (
        [{"activation": "relu", "a.seed": 1, "b.seed": 2, "test_accuracy": 0.5}],
        {},
        "the table: 'a.seed' and 'b.seed' may both be the seed; say which, as in --map seed=a.seed",
    ),
    "two accuracies": (
        [{"activation": "relu", "seed": 1, "test_acc": 0.5, "test/acc_epoch": 0.4}],
        {},
        "'test_acc', 'test/acc_epoch' may be the response; say which: --response COLUMN",
    ),
    "a column that is not there": (
        PLAIN,
        {"columns": {"seed": "sed"}},
        "the table has no column 'sed'; it has activation, seed, test_accuracy",
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
    with pytest.raises(ActwiseError, match="a list of dictionaries or a DataFrame, not 5"):
        aw.analyze(5)  # type: ignore[arg-type]
