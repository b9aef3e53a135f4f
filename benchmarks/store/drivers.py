"""How many runs a second drivers take and record side by side, on a file and on a server.

Run: ``python -m benchmarks.store.drivers [--rounds N] [--runs N] [--url URL]``. A process is one
driver without a training: it leases the next of a hundred runs, as drivers do, and records a
result with ten epochs. 1, 4 and 16 of them share so many runs, on SQLite and on PostgreSQL in
turns; each rate is told beside that of one process on the same store in the same round. Without
``--url`` the PostgreSQL server is one of its own on this machine, durable as servers are.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from actwise.store import Owner, RunStore
from benchmarks.printing import describe, markdown, where
from tests.made.postgresql import Server, find_binaries
from tests.made.runs import made_plan, made_record, made_study

PROCESSES = (1, 4, 16)
_AT_ONCE = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=192, help="runs that the processes share")
    parser.add_argument("--url", help="an empty database or schema of a PostgreSQL server")
    asked = parser.parse_args()
    rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = asked.url or own_server(stack).new_url()
        places = {"SQLite": f"sqlite:///{folder}/runs.db", "PostgreSQL": url}
        for name, store in places.items():
            fill(
                store, folder / name, num_runs=asked.rounds * sum(asked.runs + c for c in PROCESSES)
            )
        for _ in range(asked.rounds):
            for count in PROCESSES:
                for name, store in places.items():
                    seconds = together(store, folder / name, count, asked.runs)
                    rates[name, count].append(asked.runs / seconds)
                    print(f"{name}, {count}: {asked.runs / seconds:.1f}", file=sys.stderr)
    print(table(rates))
    print(f"\n{describe(where(rounds=asked.rounds, runs=asked.runs))}")


def own_server(stack: ExitStack) -> Server:
    """A server that ends with the benchmark."""
    binaries = find_binaries()
    if binaries is None:
        sys.exit("there is no PostgreSQL server on this machine: give --url")
    server = Server(binaries, "max_connections=100")
    stack.callback(server.close)
    server.start()
    return server


def fill(store: str, artifacts: Path, *, num_runs: int) -> None:
    """Plan enough for everybody."""
    study = made_study(activation=["relu"], seeds=f"0..{num_runs - 1}")
    with RunStore.open(store, create=True, artifacts=artifacts) as opened:
        opened.add_study(study, made_plan(study))


def together(store: str, artifacts: Path, count: int, num_runs: int) -> float:
    """Seconds in which so many processes take and record so many runs, once all are ready."""
    context = multiprocessing.get_context("fork")
    begin, end = context.Barrier(count + 1), context.Barrier(count + 1)
    asked = (store, artifacts, num_runs // count, begin, end)
    started = [context.Process(target=work, args=asked) for _ in range(count)]
    for process in started:
        process.start()
    begin.wait(300)
    start = time.monotonic()
    end.wait(300)
    seconds = time.monotonic() - start
    for process in started:
        process.join()
    return seconds


def work(store: str, artifacts: Path, num_runs: int, begin: Barrier, end: Barrier) -> None:
    """One process."""
    owner = Owner.here()
    with RunStore.open(store, artifacts=artifacts) as opened:
        states = opened.states()
        pending = [r.run_id for r in opened.planned() if states[r.run_id].status == "pending"]
        # The first run of a process is its warm-up.
        for number in range(num_runs + 1):
            if number == 1:
                begin.wait()
            lease = None
            while lease is None:
                batch = pending[:_AT_ONCE]
                lease = opened.lease_next(batch, owner)
                del pending[: len(batch) if lease is None else batch.index(lease.run_id) + 1]
            opened.record(lease, made_record(lease.run_id, num_epochs=10))
        end.wait()


def table(rates: dict[tuple[str, int], list[float]]) -> str:
    """Median rates, and the median of each over that of one process in its round."""
    rows = []
    for (name, count), found in rates.items():
        ratios = np.divide(found, rates[name, 1])
        rate = f"{np.median(found):.1f} ({min(found):.1f}-{max(found):.1f})"
        rows.append([name, str(count), rate, f"{np.median(ratios):.2f}"])
    header = ["store", "processes", "runs a second (least-most)", "over one process"]
    return markdown(header, sorted(rows, key=lambda row: row[0]))


if __name__ == "__main__":
    main()
