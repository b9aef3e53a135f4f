"""How far two trainings of the same runs agree: the same seeds on two devices, say.

Run: ``python benchmarks/agreement.py results/cifar-mini/seed-1 results/cifar-mini/again-seed-1``.
Runs are paired by id. The mean difference tells a bias of one device, with a 95 % t interval over
the runs. Where nothing of a run but its spec is shared, differences scatter as those of two seeds
of one cell: by the run standard deviation over the seeds beside the first folder, times sqrt(2).
"""

import argparse
import math
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import pyarrow.parquet as pq
from scipy.stats import t

from actwise.analysis.numbers import number, signed, span
from retrain import Row, finished, finished_runs, run_spread


class Agreement(NamedTuple):
    """Of the second training's test accuracies with the first's, in points.

    Attributes:
        num_runs: Pairs.
        mean: Of second minus first.
        half_width: Of the 95 % interval of ``mean``.
        deviation: Standard deviation of the differences.
        num_equal: Pairs with the same final weights.
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
    found = agreement(rows_of(folders.first), rows_of(folders.second))
    spread = run_spread(finished_runs(folders.first.parent))
    low, high = found.mean - found.half_width, found.mean + found.half_width
    print(f"{found.num_runs} runs, {found.num_equal} with equal weights")
    print(f"mean difference {signed(found.mean)} points, 95 % interval {span(low, high)}")
    print(f"standard deviation of the differences {number(found.deviation)};")
    print(f"of two seeds of a cell {number(math.sqrt(2) * spread)}")


def rows_of(piece: Path) -> list[Row]:
    """The finished runs of an exported folder."""
    return finished(pq.read_table(piece / "runs.parquet"))


def agreement(first: list[Row], second: list[Row]) -> Agreement:
    """Compare runs that both hold.

    Raises:
        SystemExit: if fewer than two runs are in both.
    """
    again = {row["run_id"]: row for row in second}
    pairs = [(row, again[row["run_id"]]) for row in first if row["run_id"] in again]
    if len(pairs) < 2:
        raise SystemExit(f"{len(pairs)} runs are in both; two are needed")
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


if __name__ == "__main__":
    main()
