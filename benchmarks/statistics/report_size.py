"""Analysis and report of a store with 10,000 runs: seconds and megabytes, against the budget.

Run: ``python -m benchmarks.statistics.report_size [--runs 10000] [--epochs 20]``. The store is
synthetic and made in a temporary folder; nothing is trained. Times include reading the store and,
each in a process of its own, starting Python.
"""

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy

from actwise.spec import (
    Description,
    PlannedRun,
    RunSpec,
    StudySpec,
    canonical_settings,
    cell_hash,
    run_id,
    spec_hash,
)
from actwise.store import RunStore
from actwise.store.database import now
from actwise.store.records import EpochRecord, RunRecord, pack_predictions
from actwise.store.runs import write_results

BUDGET_SECONDS, BUDGET_BYTES = 10.0, 5_000_000
SEEDS = 10
DIVERGING = 0.005
PREDICTIONS = pack_predictions(np.zeros(100, dtype=np.int64))
ENVIRONMENT = {"host": "made", "fingerprint": {"device": "cpu", "threads": "1"}}


def made_study(num_runs: int) -> StudySpec:
    """2 data sets x 5 networks x 10 regularizations x activations, at 10 seeds."""
    activations = [f"elu({1 + k / 10:g})" for k in range(max(2, num_runs // (100 * SEEDS)))]
    return StudySpec.model_validate(
        {
            "name": "large",
            "seeds": f"0..{SEEDS - 1}",
            "factors": {
                "dataset": ["cifar10", "cifar100"],
                "model": ["vgg16", "resnet18", "plain18", "vgg16-table1", "resnet20"],
                "regularization": [f"bn+dropout({k / 20})" for k in range(5)]
                + [f"bn+aug+dropout({k / 20})" for k in range(5)],
                "activation": activations,
            },
        }
    )


def fill(store: RunStore, study: StudySpec, *, num_epochs: int) -> int:
    """Record every run with made accuracies; one in 200 diverges."""
    generator = np.random.default_rng(1)
    planned = [run for cell in study.cells() for run in _planned(cell, study.seeds)]
    store.add_study(study, planned)
    records = [
        _record(run.run_id, 80.0 + float(generator.normal(0.0, 0.4)), num_epochs=num_epochs)
        if generator.random() > DIVERGING
        else RunRecord(run_id=run.run_id, status="diverged", environment=ENVIRONMENT)
        for run in planned
    ]
    with store.database.writing() as connection:
        time = now(connection)
        write_results(connection, [(record, time) for record in records])
    return len(planned)


def _planned(cell: RunSpec, seeds: tuple[int, ...]) -> list[PlannedRun]:
    description = Description(
        model=cell.model,
        regularization=cell.regularization,
        activation=cell.activation,
        data_digest=hashlib.sha256(cell.dataset.encode()).hexdigest(),
        code_digests=(),
        input_shape=(3, 32, 32),
        num_classes=10,
        num_train=50_000,
        num_test=10_000,
        parameters=1000,
        macs=1000,
        memory_bytes=1000,
    )
    hashed = cell_hash(cell, description)
    return [
        PlannedRun(
            spec=cell.model_copy(update={"seed": seed}),
            cell_hash=hashed,
            spec_hash=spec_hash(hashed, seed),
            run_id=run_id(spec_hash(hashed, seed), 1),
            settings=canonical_settings(cell, description),
            is_aliased=False,
            parameters=1000,
        )
        for seed in seeds
    ]


def _record(run: str, accuracy: float, *, num_epochs: int) -> RunRecord:
    return RunRecord(
        run_id=run,
        status="finished",
        test_accuracy=accuracy,
        train_accuracy=90.0,
        train_seconds=60.0,
        epochs=tuple(_epoch(number, accuracy) for number in range(1, num_epochs + 1)),
        predictions=PREDICTIONS,
        environment=ENVIRONMENT,
    )


def _epoch(number: int, accuracy: float) -> EpochRecord:
    reached = accuracy * (1 - 0.5**number)
    return EpochRecord(
        epoch=number,
        train_loss=1.0 / number,
        train_accuracy=reached,
        learning_rate=0.1,
        seconds=1.0,
    )


def timed(command: list[str]) -> float:
    """Seconds of a command of actwise in a process of its own."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "actwise", *command], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Make the store, time both commands, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="in the store")
    parser.add_argument("--epochs", type=int, default=20, help="of every run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with RunStore.open(folder / "store", create=True) as store:
            num_runs = fill(store, made_study(options.runs), num_epochs=options.epochs)
        path = folder / "report.html"
        analyze = timed(["analyze", "--store", str(folder / "store"), "--json"])
        report = timed(["report", "--store", str(folder / "store"), "-o", str(path)])
        size = path.stat().st_size
    print(
        f"{num_runs} runs, {options.epochs} epochs each; {platform.machine()}, "
        f"{os.cpu_count()} cores, numpy {np.__version__}, scipy {scipy.__version__}"
    )
    print(f"analyze --json  {analyze:6.1f} s  (budget {BUDGET_SECONDS:.0f})")
    print(f"report          {report:6.1f} s  (budget {BUDGET_SECONDS:.0f})")
    print(f"report          {size / 1e6:6.2f} MB (budget {BUDGET_BYTES / 1e6:.0f})")


if __name__ == "__main__":
    main()
