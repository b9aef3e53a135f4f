"""Rows of a known truth, and analyses of stores in which nothing was trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import actwise as aw
from actwise.analysis import Analysis
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.studies import LEVELS, made_rows

Rows = list[dict[str, Any]]
SMALL = {"dataset": ("mine",), "model": ("mlp",), "regularization": ("none",)}
SMALL |= {"activation": ("relu", "elu", "prelu")}


def rows_of(
    seeds: int = 3, *, shifts: dict[str, float] | None = None, sd: float = 0.25, **levels: Any
) -> Rows:
    found = shifts or {}
    return made_rows(
        seeds=seeds,
        sd=sd,
        generator=np.random.default_rng(seeds),
        levels={**LEVELS, **levels},
        truth=lambda cell: 80.0 + sum(found.get(level, 0.0) for level in cell.values()),
    )


def stored(
    folder: Path, *, num_seeds: int, started_as: Sequence[str] = (), **settings: Any
) -> Analysis:
    """The analysis of a made study of which the first seeds have been trained."""
    study = made_study(**settings)
    with RunStore.open(folder, create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned, started_as=started_as)
        for run in planned:
            if run.spec.seed < num_seeds:
                noise = 0.2 * ((run.spec.seed * 7 + len(run.spec.activation) * 3) % 5)
                finish(store, [run], test_accuracy=80.0 + noise)
        return aw.analyze(store)
