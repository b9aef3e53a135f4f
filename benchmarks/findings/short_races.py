"""What short trainings, and trainings on few images, would have told of a full one.

Run: ``python -m benchmarks.findings.short_races [results/race-bank]``. A race is a training of
every activation, short or on few images, annealed to its end. In each condition (regularization)
and at each seed it picks the activation with the best validation accuracy. The pick is judged by
the test accuracy after the longest training on the most images, mean over the *other* seeds, so no
run judges that picked. Noise in the best of those means makes every distance to it a little too
large. Work counts images seen in training. A description of these runs: no test, no interval.
"""

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from scipy.stats import spearmanr

from actwise.numbers import number, signed
from benchmarks.findings.retrain import Row, finished_runs
from benchmarks.printing import markdown

RESULTS = Path(__file__).parents[2] / "results" / "race-bank"
INCUMBENT = "relu"

Accuracies = Mapping[str, float]
"""By activation."""


class Race(NamedTuple):
    """How long is trained, and on how many images."""

    epochs: int
    images: int

    @property
    def work(self) -> int:
        """Proportional to the images seen."""
        return self.epochs * self.images


class Pick(NamedTuple):
    """What one race would have chosen at one seed, and how that does in full.

    Attributes:
        activation: The best by validation accuracy.
        behind: Points that the best in full leads it by; 0 where it is the best.
        gain: Points that it leads the incumbent by, in full.
        correlation: Spearman's, of validation accuracies in the race and test accuracies in full.
    """

    activation: str
    behind: float
    gain: float
    correlation: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="?", default=RESULTS)
    try:
        print(table(finished_runs(parser.parse_args().results)))
    except ValueError as error:
        raise SystemExit(str(error)) from None


def table(rows: Sequence[Row]) -> str:
    """A line for each race, cheapest first, and for each activation chosen without any.

    Args:
        rows: Exported runs of one data set and one network, at two seeds or more.

    Raises:
        ValueError: for a single seed, which would judge itself; for several data sets or networks;
            where a run is missing, a diverged one too; where the longest is not the largest.
    """
    check(rows)
    races = sorted({race_of(row) for row in rows}, key=lambda race: race.work)
    full = Race(max(race.epochs for race in races), max(race.images for race in races))
    if full not in races:
        raise ValueError(f"no run trains {full.epochs} epochs on {full.images} images")
    lines = [
        _line(f"{race.epochs} epochs, {race.images} images", race.work / full.work, picks)
        for race in races
        for picks in [list(picks_of(rows, race, full))]
    ]
    for activation in sorted({row["activation"] for row in rows}):
        always = [judge(activation, in_full) for _, in_full in pairs_of(rows, full, full)]
        lines.append(_line(f"always {activation}", 0.0, always))
    return markdown(
        ["choice by", "work", "rank correlation", "picked", "behind the best", "over relu"], lines
    )


def check(rows: Sequence[Row]) -> None:
    """Refuse what a table would be wrong about.

    Raises:
        ValueError: see :func:`table`.
    """
    if any({"train.epochs", "train.train_size"} - row.keys() for row in rows):
        raise ValueError("the study must vary train.epochs and train.train_size")
    if len({(row["dataset"], row["model"], row["width"]) for row in rows}) != 1:
        raise ValueError("the runs must be of one data set and one network")
    if len({row["seed"] for row in rows}) < 2:
        raise ValueError("two seeds are needed: one picks, the others judge")
    names = ("regularization", "activation", "seed")
    runs = {(race_of(row), *(row[name] for name in names)) for row in rows}
    if len(runs) != math.prod(len(set(values)) for values in zip(*runs, strict=True)):
        raise ValueError("some runs are missing: every race needs every activation at every seed")


def picks_of(rows: Sequence[Row], race: Race, full: Race) -> Iterator[Pick]:
    """What the race picks, in every condition at every seed."""
    for in_race, in_full in pairs_of(rows, race, full):
        names = sorted(in_race)
        correlation = spearmanr([in_race[n] for n in names], [in_full[n] for n in names]).statistic
        yield judge(max(names, key=in_race.__getitem__), in_full, correlation=float(correlation))


def judge(activation: str, in_full: Accuracies, *, correlation: float = math.nan) -> Pick:
    """How an activation does in full; without a race there is no correlation."""
    accuracy = in_full[activation]
    behind, gain = max(in_full.values()) - accuracy, accuracy - in_full[INCUMBENT]
    return Pick(activation, behind, gain, correlation)


def pairs_of(
    rows: Sequence[Row], race: Race, full: Race
) -> Iterator[tuple[Accuracies, Accuracies]]:
    """Validation accuracies of a race at a seed; test accuracies in full, mean of other seeds."""
    validation: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    tests: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for row in rows:
        if race_of(row) == race:
            validation[row["regularization"], row["seed"]][row["activation"]] = row[
                "validation_accuracy"
            ]
        if race_of(row) == full:
            tests[row["regularization"], row["activation"]][row["seed"]] = row["test_accuracy"]
    for (regularization, seed), in_race in sorted(validation.items()):
        yield (
            in_race,
            {
                name: fmean(
                    accuracy
                    for other, accuracy in tests[regularization, name].items()
                    if other != seed
                )
                for name in in_race
            },
        )


def race_of(row: Row) -> Race:
    return Race(row["train.epochs"], row["train.train_size"])


def _line(name: str, work: float, picks: Sequence[Pick]) -> list[str]:
    counts = Counter(pick.activation for pick in picks).most_common()
    picked = ", ".join(f"{activation} {count}" for activation, count in counts)
    correlations = fmean(pick.correlation for pick in picks)
    return [
        name,
        f"{100 * work:.0f} %" if work else "none",
        "" if math.isnan(correlations) else number(correlations),
        picked if work else "",
        number(fmean(pick.behind for pick in picks)),
        signed(fmean(pick.gain for pick in picks)),
    ]


if __name__ == "__main__":
    main()
