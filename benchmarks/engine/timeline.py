"""Where the seconds of a whole study go: the study of study.py, event by event.

Run: ``python -m benchmarks.engine.timeline``. The parts are means over the workers and add up to
the time of the command: until a worker's first batch; training (with the evaluations after epochs
but the last); from a run's last batch to its record, which is evaluation; between runs, and at the
end with nothing left to train; until the command has ended.
"""

import argparse
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

from benchmarks.engine.study import (
    NUM_CORES,
    NUM_EPOCHS,
    NUM_IMAGES,
    REPOSITORY,
    find_source,
    study_command,
)
from benchmarks.printing import describe, markdown, where


@dataclass
class Run:
    """Seconds after the start of the command."""

    label: str
    begun: float = 0.0
    trained: float = 0.0
    ended: float = 0.0


@dataclass
class Timeline:
    """What a command did when."""

    runs: dict[str, Run] = field(default_factory=dict)
    ended: float = 0.0

    def hear(self, line: str, seconds: float) -> None:
        """One event of ``actwise run --json``."""
        event = json.loads(line)
        if event["event"] == "run_started":
            self.runs[event["run_id"]] = Run(event["label"])
        elif event["event"] == "run_progress":
            run = self.runs[event["run_id"]]
            run.begun = run.begun or seconds
            run.trained = seconds
        elif event["event"] == "run_ended":
            self.runs[event["run_id"]].ended = seconds

    def parts(self) -> dict[str, float]:
        """Seconds of every part, averaged over the workers; their sum is the command's time."""
        runs = self.runs.values()
        first = sorted(run.begun for run in runs)[:NUM_CORES]
        last = max(run.ended for run in runs)
        trained = sum(run.trained - run.begun for run in runs)
        evaluated = sum(run.ended - run.trained for run in runs)
        idle = NUM_CORES * last - sum(first) - trained - evaluated
        return {
            "until the first batch": sum(first) / NUM_CORES,
            "training": trained / NUM_CORES,
            "evaluation of the test images": evaluated / NUM_CORES,
            "between runs, or nothing left": idle / NUM_CORES,
            "until the command has ended": self.ended - last,
        }


def follow(options: argparse.Namespace) -> Timeline:
    """Run the command and listen to it."""
    source = find_source()
    with tempfile.TemporaryDirectory() as folder:
        command = [*study_command(source, options, folder), "--json"]
        timeline, started = Timeline(), time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as run:
            assert run.stdout is not None
            for line in run.stdout:
                timeline.hear(line, time.perf_counter() - started)
        timeline.ended = time.perf_counter() - started
        return timeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=NUM_IMAGES, help="trained on, per epoch")
    options = parser.parse_args()
    timeline = follow(options)
    rows = [
        [name, f"{seconds:.1f}", f"{seconds / timeline.ended:.0%}"]
        for name, seconds in timeline.parts().items()
    ]
    print(markdown(["part", "seconds", "share"], [*rows, ["in all", f"{timeline.ended:.1f}", ""]]))
    each = [
        [run.label, *(f"{at:.1f}" for at in (run.begun, run.trained, run.ended))]
        for run in timeline.runs.values()
    ]
    print("\n" + markdown(["run", "first batch", "last batch", "recorded"], each))
    print(f"\n{describe(where(n=1, images=options.images, epochs=NUM_EPOCHS))}")


if __name__ == "__main__":
    main()
