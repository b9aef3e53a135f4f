"""Runs from elsewhere: the small cases in ``data/cases``, our own cifar-mini, the shipped banks."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import actwise.analysis
from actwise.analysis.table import Observations
from actwise.rows import read_rows

CASES = Path(__file__).parents[1] / "data" / "cases"
RESULTS = Path(__file__).parents[2] / "results"
FACTORS = ("dataset", "model", "regularization", "activation")


def case_rows(name: str) -> list[dict[str, str]]:
    """The rows of ``data/cases/NAME.csv``."""
    return read_rows(CASES / f"{name}.csv")


def observe(rows: list[dict[str, Any]], **settings: Any) -> Observations:
    """Rows whose factors are those of :data:`FACTORS` that they have."""
    factors = [name for name in FACTORS if name in rows[0]]
    return Observations.from_rows(rows, factors=factors, **settings)


def case(name: str) -> Observations:
    """One small case."""
    return observe(case_rows(name))


def cifar_mini() -> Observations:
    """The 120 runs of results/cifar-mini."""
    files = sorted((RESULTS / "cifar-mini").glob("seed-*/runs.parquet"))
    return observe([row for file in files for row in pq.read_table(file).to_pylist()])


def bank_rows(name: str) -> list[dict[str, str]]:
    """The table of a shipped bank."""
    return read_rows(next(Path(actwise.analysis.__file__).parent.rglob(f"{name}.csv")))


def paper(**settings: Any) -> Observations:
    """The paper's single runs, at its scale."""
    scope = {"width": 1.0, "train.schedule": "plateau"}
    return observe(bank_rows("paper"), seed=None, scope=scope, **settings)
