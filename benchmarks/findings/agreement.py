"""How far two trainings of the same runs agree: the same seed on two devices, say.

Run: ``python -m benchmarks.findings.agreement results/cifar-mini/seed-1
results/cifar-mini/again-seed-1``. Runs are paired by id. The mean of the differences tells whether
one device is better, with a 95 % t interval that takes the runs as independent. Their scatter is
held against that of two seeds of one cell on one device: the run standard deviation of the study
beside the first folder times sqrt(2). Runs of one seed share initial weights, order, augmentation
and validation fold, so they should differ by less, if there is no dropout: masks they share only
on devices of one kind. So each network has a line of its own.
"""

import argparse
import math
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from scipy.stats import t

from actwise.numbers import number, signed, span
from benchmarks.findings.retrain import (
    Row,
    cell_of,
    finished,
    finished_runs,
    read_table,
    run_spread,
)
from benchmarks.printing import markdown


class Agreement(NamedTuple):
    """The second training's test accuracies minus the first's, in points.

    Attributes:
        num_runs: How many are in both.
        mean: Of the differences.
        half_width: Of the 95 % interval of ``mean``.
        deviation: Standard deviation of the differences.
        num_equal: Runs that ended with the same weights.
    """

    num_runs: int
    mean: float
    half_width: float
    deviation: float
    num_equal: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", type=Path, help="an exported piece of a study")
    parser.add_argument("second", type=Path, help="the same runs, trained again")
    folders = parser.parse_args()
    first, second = rows_of(folders.first), rows_of(folders.second)
    print(f"{places_of(second)} minus {places_of(first)}\n")
    print(table(first, second, study=finished_runs(folders.first.parent)))


def rows_of(piece: Path) -> list[Row]:
    """The finished runs of an exported folder."""
    return finished(read_table(piece / "runs.parquet"))


def places_of(rows: list[Row]) -> str:
    """Device and numerics fingerprint that the runs were trained on."""
    return ", ".join(sorted({f"{row['device']} ({row['environment']})" for row in rows}))


def agreement(first: list[Row], second: list[Row]) -> Agreement:
    """Compare runs that both hold.

    Raises:
        SystemExit: if fewer than two runs are in both.
    """
    again = {row["run_id"]: row for row in second}
    pairs = [(row, again[row["run_id"]]) for row in first if row["run_id"] in again]
    if len(pairs) < 2:
        raise SystemExit(f"runs in both: {len(pairs)}; two are needed")
    differences = [new["test_accuracy"] - old["test_accuracy"] for old, new in pairs]
    deviation = stdev(differences)
    quantile = float(t.ppf(0.975, len(pairs) - 1))
    return Agreement(
        num_runs=len(pairs),
        mean=fmean(differences),
        half_width=quantile * deviation / math.sqrt(len(pairs)),
        deviation=deviation,
        num_equal=sum(old["weights_sha256"] == new["weights_sha256"] for old, new in pairs),
    )


def seeds_spread(rows: list[Row]) -> float:
    """Standard deviation of the difference of two seeds of one cell, trained on one device."""
    return math.sqrt(2) * run_spread(rows, cell=lambda row: cell_of(row) + row["device"])


def table(first: list[Row], second: list[Row], *, study: list[Row]) -> str:
    """A line for each network that both trained and one for all, in points."""
    ids = {row["run_id"] for row in second}
    networks = sorted({row["model"] for row in first if row["run_id"] in ids})
    lines = []
    for name in networks if len(networks) == 1 else ["all", *networks]:
        here, there, seeds = (
            [row for row in rows if row["model"] in (networks if name == "all" else [name])]
            for rows in (first, second, study)
        )
        found = agreement(here, there)
        interval = span(found.mean - found.half_width, found.mean + found.half_width)
        spreads = [number(found.deviation), number(seeds_spread(seeds))]
        counts = [str(found.num_runs), str(found.num_equal)]
        lines.append([name, *counts, signed(found.mean), interval, *spreads])
    header = ["network", "runs", "equal weights", "mean difference", "95 % interval", "SD"]
    return markdown([*header, "SD of two seeds"], lines)


if __name__ == "__main__":
    main()
