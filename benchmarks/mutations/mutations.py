"""How many small mistakes in the source the tests notice: a sample, by a seed.

    nice python -m benchmarks.mutations.mutations --seed 1 --number 100 --workers 2

Lines are drawn with equal chances, then a kind of change that the line allows, then a change. Each
is made in a copy of the repository, in which the tests that could see it run, the quickest first,
until one fails. What every test runs is recorded first, once for each state of the source; a sample
goes on where it was interrupted. One line each is added to ``FOLDER/seed-SEED.tsv``: number, place,
kind, change, outcome. Where people find that nothing a user could meet has changed, they write
``equivalent`` and the reason in place of ``survived``: it no longer counts. A line that is deleted
is tried again.
"""

import argparse
import ast
import json
import math
import random
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from benchmarks.mutations.changes import Change, Defaults, changed, changes, defaults_of
from benchmarks.mutations.copies import Copy, copy_of
from benchmarks.mutations.records import Record, digest_of, record
from benchmarks.mutations.seen_by import Uses, seen_by, uses_of

PIECES = ((10.0, 8), (60.0, 30), (180.0, math.inf), (math.inf, math.inf))
"""Tests run in pieces, each of so many seconds and files: quick ones notice most changes."""


@dataclass(frozen=True)
class Mutant:
    """Attributes: number: In the sample. index: Of the change in its file."""

    number: int
    file: str
    index: int
    change: Change


