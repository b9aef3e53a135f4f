"""Do the statistics keep their promises? Simulations with a known truth (`docs/statistics.md`).

Each row states what was simulated, how often the event came, and the range it must lie in. Runs
on one core; 10,000 repetitions take some minutes. Exit code 1 if a row leaves its range. The
checks themselves stand in the other files `statistics_*.py`; the tests run them with fewer
repetitions and wider ranges.

    python benchmarks/statistics_checks.py --repetitions 10000 --json results.json
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import statistics_claims as claims
import statistics_design as design
import statistics_discrete as discrete
import statistics_images as images
import statistics_models as models
import statistics_power as power
import statistics_published as published
from made_truths import Row

CHECKS: tuple[Callable[[int, np.random.Generator], Iterator[Row]], ...] = (
    power.powers,
    models.intervals,
    models.own_variances,
    models.f_tests,
    models.equal_variances,
    models.run_spreads,
    models.equivalence,
    design.looks,
    design.blocking,
    discrete.paired,
    discrete.mcnemars,
    discrete.families,
    claims.false_verdicts,
    images.new_test_images,
    images.misused,
    images.bootstraps,
    published.trottier,
    published.others,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repetitions", type=int, default=10_000, help="studies drawn for every check"
    )
    parser.add_argument("--seed", type=int, default=0, help="of their random numbers")
    parser.add_argument("--json", type=Path, help="also write the rows as JSON")
    parser.add_argument("--markdown", type=Path, help="also write the rows as a Markdown table")
    options = parser.parse_args()
    rows: list[Row] = []
    started = time.process_time()
    for check in CHECKS:
        for row in check(options.repetitions, np.random.default_rng(options.seed)):
            mark = "ok " if row.passed() else "OUT"
            print(f"{mark} {row.check:76s} {row.value:7.4f}  {_range(row)}", flush=True)
            rows.append(row)
    seconds = time.process_time() - started
    left = sum(not row.passed() for row in rows)
    print(
        f"{len(rows)} rows, {left} out of range, {seconds:.0f} s of one core, "
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"
    )
    if options.json:
        entries = [{**asdict(row), "passed": row.passed()} for row in rows]
        options.json.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    if options.markdown:
        lines = [f"| {r.check} | {_draws(r)} | {r.value:.4f} | {_range(r)} |" for r in rows]
        options.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if left else 0


def _draws(row: Row) -> str:
    return f"{row.repetitions:,}" if row.repetitions else "–"


def _range(row: Row) -> str:
    if np.isinf(row.low) and np.isinf(row.high):
        return "*stated*"
    if np.isinf(row.low):
        return f"at most {row.high:.4f}"
    if np.isinf(row.high):
        return f"at least {row.low:.4f}"
    return f"{row.low:.4f} to {row.high:.4f}"


if __name__ == "__main__":
    sys.exit(main())
