"""Processes that take turns, and what their turns say: how the benchmarks of speed measure.

Every contender is a process (or one a core) of contenders.py that works only when told to. So all
share the machine's good and bad minutes, and each has the memory and settings of its own kind.
"""

from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np

from actwise.recommend import Ratio as MeasuredRatio
from actwise.sweep.plan import physical_cores
from benchmarks.engine import contenders


class Ratio(MeasuredRatio):
    """As the program has it, printed for tables."""

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lower_quartile:.2f}-{self.upper_quartile:.2f})"


class Contender:
    """One process that works for one turn at a time, or ``copies`` that do so at the same time.

    Each is a fork of a process that has imported what all need, and has done nothing with it.
    """

    def __init__(self, kind: str, *arguments: str, threads: int = 1, copies: int = 1) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload([contenders.__name__])
        command = [kind, f"--threads={threads}", *arguments]
        self._copies: list[tuple[BaseProcess, Connection]] = []
        for _ in range(copies):
            ours, theirs = context.Pipe()
            process = context.Process(target=contenders.main, args=(theirs, command), daemon=True)
            process.start()
            theirs.close()  # so that the end of a process ends its pipe
            self._copies.append((process, ours))

    def turn(self) -> list[float]:
        """Seconds of one turn, of every copy.

        Raises:
            EOFError: if one has died; why stands in its output.
        """
        for _, connection in self._copies:
            connection.send("turn")
        return [float(connection.recv()) for _, connection in self._copies]

    def end(self) -> None:
        for process, connection in self._copies:
            connection.close()
            process.join()


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
