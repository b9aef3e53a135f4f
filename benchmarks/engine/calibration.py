"""What `actwise plan --calibrate` says of a study, against what running it takes.

Every study is planned and then run by the real commands, with as many workers as the machine
carries. Time: from the start of the command `run` to its end, over the plan's. Memory: the most
that any process of the run used (resident, mapped data included), over the plan's, by arithmetic
and by calibration. The schedules have a fixed length; the target is 30 % for time and 25 % for
memory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.engine.study import REPOSITORY, Source, find_source
from benchmarks.printing import describe, markdown, where

STUDIES = {
    # name: changes to the study cifar-mini
    "vgg16": ["factors.model=vgg16-table1", "factors.activation=relu,prelu", "seeds=0"],
    "resnet18": ["factors.model=resnet18-table2", "factors.activation=relu,elu", "seeds=0"],
    "both": ["factors.model=vgg16-table1,resnet18-table2", "factors.activation=relu", "seeds=0"],
    "12 runs": [
        "factors.model=vgg16-table1,resnet18-table2",
        "factors.activation=relu,prelu,elu",
        "seeds=0..1",
    ],
}
LEVELS = "factors.regularization=bn+dropout+aug"


@dataclass(frozen=True)
class Row:
    """One study: seconds and bytes as planned and as they were."""

    study: str
    planned_seconds: float
    seconds: float
    arithmetic_bytes: int
    calibrated_bytes: int
    peak_bytes: int

    @property
    def over_plan(self) -> float:
        return self.seconds / self.planned_seconds


def measure(name: str, source: Source, options: argparse.Namespace) -> Row:
    """Plan by arithmetic, plan by calibration, run."""
    held_out = f"train.validation_fraction={source.validation_fraction}"
    changes = [f"factors.dataset={source.level}", LEVELS, *STUDIES[name], held_out]
    changes += [f"train.epochs={options.epochs}", f"train.train_size={options.images}"]
    data = [] if source.data_dir is None else [f"--data={source.data_dir}"]
    study = ["cifar-mini", *changes, "--device=cpu", *data]
    arithmetic = estimate("plan", *study)
    calibrated = estimate("plan", *study, "--calibrate")
    with tempfile.TemporaryDirectory() as store:
        started = time.perf_counter()
        peak_bytes = peak_of("run", *study, f"--store={store}/store")
        seconds = time.perf_counter() - started
    return Row(
        name,
        calibrated["seconds"],
        seconds,
        arithmetic["memory_bytes"],
        calibrated["memory_bytes"],
        peak_bytes,
    )


def estimate(*arguments: str) -> dict[str, Any]:
    """What ``plan --json`` estimates."""
    command = [sys.executable, "-m", "actwise", *arguments, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
    found: dict[str, Any] = json.loads(done.stdout)["estimate"]
    return found


def peak_of(*arguments: str) -> int:
    """Run a command; the most memory that it or any process it waited for had resident."""
    command = [sys.executable, "-m", "actwise", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=REPOSITORY
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_maxrss * 1024


def render(rows: list[Row]) -> str:
    header = [
        "study",
        "plan s",
        "run s",
        "run/plan",
        "plan MB",
        "calibrated",
        "peak MB",
        "peak/plan",
    ]
    cells = [
        [
            row.study,
            f"{row.planned_seconds:.0f}",
            f"{row.seconds:.0f}",
            f"{row.over_plan:.2f}",
            *(f"{b / 1e6:,.0f}" for b in (row.arithmetic_bytes, row.calibrated_bytes)),
            f"{row.peak_bytes / 1e6:,.0f}",
            f"{row.peak_bytes / row.arithmetic_bytes:.2f}",
        ]
        for row in rows
    ]
    return markdown(header, cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--study", nargs="+", choices=STUDIES, default=list(STUDIES), help="what is planned and run"
    )
    parser.add_argument("--epochs", type=int, default=2, help="of every run")
    parser.add_argument("--images", type=int, default=10_000, help="trained on, per epoch")
    parser.add_argument("--quick", action="store_true", help="one study of 2 x 1,280 images")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.quick:
        options.study, options.images = ["both"], 1_280
    source = find_source()
    rows = [measure(name, source, options) for name in options.study]
    place = where(n=1, images=options.images, epochs=options.epochs, data=source.level)
    if options.json:
        print(json.dumps({"environment": place, "rows": [asdict(r) for r in rows]}, indent=1))
        return
    print(render(rows))
    print(f"\n{describe(place)}")


if __name__ == "__main__":
    main()