def sample(files: Mapping[str, str], defaults: Defaults, *, seed: int, number: int) -> list[Mutant]:
    """Changes drawn without replacement of lines; a larger number extends the smaller."""
    of_line: dict[tuple[str, int], dict[str, list[tuple[int, Change]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for file, text in files.items():
        for index, change in enumerate(changes(text, defaults)):
            of_line[file, change.line][change.kind].append((index, change))
    draw = random.Random(seed)
    places = sorted(of_line)
    draw.shuffle(places)
    mutants = []
    for place in places[:number]:
        kinds = of_line[place]
        index, change = draw.choice(kinds[draw.choice(sorted(kinds))])
        mutants.append(Mutant(len(mutants) + 1, place[0], index, change))
    return mutants


@dataclass(frozen=True)
class Ground:
    """What holds for all mutants of one state of the source."""

    source: str
    files: Mapping[str, str]
    defaults: Defaults
    uses: Uses
    record: Record
    most_seconds: float

    def outcome(self, mutant: Mutant, copy: Copy) -> str:
        """Run the tests that could see it."""
        tests = seen_by(mutant.file, mutant.change, self.uses, self.record)
        text = changed(self.files[mutant.file], self.defaults, mutant.index)
        num_run, spent = 0, 0.0
        with copy.holding({f"{self.source}/{mutant.file}": text}):
            for piece in self._pieces(mutant, tests):
                expected = sum(self.record.seconds[test] for test in piece)
                if num_run and spent + expected > self.most_seconds:
                    return f"survived {num_run} of {len(tests)} tests"
                failed = self._run(copy, piece, seconds=60.0 + 5.0 * expected)
                if failed is not None:
                    return f"noticed by {failed}"
                num_run, spent = num_run + len(piece), spent + expected
        return f"survived {num_run} tests" if tests else "survived, no test runs it"

    def _pieces(self, mutant: Mutant, tests: set[str]) -> Iterator[list[str]]:
        def cost(test: str) -> float:  # of two as quick, that of the unit sees more
            return self.record.seconds[test] * (1.0 if self._is_of_unit(mutant, test) else 2.0)

        waiting = sorted(tests, key=lambda test: (cost(test), test))
        for most_seconds, most_files in PIECES:
            piece, files, seconds = [], set[str](), 0.0
            for test in waiting:
                file, took = test.split("::")[0], self.record.seconds[test]
                is_full = len(files) >= most_files and file not in files
                if not piece or not (is_full or seconds + took > most_seconds):
                    piece.append(test)
                    files.add(file)
                    seconds += took
            if piece:
                yield piece
            waiting = [test for test in waiting if test not in set(piece)]

    def _is_of_unit(self, mutant: Mutant, test: str) -> bool:
        return test.split("/")[1:2] == [mutant.file.split("/")[0]]

    def _run(self, copy: Copy, tests: Sequence[str], *, seconds: float) -> str | None:
        selected = copy.folder.parent / "selected.json"
        known = [*self.record.seconds, *self.record.others]
        selected.write_text(json.dumps({"known": known, "wanted": tests}), encoding="utf-8")
        files = sorted({test.split("::")[0] for test in tests})
        options = ["-x", "-p", "benchmarks.mutations.selecting", *files]
        return copy.run(options, seconds=seconds, MUTATIONS_SELECTED=str(selected))


def interval(num_noticed: int, num: int, *, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's interval of a share, 95 % (Wilson 1927)."""
    share = num_noticed / num
    center = (share + z * z / (2 * num)) / (1 + z * z / num)
    half = z * math.sqrt(share * (1 - share) / num + z * z / (4 * num * num)) / (1 + z * z / num)
    return max(0.0, center - half), min(1.0, center + half)


def summary(lines: Sequence[str]) -> str:
    """The share of what was noticed, with what counts."""
    outcomes = [line.split("\t")[-1] for line in lines]
    noticed = sum(outcome.startswith("noticed") for outcome in outcomes)
    counted = noticed + sum(outcome.startswith("survived") for outcome in outcomes)
    if not counted:
        return "nothing was tried"
    lower, upper = interval(noticed, counted)
    return (
        f"{noticed} of {counted} noticed: {100 * noticed / counted:.1f} % (95 %: {100 * lower:.1f} "
        f"to {100 * upper:.1f}), {len(outcomes) - counted} equivalent"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Record, sample, try, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=100, help="of mutants")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600.0, help="most for a mutant's tests")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--source", default="src/actwise", help="folder in the root")
    parser.add_argument("--folder", type=Path, default=Path("build/mutations"), help="for results")
    options = parser.parse_args(arguments)
    root, source, folder = options.root.resolve(), options.source, options.folder
    folder.mkdir(parents=True, exist_ok=True)
    paths = sorted((root / source).rglob("*.py"))
    files = {str(p.relative_to(root / source)): p.read_text(encoding="utf-8") for p in paths}
    defaults = defaults_of(ast.parse(text) for text in files.values())
    mutants = sample(files, defaults, seed=options.seed, number=options.number)
    results = folder / f"seed-{options.seed}-{digest_of(root / source)}.tsv"
    done = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    numbers = {int(line.split("\t")[0]) for line in done}
    waiting = [mutant for mutant in mutants if mutant.number not in numbers]
    lock, copies = threading.Lock(), SimpleQueue[Copy]()
    with ExitStack() as stack:
        made = [stack.enter_context(copy_of(root, source)) for _ in range(options.workers)]
        recorded = record(made, source, folder)
        for copy in made:
            copies.put(copy)
        ground = Ground(source, files, defaults, uses_of(files), recorded, options.seconds)

        def tried(mutant: Mutant) -> None:
            copy = copies.get()
            outcome = ground.outcome(mutant, copy)
            copies.put(copy)
            change = mutant.change
            line = f"{mutant.number}\t{source}/{mutant.file}:{change.line}\t{change.kind}\t"
            line += f"{change.before} -> {change.after}\t{outcome}"
            with lock, results.open("a", encoding="utf-8") as file:
                print(line, file=file)
                print(line, flush=True)

        with ThreadPoolExecutor(options.workers) as pool:
            list(pool.map(tried, waiting))
    lines = results.read_text(encoding="utf-8").splitlines()
    print(summary([line for line in lines if int(line.split("\t")[0]) <= options.number]))
    print(f"{results}", file=sys.stderr)


if __name__ == "__main__":
    main()
