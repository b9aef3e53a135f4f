"""Tables as Weights & Biases, Optuna, MLflow and TensorBoard write them."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actwise.analysis import Analysis

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
