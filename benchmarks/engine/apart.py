"""What processes of their own cost a study of users' code: its time over that of our own relu.

    python -m benchmarks.engine.apart --epochs 120

Two studies of equal networks train in turns: one of the built-in ``relu``, whose runs share their
workers, one of a function in a module, whose runs each have a process. Both on digits, from a new
process each time, planning included. Take so many epochs that a run lasts 20 s.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from actwise.store import RunStore
from benchmarks.printing import describe, markdown, where

USERS = "def act(x):\n    return x.relu()\n"
COMMAND = "from actwise.cli import main; main()"


def main() -> None:
    """Print one row a round, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--runs", type=int, default=12, help="seeds of one cell")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    rows, ratios = [], []
    for number in range(1, options.rounds + 1):
        seconds = {}
        for activation in ("relu", "users_act:act"):
            seconds[activation], training = run_study(activation, options)
            rows.append((str(number), activation, f"{seconds[activation]:.1f}", f"{training:.1f}"))
        ratios.append(seconds["users_act:act"] / seconds["relu"])
    header = ("round", "activation", "seconds", "of a run's training")
    print(markdown(header, rows, num_names=2))
    print(f"\nusers' code over relu: {median(ratios):.3f} (n = {len(ratios)})\n")
    print(describe(where(runs=options.runs, workers=options.workers, epochs=options.epochs)))


def run_study(activation: str, options: argparse.Namespace) -> tuple[float, float]:
    """Seconds of the command, and of a run's training (median)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "users_act.py").write_text(USERS, encoding="utf-8")
        asked = [
            *("factors.dataset=digits", "factors.model=convnet", "factors.regularization=bn+aug"),
            *(f"factors.activation={activation}", f"seeds=0..{options.runs - 1}"),
            *(f"train.epochs={options.epochs}", "--workers", str(options.workers)),
        ]
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", COMMAND, "run", "demo", *asked, "--store", "store"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        total = time.perf_counter() - started
        with RunStore.open(folder / "store") as store:
            records = [store.result(run_id) for run_id in store.states()]
        return total, median(record.train_seconds or 0.0 for record in records if record)


if __name__ == "__main__":
    main()
