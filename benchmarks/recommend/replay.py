"""Replay the race on recorded runs of data sets that it knows nothing of, beside other ways.

Run: ``python -m benchmarks.recommend.replay``. Fixed before its first output was read:

- For a condition, what the race knows is estimated from the conditions of all *other* data sets
  (run and seed variances from all, where those have no seed twice), its spread is widened.
- Every seed of a condition is once the race's first one. It sees validation accuracies; its pick
  is scored by the mean test accuracy after 27 epochs at the seeds that it did not use. Conditions
  with one seed cannot be scored.
- A condition's value is the mean over its seeds (and over 4 orders of the candidates for pruners,
  over the candidates for "random"); intervals are t intervals over conditions. Differences are
  paired: the same seeds score both.
- Optuna's pruners need a validated curve, which only race-bank has.
- Coverage: whether the best mean less the pick's, both of few runs, is at most the 90 % quantile
  of the posterior's draws with the noise of those means added; it fails where the interval, by
  Clopper and Pearson with conditions as the trials, lies below 85 % (this kind of interval was
  taken once a t interval had no width, as every limit held).
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from actwise.numbers import UNKNOWN, number, percent, signed
from actwise.recommend.race import CONFIDENCE, Advice, Knowledge, Race, Trial, draw, posterior
from benchmarks.printing import markdown
from benchmarks.recommend.bank import (
    ACTIVATIONS,
    EPOCHS,
    RESULTS,
    BankCondition,
    Floats,
    full_curves,
    read_bank,
)
from benchmarks.recommend.fit import estimate, run_variance_of_tests
from benchmarks.recommend.peers import HAS_OPTUNA, Picked, pruned, pruners
from benchmarks.recommend.worlds import advices

NUM_ORDERS = 4
RACES: Mapping[str, Mapping[str, Any]] = {
    "race, screening": {"full_runs": 2.0, "incumbent": None},
    "race, 4 full runs": {"full_runs": 4.0, "incumbent": None, "use_stopping": False},
    "race, 6 full runs": {"full_runs": 6.0, "incumbent": None, "use_stopping": False},
    "race, as it is": {},
}
OURS = ("race, 4 full runs", "race, as it is")


@dataclass
class Replayed:
    """One way to pick, on all conditions.

    Attributes:
        regrets, scores, costs: By condition, one value a seed (and order); points of test
            accuracy behind the best mean, test accuracy of the pick, full runs.
    """

    regrets: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    scores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    costs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, condition: str, picks: Sequence[Picked], tests_A: Floats) -> None:
        """The picks of one seed, averaged."""
        scores = [tests_A[ACTIVATIONS.index(pick.activation)] for pick in picks]
        self.scores[condition].append(float(np.mean(scores)))
        self.regrets[condition].append(float(tests_A.max() - np.mean(scores)))
        self.costs[condition].append(float(np.mean([pick.cost for pick in picks])))

    @staticmethod
    def by_condition(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Means over seeds."""
        return {name: float(np.mean(found)) for name, found in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    results = parser.parse_args().results
    conditions = read_bank(results)
    scored = [condition for condition in conditions if len(condition.seeds) > 1]
    ways, covered = replay(conditions, full_curves(results))
    print(f"{len(conditions)} conditions, {len(scored)} with a seed to score by:")
    for condition in scored:
        print(f"- {condition.name}, seeds {', '.join(map(str, condition.seeds))}")
    print(f"\n{regret_table(ways)}\n\n{difference_table(ways)}\n\n{coverage_table(covered)}")


def replay(
    conditions: Sequence[BankCondition], curves_of: Mapping[tuple[str, int], Floats]
) -> tuple[dict[str, Replayed], dict[str, dict[str, dict[str, list[bool]]]]]:
    """Every way on every condition with two seeds; and by data set and condition, coverage.

    Args:
        conditions: Of the bank.
        curves_of: By name of condition and seed, validated curves.
    """
    ways: dict[str, Replayed] = defaultdict(Replayed)
    covered: Any = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for condition in conditions:
        if len(condition.seeds) < 2:
            continue
        dataset = condition.known.dataset
        others = [other for other in conditions if other.known.dataset != dataset]
        knowledge = estimate(others, noise_of=conditions)
        test_ratio = (run_variance_of_tests(conditions) / knowledge.run_variances[1]) ** 0.5
        for first in range(len(condition.seeds)):
            tests_AS = np.delete(condition.test_ALS[:, 1], first, axis=1)
            tests_A = tests_AS.mean(axis=1)
            for name, picks in _picks(condition, first, curves_of).items():
                ways[name].add(condition.name, picks, tests_A)
            for name, options in RACES.items():
                advice = _raced(condition, first, knowledge, options)
                assert advice.activation is not None
                ways[name].add(condition.name, [Picked(advice.activation, advice.spent)], tests_A)
                covered[name][dataset][condition.name].append(
                    _is_covered(advice, knowledge, tests_AS, test_ratio)
                )
            prior = max(ACTIVATIONS, key=lambda name: knowledge.activation_means[name][1])
            ways["mean of other data sets, no run"].add(
                condition.name, [Picked(prior, 0.0)], tests_A
            )
    return ways, covered


def _picks(
    condition: BankCondition, first: int, curves_of: Mapping[tuple[str, int], Floats]
) -> dict[str, list[Picked]]:
    """What the peers pick at one seed."""
    validation_A = condition.validation_ALS[:, 1, first]
    found = {
        "one seed each": [Picked(ACTIVATIONS[int(np.nanargmax(validation_A))], 6.0)],
        "random": [Picked(name, 0.0) for name in ACTIVATIONS],
        **{f"always {name}": [Picked(name, 0.0)] for name in ACTIVATIONS},
    }
    curves_AE = curves_of.get((condition.name, condition.seeds[first]))
    if HAS_OPTUNA and curves_AE is not None:
        generator = np.random.default_rng(0)
        orders = [generator.permutation(len(ACTIVATIONS)).tolist() for _ in range(NUM_ORDERS)]
        for name, make_pruner in pruners().items():
            found[name] = [pruned(make_pruner, curves_AE, order) for order in orders]
    return found


def _raced(
    condition: BankCondition, first: int, knowledge: Knowledge, options: Mapping[str, Any]
) -> Advice:
    """What the race says; its seed 0 is the condition's ``first``."""

    def result(trial: Trial) -> float | None:
        assert trial.seed == 0, "races of at most 6 full runs have one seed"
        place = ACTIVATIONS.index(trial.activation)
        value = condition.validation_ALS[place, int(trial.is_full), first]
        return None if np.isnan(value) else float(value)

    *_, advice = advices(
        Race(ACTIVATIONS, epochs=EPOCHS[1], knowledge=knowledge, **options), result
    )
    return advice


def _is_covered(advice: Advice, knowledge: Knowledge, tests_AS: Floats, test_ratio: float) -> bool:
    """Whether the limit holds, as far as few other seeds can tell.

    Args:
        advice: What the race said.
        knowledge: What it knew.
        tests_AS: Test accuracies at the other seeds.
        test_ratio: SD of a run's test accuracy over that of its validation accuracy.
    """
    left = [name for name in ACTIVATIONS if name not in advice.diverged]
    drawn = draw(posterior(knowledge, left, advice.trials), spread=1.3)
    means_A = tests_AS.mean(axis=1)[[ACTIVATIONS.index(name) for name in drawn.candidates]]
    noise_sd = advice.run_sd * test_ratio / tests_AS.shape[1] ** 0.5
    generator = np.random.default_rng(0)
    noisy_AD = drawn.effects_AD + noise_sd * generator.standard_normal(drawn.effects_AD.shape)
    behind_D = noisy_AD.max(axis=0) - noisy_AD[0]
    order_D = np.argsort(behind_D)
    place = np.searchsorted(np.cumsum(drawn.weights_D[order_D]), CONFIDENCE)
    return bool(means_A.max() - means_A[0] <= behind_D[order_D[place]])


def regret_table(ways: Mapping[str, Replayed]) -> str:
    """A line for each way, the cheapest first."""
    rows = []
    for name, way in ways.items():
        regrets = way.by_condition(way.regrets)
        cost = float(np.mean(list(way.by_condition(way.costs).values())))
        rows.append((cost, name, list(regrets.values())))
    lines = [
        [name, percent(round(cost / 18, 2)), str(len(found)), *interval(found), worst(found)]
        for cost, name, found in sorted(rows, key=lambda row: row[:2])
    ]
    header = ["choice by", "cost", "conditions", "behind the best mean", "90 % interval"]
    return markdown([*header, "worst condition"], lines)


def difference_table(ways: Mapping[str, Replayed]) -> str:
    """Test accuracy of our picks less that of the others', in the same conditions and seeds."""
    lines = []
    for ours in OURS:
        mine = ways[ours].by_condition(ways[ours].scores)
        for name, way in ways.items():
            theirs = way.by_condition(way.scores)
            if name in RACES:
                continue
            ahead = [mine[condition] - score for condition, score in theirs.items()]
            value, bounds = interval(ahead, signs=True)
            lines.append([ours, name, str(len(ahead)), value, bounds])
    header = ["ours", "theirs", "conditions", "ours ahead by", "90 % interval"]
    return markdown(header, lines, num_names=2)


def coverage_table(covered: Mapping[str, Mapping[str, Mapping[str, Sequence[bool]]]]) -> str:
    """How often the limit held, by the data set that was left out."""
    lines = []
    for name, by_dataset in covered.items():
        for dataset, by_condition in by_dataset.items():
            shares = [float(np.mean(found)) for found in by_condition.values()]
            count = sum(map(len, by_condition.values()))
            lines.append([name, dataset, str(len(shares)), str(count), *coverage_interval(shares)])
    header = ["race", "left out", "conditions", "replays", "limit holds", "90 % interval"]
    return markdown(header, lines, num_names=2)


def interval(values: Sequence[float], *, signs: bool = False) -> tuple[str, str]:
    """Mean and t interval over conditions, as text."""
    say = signed if signs else number
    mean = float(np.mean(values))
    if len(values) < 2:
        return say(mean), UNKNOWN
    half = float(np.std(values, ddof=1)) / len(values) ** 0.5
    half *= float(stats.t.ppf(0.95, len(values) - 1))
    return say(mean), f"{say(mean - half)} to {say(mean + half)}"


def coverage_interval(shares: Sequence[float]) -> tuple[str, str]:
    """Mean, and Clopper and Pearson's interval with conditions as the trials.

    Replays of one condition share its effects; where every limit held, a t interval has no width.
    """
    held, count = float(np.sum(shares)), len(shares)
    lower = float(stats.beta.ppf(0.05, held, count - held + 1)) if held > 0 else 0.0
    upper = float(stats.beta.ppf(0.95, held + 1, count - held)) if held < count else 1.0
    return number(held / count), f"{number(lower)} to {number(upper)}"


def worst(values: Sequence[float]) -> str:
    """The largest."""
    return number(max(values))


if __name__ == "__main__":
    main()
