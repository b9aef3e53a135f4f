"""What exports of other programs hold beside finished runs of one setting each."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import actwise as aw
from actwise.cli.main import run_command
from actwise.errors import DataError
from actwise.report.words import remarks
from made.tables_of_others import (
    PLAIN,
    means_of,
    mlflow,
    optuna,
    tensorboard,
    wandb_api,
    wandb_page,
    written,
)


def test_a_preset_reads_a_table_of_which_only_some_columns_were_downloaded() -> None:
    rows = [
        {"Name": row["Name"], "State": row["State"], "config.act": level, "acc": row["test/acc"]}
        for row in wandb_page(PLAIN)
        for level in [row["model.activation"]]
    ]
    found = aw.analyze(rows, preset="wandb")
    assert found.results.taken.program == "Weights & Biases"
    assert means_of(found) == {"relu": (80.3, 4), "elu": (84.3, 4)}
    plain = [{**row, "State": "finished", "Name": "a"} for row in PLAIN]
    assert means_of(aw.analyze(plain, preset="wandb")) == means_of(found)


OBJECTIVE = [{k: v for k, v in row.items() if k != "user_attrs_test_acc"} for row in optuna(PLAIN)]


def test_the_value_that_optuna_optimised_is_taken_where_no_accuracy_is_named() -> None:
    found = aw.analyze(OBJECTIVE, lower_is_better=True)
    assert (found.observed.response, found.cells[0].mean.value) == ("value", 0.5)
    assert "The response is value, as it stands; lower is better." in remarks(found)


@pytest.mark.parametrize("name", ["value", "values_0"])
@pytest.mark.parametrize("response", [[], ["--response"]])
def test_nothing_is_decided_by_a_value_whose_direction_nobody_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, response: list[str]
) -> None:
    rows = [{name: row["value"], **row} for row in OBJECTIVE]
    asked = [*response, name] if response else []
    path = str(written(tmp_path, rows))
    assert run_command(["analyze", "--csv", path, *asked]) == 3
    taken = name if asked else "value"
    said = f"Optuna does not write down whether high or low values of {taken!r} are good; say "
    remedy = f"--lower-is-better, or --map test_accuracy={taken} for an accuracy\n"
    assert capsys.readouterr().err.endswith(said + remedy)
    with pytest.raises(DataError) as refused:
        aw.analyze(rows, response=taken if asked else None)
    remedy = f"lower_is_better=True, or columns={{'test_accuracy': {taken!r}}} for an accuracy"
    assert str(refused.value).endswith(said + remedy)
    for given in (["--lower-is-better"], ["--map", f"test_accuracy={taken}"]):
        assert run_command(["analyze", "--csv", path, *asked, *given]) == 0


def test_a_value_may_be_given_a_name_that_says_high_is_good() -> None:
    found = aw.analyze(OBJECTIVE, response="reward", columns={"reward": "value"})
    assert "The response is reward, as it stands; higher is better." in remarks(found)


def test_a_trial_that_failed_counts_as_a_run_that_failed() -> None:
    tables = [
        [{**row, column: word} if not place else row for place, row in enumerate(made)]
        for made, column, word in (
            (optuna(PLAIN), "state", "FAIL"),
            (mlflow(PLAIN), "status", "FAILED"),
        )
    ]
    for found in map(aw.analyze, tables):
        assert (found.results.flow["failed"], found.results.excluded) == (1, ())
        assert "Left out: 1 failed run." in remarks(found)


RATES = [
    {**row, "params_lr": 0.1, "params_learning_rate": 0.1 * (1 + place % 2)}
    for place, row in enumerate(optuna(PLAIN))
]


def test_two_settings_that_may_be_one_of_ours_are_refused_until_one_is_chosen() -> None:
    with pytest.raises(DataError) as refused:
        aw.analyze(RATES)
    assert "'params_lr' and 'params_learning_rate' differ and may both be" in str(refused.value)
    assert "columns={'train.learning_rate': 'params_lr'}" in str(refused.value)
    assert refused.value.typed.endswith("--map train.learning_rate=params_lr")
    for name in ("train.learning_rate", "learning_rate", "lr"):
        found = aw.analyze(RATES, columns={name: "params_learning_rate"})
        assert found.observed.levels_of("train.learning_rate") == ("0.1", "0.2")
    found = aw.analyze(RATES, columns={"lr": "params_lr"})
    assert {*found.observed.factors} == {"task.params_learning_rate", "activation"}


def test_two_columns_of_one_setting_that_agree_are_one() -> None:
    rows = [{**row, "params_lr": "0.10", "params_learning_rate": 0.1} for row in optuna(PLAIN)]
    assert aw.analyze(rows).observed.factors == ("activation",)


def test_a_run_whose_curve_ends_before_the_others_is_left_out_and_counted() -> None:
    rows = [row for row in tensorboard(PLAIN) if (row["run"][-3:], row["step"]) != ("d=3", 2)]
    found = aw.analyze(rows)
    assert means_of(found) == {"relu": (80.2, 3), "elu": (84.2, 3)}
    assert found.results.excluded == ("2 runs not finished but cut short at step 1 of 2",)
    assert (found.results.flow["excluded"], found.results.flow["missing"]) == (2, 0)


def test_what_the_name_of_a_run_tells_is_never_averaged_over() -> None:
    rows = [
        {"run": f"activation={level},lr={rate}", "tag": "acc", "step": 1, "value": 0.5}
        for level in ("relu", "elu")
        for rate in (0.1, 0.2)
    ]
    assert {*aw.analyze(rows).observed.factors} == {"train.learning_rate", "activation"}


@pytest.mark.parametrize("value", ["NaN", "nan", float("nan"), float("inf"), "-Infinity"])
@pytest.mark.parametrize("write", [dict, str, json.dumps])
def test_what_is_not_finite_in_a_summary_counts_as_diverged(value: object, write: Any) -> None:
    rows = [
        {
            **row,
            "config": write(row["config"]),
            "summary": write({**row["summary"], **({"test_accuracy": value} if not n else {})}),
        }
        for n, row in enumerate(wandb_api(PLAIN))
    ]
    found = aw.analyze(rows)
    assert means_of(found) == {"relu": (80.4, 3), "elu": (84.3, 4)}
    assert found.results.flow["diverged"] == found.results.taken.not_finite == 1
    assert "Not finite, so counted as diverged: 1 run." in remarks(found)


def test_a_summary_that_is_empty_or_cannot_be_read_is_counted() -> None:
    rows = wandb_api(PLAIN)
    rows[0]["summary"], rows[4]["summary"] = {}, "{'graph': <a graph>}"
    found = aw.analyze(rows)
    assert means_of(found) == {"relu": (80.4, 3), "elu": (84.4, 3)}
    assert found.results.excluded == ("2 finished runs without test_accuracy",)


@pytest.mark.parametrize("missing", [None, "", float("nan")])
@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_runs_that_hold_others_are_left_out_as_parents(missing: object, kind: Any) -> None:
    parent = {
        **dict.fromkeys(mlflow(PLAIN)[0], missing),
        "run_id": "p",
        "status": "FINISHED",
        "metrics.test_accuracy": 0.99,
        "params.dropout": missing,
    }
    rows = [{**row, "params.dropout": 0.5} for row in mlflow(PLAIN)]
    tag = "tags.mlflow.parentRunId"
    found = aw.analyze(kind([{**parent, tag: missing}, *({**row, tag: "p"} for row in rows)]))
    assert means_of(found) == {"relu": (80.3, 4), "elu": (84.3, 4)}
    assert found.observed.factors == ("activation",)
    assert found.results.excluded == ("1 parent run",)
    assert (found.results.flow["excluded"], found.results.flow["missing"]) == (1, 0)


def test_columns_may_be_asked_for_by_the_names_of_the_file() -> None:
    rows = [{**row, "params.depth": depth} for depth in (1, 2) for row in mlflow(PLAIN)]
    factors = ["params.depth", "params.act_fn"]
    found = aw.analyze(rows, factors=factors, where=["params.depth=2"])
    assert found.observed.factors == ("task.depth", "activation")
    assert found.observed.num_runs == 8
