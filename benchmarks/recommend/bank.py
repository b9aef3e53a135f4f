"""The race banks under results/, as arrays: what was reached at two lengths in every condition."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actwise.recommend import KnownCondition
from benchmarks.findings.retrain import read_table

Floats = npt.NDArray[np.float64]

RESULTS = Path(__file__).parents[2] / "results"
STUDIES = ("race-bank", "race-conditions", "race-adamw")
ACTIVATIONS = ("relu", "prelu", "elu", "gelu", "silu", "mish")
EPOCHS = (9, 27)


@dataclass(frozen=True)
class BankCondition:
    """Accuracies of one condition, in percent.

    Attributes:
        known: What was trained on what.
        seeds: Those with every activation at both lengths.
        validation_ALS: By activation, length (short, full) and seed; NaN where it diverged.
        test_ALS: The same on the test split, at which no race looks.
    """

    known: KnownCondition
    seeds: tuple[int, ...]
    validation_ALS: Floats
    test_ALS: Floats

    @property
    def name(self) -> str:
        """For people."""
        known = self.known
        return _name(
            known.dataset, known.model, known.regularization, known.images, known.optimizer
        )


def read_bank(results: Path = RESULTS, *, studies: Sequence[str] = STUDIES) -> list[BankCondition]:
    """Every condition that has a seed with all activations at both lengths, in a fixed order."""
    found: dict[tuple[Any, ...], dict[tuple[str, int, int], tuple[float, float]]] = defaultdict(
        dict
    )
    for study in studies:
        for file in sorted((results / study).glob("*/runs.parquet")):
            for row in read_table(file).to_pylist():
                _add(row, found)
    conditions = [_condition(key, runs) for key, runs in sorted(found.items())]
    return [condition for condition in conditions if condition.seeds]


def full_curves(results: Path = RESULTS) -> dict[tuple[str, int], Floats]:
    """Validation accuracies after every epoch of full runs, by condition and seed.

    Shape (activations, epochs), in the order of ACTIVATIONS; only of race-bank, whose runs were
    validated after every epoch.
    """
    found: dict[tuple[str, int], Floats] = defaultdict(
        lambda: np.full((len(ACTIVATIONS), EPOCHS[1]), np.nan)
    )
    for file in sorted((results / STUDIES[0]).glob("*/epochs.parquet")):
        for row in read_table(file).to_pylist():
            if row["train.epochs"] != EPOCHS[1] or row["activation"] not in ACTIVATIONS:
                continue
            images = row["train.train_size"]
            name = _name(row["dataset"], row["model"], row["regularization"], images, "sgd")
            place = ACTIVATIONS.index(row["activation"]), row["epoch"] - 1
            found[name, row["seed"]][place] = row["validation_accuracy"]
    return {key: curves for key, curves in found.items() if not np.isnan(curves).any()}


def num_runs(conditions: Sequence[BankCondition]) -> int:
    """Trainings in the arrays."""
    return sum(condition.validation_ALS.size for condition in conditions)


def _name(dataset: str, model: str, regularization: str, images: int, optimizer: str) -> str:
    name = f"{dataset} {model} {regularization} {images:,}"
    return name if optimizer == "sgd" else f"{name} {optimizer}"


def _add(row: dict[str, Any], found: Any) -> None:
    if row["aliased"] or row["status"] not in ("finished", "diverged"):
        return
    spec = json.loads(row["spec"])
    train = spec["train"]
    if train["epochs"] not in EPOCHS or row["activation"] not in ACTIVATIONS:
        return
    key = (
        *(row[name] for name in ("dataset", "model", "regularization", "width")),
        *(train["train_size"], train["optimizer"]),
    )
    values = (row["validation_accuracy"], row["test_accuracy"])
    if row["status"] == "diverged":
        values = (np.nan, np.nan)
    found[key][row["activation"], train["epochs"], row["seed"]] = values


def _condition(
    key: tuple[Any, ...], runs: dict[tuple[str, int, int], tuple[float, float]]
) -> BankCondition:
    cells = [(name, epochs) for name in ACTIVATIONS for epochs in EPOCHS]
    seeds = tuple(
        seed
        for seed in sorted({seed for _, _, seed in runs})
        if all((name, epochs, seed) in runs for name, epochs in cells)
    )
    values_ALSV = np.array(
        [
            [[runs[name, epochs, seed] for seed in seeds] for epochs in EPOCHS]
            for name in ACTIVATIONS
        ],
        dtype=np.float64,
    ).reshape(len(ACTIVATIONS), len(EPOCHS), len(seeds), 2)
    *levels, optimizer = key
    known = KnownCondition(*levels, seeds=len(seeds), optimizer=optimizer)
    return BankCondition(known, seeds, values_ALSV[..., 0], values_ALSV[..., 1])
