"""Processes that take turns, and what their turns say: how the benchmarks of speed measure.

Every contender is a process (or one a core) of contenders.py that works only when told to. So all
share the machine's good and bad minutes, and each has the memory and settings of its own kind.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from actwise import recommend
from actwise.sweep.plan import physical_cores

_REPOSITORY = Path(__file__).parents[2]


class Ratio(recommend.Ratio):
    """As the program has it, printed for tables."""

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lower_quartile:.2f}-{self.upper_quartile:.2f})"


class Contender:
    """One process of contenders.py, or ``copies`` that always work at the same time."""

    def __init__(self, kind: str, *arguments: str, threads: int = 1, copies: int = 1) -> None:
        variables = os.environ | {"OMP_NUM_THREADS": str(threads)}
        script = [sys.executable, "-m", "benchmarks.engine.contenders"]
        command = [*script, kind, f"--threads={threads}", *arguments]
        self._processes = [
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=variables,
                cwd=_REPOSITORY,
            )
            for _ in range(copies)
        ]

    def turn(self) -> list[float]:
        """Seconds of one turn, of every copy."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write("turn\n")
            process.stdin.flush()
        return [self._answer(process) for process in self._processes]

    def end(self) -> None:
        for process in self._processes:
            process.communicate("end\n")

    def _answer(self, process: "subprocess.Popen[str]") -> float:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, process.args))} has died")  # type: ignore[arg-type]
        return float(json.loads(line))


def rates(contenders: Mapping[str, Contender], *, rounds: int) -> dict[str, np.ndarray]:
    """Turns a second of every contender (of all its copies together), by round; ends them all.

    One round more is taken first, to warm up.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, contender in contenders.items():
            found[name].append(sum(1 / seconds for seconds in contender.turn()))
    for contender in contenders.values():
        contender.end()
    return {name: np.array(values[1:]) for name, values in found.items()}


def num_cores() -> int:
    """Physical cores, as the number of workers that a sweep starts."""
    return len(physical_cores())
