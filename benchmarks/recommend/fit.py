"""Estimate what the race knows from the banks under results/, and write it with its provenance.

Run: ``python -m benchmarks.recommend.fit [--study race-bank] [-o FILE]``. Without options it takes
every condition there is; with ``-o src/actwise/recommend/race/knowledge.json`` it renews the file
that comes along. Moments, pooled over conditions. Run variances are the residuals beside
activations and seeds, in conditions with two seeds or more. What an activation adds is a part
common to all conditions and a part of each; the covariance of both lengths is estimated for both
parts, less what runs add to it, and the eigenvalues of each are at least 0.05: of a few conditions
the bare moments say that a short run tells everything, which a race must not believe.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from actwise.recommend import Knowledge
from benchmarks.recommend.bank import (
    ACTIVATIONS,
    EPOCHS,
    RESULTS,
    BankCondition,
    Floats,
    num_runs,
    read_bank,
)

_FLOOR = 0.05
"""Least variance of anything, in points squared."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--study", help="only this study's pieces")
    parser.add_argument("-o", "--output", type=Path, help="file; default: print")
    arguments = parser.parse_args()
    studies = {} if arguments.study is None else {"studies": (arguments.study,)}
    text = json.dumps(asdict(estimate(read_bank(arguments.results, **studies))), indent=1) + "\n"
    if arguments.output is None:
        print(text, end="")
    else:
        arguments.output.write_text(text, encoding="utf-8")


def estimate(
    conditions: Sequence[BankCondition], *, noise_of: Sequence[BankCondition] = ()
) -> Knowledge:
    """Pooled moments of some conditions; effects of those in which nothing diverged.

    Args:
        conditions: The bank, or what is left of it.
        noise_of: Where run and seed variances come from if these have no seed twice.

    Raises:
        ValueError: if fewer than two are whole, or none of these has two seeds.
    """
    whole = _whole(conditions)
    repeated = _repeated(whole) or _repeated(_whole(noise_of))
    if len(whole) < 2 or not repeated:
        raise ValueError("two conditions without a diverged run are needed, one with two seeds")
    run_L = _run_variances(repeated)
    effects_CAL = np.array([_effects(values_ALS) for values_ALS in whole])
    noise_LL = np.diag(run_L) * np.mean([1.0 / values_ALS.shape[2] for values_ALS in whole])
    count, num_activations = len(whole), len(ACTIVATIONS)
    means_AL = effects_CAL.mean(axis=0)
    rest_RL = (effects_CAL - means_AL).reshape(-1, 2)
    within_LL = rest_RL.T @ rest_RL / ((count - 1) * (num_activations - 1))
    own_LL = _at_least(within_LL - noise_LL)
    common_LL = _at_least(means_AL.T @ means_AL / (num_activations - 1) - within_LL / count)
    shrink_LL = common_LL @ np.linalg.inv(common_LL + within_LL / count)
    return Knowledge(
        conditions=tuple(condition.known for condition in conditions),
        num_runs=num_runs(conditions),
        epochs=EPOCHS,
        effects=_rounded(common_LL + own_LL),
        run_variances=_rounded(run_L),
        seed_variances=_rounded(_seed_variances(repeated, run_L)),
        activation_means=dict(zip(ACTIVATIONS, _rounded(means_AL @ shrink_LL.T), strict=True)),
    )


def run_variance_of_tests(conditions: Sequence[BankCondition]) -> float:
    """Of a full run's test accuracy."""
    tests = [condition.test_ALS for condition in conditions]
    return float(_run_variances(_repeated([t for t in tests if not np.isnan(t).any()]))[1])


def _whole(conditions: Sequence[BankCondition]) -> list[Floats]:
    """Of those in which nothing diverged."""
    values = [condition.validation_ALS for condition in conditions]
    return [values_ALS for values_ALS in values if not np.isnan(values_ALS).any()]


def _repeated(parts: Sequence[Floats]) -> list[Floats]:
    return [values_ALS for values_ALS in parts if values_ALS.shape[2] > 1]


def _effects(values_ALS: Floats) -> Floats:
    means_AL = values_ALS.mean(axis=2)
    return np.asarray(means_AL - means_AL.mean(axis=0))


def _run_variances(parts: Sequence[Floats]) -> Floats:
    squares_L, degrees = np.zeros(2), 0
    for values_ALS in parts:
        num_activations, _, num_seeds = values_ALS.shape
        rest_ALS = (
            values_ALS
            - values_ALS.mean(axis=2, keepdims=True)
            - values_ALS.mean(axis=0, keepdims=True)
            + values_ALS.mean(axis=(0, 2), keepdims=True)
        )
        squares_L += (rest_ALS**2).sum(axis=(0, 2))
        degrees += (num_activations - 1) * (num_seeds - 1)
    return np.maximum(squares_L / degrees, _FLOOR)


def _seed_variances(parts: Sequence[Floats], run_L: Floats) -> Floats:
    squares_L, degrees = np.zeros(2), 0
    for values_ALS in parts:
        seeds_LS = values_ALS.mean(axis=0)
        num_seeds = seeds_LS.shape[1]
        squares_L += ((seeds_LS - seeds_LS.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        squares_L -= (num_seeds - 1) * run_L / len(values_ALS)
        degrees += num_seeds - 1
    return np.maximum(squares_L / degrees, _FLOOR)


def _at_least(matrix_LL: Floats) -> Floats:
    """The nearest covariance whose eigenvalues reach the floor."""
    values_L, vectors_LL = np.linalg.eigh(matrix_LL)
    return np.asarray((vectors_LL * np.maximum(values_L, _FLOOR)) @ vectors_LL.T)


def _rounded(values: Floats) -> Any:
    """Nested tuples; a file does not carry more digits than it knows."""
    if values.ndim > 1:
        return tuple(map(_rounded, values))
    return tuple(round(float(value), 4) for value in values)


if __name__ == "__main__":
    main()
