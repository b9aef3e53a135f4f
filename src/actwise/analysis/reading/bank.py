"""Banks: measured results of others, shipped as data with their source.

A bank is ``banks/NAME.csv`` with ``banks/NAME.toml`` beside it. Three kinds: ``runs`` (one row a
run), ``curves`` (one row a run with a column per epoch) and ``summaries`` (mean, SD and number of
runs of each activation).
"""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UnknownNameError
from ...rows import read_rows
from ..table import Floats, Observations

_FOLDER = Path(__file__).parents[1] / "banks"
_OVER_RUNS: Mapping[str, Callable[..., Floats]] = {"median": np.median, "mean": np.mean}


@dataclass(frozen=True)
class Bank:
    """What is known of a bank: where it comes from and how its table is to be read.

    Attributes:
        name: The word for ``--bank``.
        kind: "runs", "curves" or "summaries".
        factors, focus, response, higher_is_better: As in :class:`Observations`.
        unit: "percent", or "fraction" (turned into percent when read).
        reference: In summaries, the activation to which the others were compared.
        curve: In curves, the prefix of the epoch columns, the epochs that are averaged, and what
            the published figures take over replicates before that: "median" or "mean".
        test_images: Number of test images of each data set.
        scope: How the networks were trained, as far as their paper says it.
    """

    name: str
    title: str
    source: str
    license: str
    design: str
    kind: str
    factors: tuple[str, ...]
    focus: str
    response: str
    unit: str
    higher_is_better: bool
    reference: str | None = None
    curve: Mapping[str, Any] = field(default_factory=dict)
    test_images: Mapping[str, int] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)

    def rows(self) -> list[dict[str, str]]:
        """The table as it was published."""
        return read_rows(_FOLDER / f"{self.name}.csv")

    def observations(self) -> Observations:
        """One row a run, accuracies and errors in percent; of runs or curves."""
        rows: list[dict[str, Any]] = list(self.rows())
        if self.kind == "curves":
            responses = np.mean(self.window(self.curves()), axis=1)
            rows = [
                {**row, self.response: None if math.isnan(value) else value}
                for row, value in zip(rows, responses, strict=True)
            ]
        observed = Observations.from_rows(
            rows,
            factors=self.factors,
            response=self.response,
            seed=None,
            focus=self.focus,
            higher_is_better=self.higher_is_better,
            test_images=self.test_images,
            scope=self.scope,
        )
        percent = observed.response_R * (100.0 if self.unit == "fraction" else 1.0)
        return observed.with_response(percent)

    def curves(self) -> Floats:
        """Of curves the response after every epoch, (runs, epochs); NaN after an early stop."""
        rows = self.rows()
        columns = [name for name in rows[0] if name.startswith(self.curve["prefix"])]
        return np.array([[float(row[name] or "nan") for name in columns] for row in rows])

    def as_published(self, curves_RE: Floats) -> float:
        """A cell's figure as its paper gives it, from the curves of its runs."""
        over_runs = _OVER_RUNS[self.curve["published"]]
        return float(np.mean(over_runs(self.window(curves_RE), axis=0)))

    @property
    def as_published_text(self) -> str:
        """How :meth:`as_published` sums up."""
        first, last = self.curve["first_epoch"], self.curve["last_epoch"]
        over_runs = self.curve["published"]
        return f"mean over epochs {first}-{last} of the {over_runs} over replicates"

    def window(self, curves_RE: Floats) -> Floats:
        """Of curves the epochs that make the response."""
        first, last = self.curve["first_epoch"], self.curve["last_epoch"]
        return curves_RE[:, first - 1 : last]


def bank_names() -> tuple[str, ...]:
    """Names of the shipped banks."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_bank(name: str) -> Bank:
    """One shipped bank.

    Raises:
        UnknownNameError: if there is no bank of this name.
    """
    if name not in bank_names():
        raise UnknownNameError("bank", name, bank_names())
    entries = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Bank(name=name, **{**entries, "factors": tuple(entries["factors"])})


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation of the runs of one activation, in percent."""

    name: str
    mean: float
    sd: float
    num_runs: int


def summaries(bank: Bank) -> tuple[Summary, ...]:
    """The activations of a bank of summary statistics."""
    return tuple(
        Summary(
            row["activation"],
            float(row[bank.response]),
            float(row["sd_accuracy"]),
            int(row["num_runs"]),
        )
        for row in bank.rows()
    )
