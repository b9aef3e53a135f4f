"""Do the statistics keep their promises? Simulations with a known truth (`docs/statistics.md`).

Each row states what was simulated, how often the event came, and the range that is promised. Exit
code 1 if a promised row leaves its range. All is judged by the product's own code; the checks stand
in the files beside this one, and the tests run them with fewer repetitions.

    python -m benchmarks.statistics.promises --repetitions 2000 --processes 2 --markdown table.md
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy

from benchmarks.statistics import claim_points, crossing, verdicts
from benchmarks.statistics.truths import NUM_SEEDS, Check, Row

CHECKS: tuple[Check, ...] = (
    *(partial(crossing.promised_rows, name, design) for name, design in crossing.crossed()),
    verdicts.equivalence,
    verdicts.discoveries,
    verdicts.powers,
    verdicts.changing_leaders,
    verdicts.looks,
    verdicts.new_images,
    *(partial(claim_points.point_rows, point) for point in claim_points.POINTS),
    *(partial(crossing.stated_rows, name, design) for name, design in crossing.strained()),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repetitions",
        type=int,
        default=2000,
        help="studies drawn; where they take long, 1/2 or 1/4 of them",
    )
    parser.add_argument("--seed", type=int, default=0, help="of their random numbers")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the rows as JSON")
    parser.add_argument("--markdown", type=Path, help="also write the table of the documentation")
    options = parser.parse_args()
    if options.repetitions < 16:
        parser.error("--repetitions must be at least 16")
    started = time.monotonic()
    rows = []
    for row in draw(options.repetitions, seed=options.seed, processes=options.processes):
        print(_line(row), flush=True)
        rows.append(row)
    left = [row for row in rows if not row.is_kept()]
    promised = sum(row.is_promised for row in rows)
    print(
        f"{promised} promised rows, {len(left)} out of range; {len(rows) - promised} stated; "
        f"{time.monotonic() - started:.0f} s, {options.processes} processes, "
        f"{platform.machine()}, numpy {np.__version__}, scipy {scipy.__version__}"
    )
    for row in left:
        print(_line(row))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    if options.markdown:
        options.markdown.write_text("\n".join(table(rows)) + "\n", "utf-8")
    return 1 if left else 0


def draw(repetitions: int, *, seed: int, processes: int) -> Iterator[Row]:
    """All rows, in the order of ``CHECKS``; each check has random numbers of its own."""
    jobs = [(number, repetitions, seed) for number in range(len(CHECKS))]
    if processes == 1:
        found: Iterable[list[Row]] = map(_rows_of, jobs)
        yield from (row for rows in found for row in rows)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from (row for rows in pool.imap(_rows_of, jobs) for row in rows)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The rows as Markdown: a line a check and study, from the least to the greatest design."""

    def key(row: Row) -> tuple[str, str]:
        return row.check, row.study.partition(":")[0]

    yield "| what | study | range | 3 seeds | 5 seeds | 10 seeds |"
    yield "|---|---|---|---|---|---|"
    shown = sorted((row for row in rows if row.num_seeds in NUM_SEEDS), key=key)
    for (check, study), group in groupby(shown, key=key):
        mine = sorted(group, key=lambda row: not row.is_promised)
        cells = []
        for num_seeds in NUM_SEEDS:
            found = [row.value for row in mine if row.num_seeds == num_seeds]
            ends = dict.fromkeys((_short(min(found)), _short(max(found)))) if found else ()
            cells.append("–".join(ends))
        yield f"| {check} | {study} | {_range(mine[0])} | {' | '.join(cells)} |"


def _rows_of(job: tuple[int, int, int]) -> list[Row]:
    number, repetitions, seed = job
    return list(CHECKS[number](repetitions, np.random.default_rng([seed, number])))


def _line(row: Row) -> str:
    mark = "ok " if row.is_kept() else "OUT"
    what = f"{row.check} | {row.study}, {row.num_seeds} seeds"
    return (
        f"{mark} {what:100s} {row.value:.4f} +- {row.error:.4f} of {row.repetitions}; {_range(row)}"
    )


def _range(row: Row) -> str:
    if not row.is_promised:
        return "stated"
    if np.isinf(row.low):
        return f"at most {_short(row.high)}"
    if np.isinf(row.high):
        return f"at least {_short(row.low)}"
    return f"{_short(row.low)} to {_short(row.high)}"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


if __name__ == "__main__":
    sys.exit(main())
