"""Train one run of shipped results again, from its exported spec, and compare.

Run: ``python -m benchmarks.findings.retrain results/identity [--run ID] [--choice N] [--data
DIR]``. The run is drawn among the finished ones (``--choice``: seed of the draw; printed) or
named. It is trained into a store of its own that is deleted afterwards. On a CPU with the numerics
fingerprint of the results the final weights must have the same SHA-256. Elsewhere, and on CUDA,
which promises no bits, the accuracy must lie within three run standard deviations, pooled over the
cells, of the cell's mean. Exit code 1 if not.
"""

import argparse
import json
import math
import os
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import mean, variance
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import actwise
from actwise.errors import ActwiseError
from actwise.spec import ENGINE_VERSION, StudySpec, TrainSpec

Row = dict[str, Any]
NUM_SPREADS = 3


def main() -> int:
    """Returns 0 if the run came out as recorded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="folder that holds seed-N folders")
    parser.add_argument("--run", help="beginning of a run id; default: a random one")
    parser.add_argument(
        "--choice",
        type=int,
        default=random.SystemRandom().randrange(10_000),
        help="which run; by chance",
    )
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("ACTWISE_DATA"), help="folder of the data sets"
    )
    arguments = parser.parse_args()
    rows = finished_runs(arguments.results)
    recorded = choose(rows, arguments.run, arguments.choice)
    print(f"{len(rows)} finished runs; run {recorded['run_id']} (--choice {arguments.choice})")
    print(f"  {recorded['spec']}")
    again = train_again(recorded, arguments.data)
    return 0 if is_reproduced(recorded, again, rows) else 1


def pieces(results: Path) -> list[Path]:
    """The exported pieces of a study, by name; ``again-...`` repeats one that is there.

    Raises:
        SystemExit: if there are none.
    """
    found = sorted(file.parent for file in results.glob("*seed-*/runs.parquet"))
    kept = [folder for folder in found if not folder.name.startswith("again-")]
    if not kept:
        raise SystemExit(f"{results} holds no seed-N/runs.parquet")
    return kept


def finished_runs(results: Path) -> list[Row]:
    """The finished runs of all pieces, in the order of their folders."""
    files = [folder / "runs.parquet" for folder in pieces(results)]
    return finished(pa.concat_tables(map(read_table, files), promote_options="permissive"))


def read_table(file: Path) -> pa.Table:
    """A table of runs.

    Raises:
        SystemExit: if it cannot be read.
    """
    if not file.is_file():
        raise SystemExit(f"there is no file {file}")
    try:
        return pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise SystemExit(f"{file} cannot be read: {error}") from None


def finished(runs: pa.Table) -> list[Row]:
    """The rows of ``export --what runs`` that finished, each network once."""
    rows: list[Row] = runs.to_pylist()
    return [row for row in rows if row["status"] == "finished" and not row["aliased"]]


def choose(rows: list[Row], beginning: str | None, choice: int) -> Row:
    """The run whose id begins so, or one drawn at random."""
    if beginning is None:
        return random.Random(choice).choice(rows)
    found = [row for row in rows if row["run_id"].startswith(beginning)]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} runs begin with {beginning!r}; one is needed")
    return found[0]


def train_again(recorded: Row, data: Path | None) -> Row:
    """Train a study of this one cell at this one seed; its row of ``runs``."""
    with tempfile.TemporaryDirectory() as folder:
        study = study_of(json.loads(recorded["spec"]))
        try:
            outcome = actwise.run(study, folder, data_dir=data, workers=1)
        except ActwiseError as error:
            raise SystemExit(str(error)) from None
        if outcome.finished != 1:
            raise SystemExit(f"the run did not finish: {outcome}")
        with actwise.RunStore.open(folder) as store:
            (row,) = store_rows(store)
    if row["engine_version"] == recorded["engine_version"] and row["run_id"] != recorded["run_id"]:
        raise SystemExit(f"the spec gives run {row['run_id']}, not {recorded['run_id']}")
    return row


def study_of(spec: Row) -> StudySpec:
    """One cell, one seed; settings at their defaults are left out, as in a study file."""
    defaults = {name: field.default for name, field in TrainSpec.model_fields.items()}
    train = {name: value for name, value in spec["train"].items() if value != defaults[name]}
    factors = {name: [spec[name]] for name in ("dataset", "model", "regularization", "activation")}
    return StudySpec.model_validate(
        {
            "name": "again",
            "width": spec["width"],
            "seeds": [spec["seed"]],
            "factors": factors,
            "train": train,
        }
    )


def store_rows(store: actwise.RunStore) -> list[Row]:
    """The rows of ``runs`` of an open store."""
    from actwise.store.exchange import export_table

    rows: list[Row] = export_table(store, "runs").to_pylist()
    return rows


def is_reproduced(recorded: Row, again: Row, rows: list[Row]) -> bool:
    """Print both results and the verdict."""
    print(f"  recorded {recorded['test_accuracy']:.2f} %  {recorded['weights_sha256']}")
    print(f"  again    {again['test_accuracy']:.2f} %  {again['weights_sha256']}")
    here, there = again["environment"], recorded["environment"]
    is_same = (here, ENGINE_VERSION) == (there, recorded["engine_version"])
    if is_same and recorded["device"] == "cpu":
        same = bool(again["weights_sha256"] == recorded["weights_sha256"])
        print(f"same fingerprint {here}: {'equal' if same else 'DIFFERENT'} weights")
        return same
    center, spread = cell_mean(recorded, rows), run_spread(rows)
    away = abs(again["test_accuracy"] - center) / spread
    if is_same:
        print(f"same fingerprint {here}, on CUDA, where no bits are promised:")
    else:
        print(f"another fingerprint ({there}, here {here}):")
    print(f"{away:.2f} run SDs ({spread:.2f} points) from the cell's mean {center:.2f} %")
    return away <= NUM_SPREADS


def cell_of(row: Row) -> str:
    """The spec without its seed."""
    return json.dumps({k: v for k, v in json.loads(row["spec"]).items() if k != "seed"})


def cell_mean(recorded: Row, rows: list[Row]) -> float:
    """Mean test accuracy of the recorded run's cell, in percent."""
    return mean(row["test_accuracy"] for row in rows if cell_of(row) == cell_of(recorded))


def run_spread(rows: list[Row], cell: Callable[[Row], str] = cell_of) -> float:
    """Standard deviation over seeds, in points, pooled over all cells."""
    by_cell = defaultdict(list)
    for row in rows:
        by_cell[cell(row)].append(row["test_accuracy"])
    several = [values for values in by_cell.values() if len(values) > 1]
    if not several:
        raise SystemExit("no cell has two seeds, so there is no spread to compare with")
    squares = sum((len(values) - 1) * variance(values) for values in several)
    return math.sqrt(squares / sum(len(values) - 1 for values in several))


if __name__ == "__main__":
    sys.exit(main())
