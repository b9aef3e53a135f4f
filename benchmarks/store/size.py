"""What a store costs as it grows: seconds, and processor seconds, of what a study asks of it.

Run: ``python -m benchmarks.store.size [--runs 1000 10000 100000] [--epochs 10]``. Each store is a
file in a temporary folder and holds so many runs; half of them have a result. Nothing is trained.
100,000 runs take 5 minutes and 0.5 GB of disk.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actwise.store import Owner, RunStore, survey
from actwise.store.database import now
from actwise.store.database.database import chunks
from actwise.store.exchange import export_table
from actwise.store.runs import write_results
from benchmarks.printing import describe, markdown, where
from tests.made.runs import made_plan, made_record, made_study

_RECORDED = 200
"""Runs that one driver takes and records."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--epochs", type=int, default=10, help="of every run with a result")
    asked = parser.parse_args()
    costs: dict[str, list[str]] = {}
    for num_runs in asked.runs:
        with tempfile.TemporaryDirectory() as folder:
            for name, cost in measure(Path(folder) / "store", num_runs, asked.epochs).items():
                costs.setdefault(name, []).append(cost)
                print(f"{num_runs} runs, {name}: {cost}", file=sys.stderr)
    header = ["", *(f"{num_runs:,} runs" for num_runs in asked.runs)]
    print(markdown(header, [[name, *found] for name, found in costs.items()]))
    print(f"\n{describe(where(epochs=asked.epochs))}")


def measure(folder: Path, num_runs: int, num_epochs: int) -> dict[str, str]:
    """In words, what is done to a store of so many runs."""
    study = made_study(seeds=f"0..{num_runs // 2 - 1}")
    plan = made_plan(study)
    run_ids = [run.run_id for run in plan]
    done, pending = run_ids[: num_runs // 2], run_ids[num_runs // 2 :]
    costs: dict[str, str] = {}
    with RunStore.open(folder, create=True) as store:
        costs["the plan is written"] = seconds(lambda: store.add_study(study, plan))
        time = store.database.read(now)
        records = [(made_record(run_id, num_epochs=num_epochs), time) for run_id in done]

        def write_all() -> None:
            for some in chunks(records):
                with store.database.writing() as connection:
                    write_results(connection, some)

        costs["results of half of it are imported"] = seconds(write_all)
        costs["a driver begins: the plan and how it stands"] = seconds(
            lambda: (store.planned(), store.states())
        )
        costs["one run is taken and recorded"] = seconds(
            lambda: take_and_record(store, pending, num_epochs), parts=_RECORDED
        )
        seen: list[Any] = []
        costs["`status`, or the page of `watch`, at first"] = seconds(
            lambda: seen.append(survey(store))
        )
        costs["the page, while nothing changes"] = seconds(lambda: survey(store, before=seen[0]))
        costs["the table of results is read"] = seconds(lambda: export_table(store, "runs"))
    num_bytes = sum(path.stat().st_size for path in folder.glob("store.sqlite*"))
    costs["the file"] = f"{num_bytes / 1e6:,.0f} MB"
    return costs


def take_and_record(store: RunStore, run_ids: list[str], num_epochs: int) -> None:
    """As a driver does that has a worker without work."""
    owner = Owner.here()
    for start in range(_RECORDED):
        lease = store.lease_next(run_ids[start : start + 100], owner)
        assert lease is not None
        store.record(lease, made_record(lease.run_id, num_epochs=num_epochs))


def seconds(do: Callable[[], Any], *, parts: int = 1) -> str:
    """Of each part, on the clock and of the processor."""
    start, start_cpu = time.perf_counter(), time.process_time()
    do()
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return f"{wall / parts:.2g} s ({cpu / parts:.2g})"


if __name__ == "__main__":
    main()
