"""Races on digits whose trainings take a fraction of a second."""

from pathlib import Path
from typing import Any

from actwise.recommend import CaseAdvice
from actwise.recommend.run import recommend

TIMES = ("costs", "cheaper", "train_seconds")
SMALL = ("width=0.125", "train.train_size=256", "train.batch_size=32", "train.learning_rate=0.05")
TWO = ("relu", "elu")
ALIKE = ("relu", "leaky_relu(0.0001)", "leaky_relu(0.0002)")
"""Which no race tells apart within its budget."""


def race(store: Path, model: Any = "convnet", **changes: Any) -> CaseAdvice:
    """A race of two activations in this process."""
    asked: dict[str, Any] = {
        "data": "digits",
        "candidates": TWO,
        "epochs": 9,
        "overrides": SMALL,
        "executor": "inline",
        "device": "cpu",
        "costs": False,
    }
    return recommend(model, store=store, **(asked | changes))


def without_times(values: dict[str, Any]) -> dict[str, Any]:
    """An advice's JSON but what differs from one time to the next."""
    return {name: value for name, value in values.items() if name not in TIMES}
