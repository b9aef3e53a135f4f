"""Do the statistics keep their promises? Simulations with a known truth (`docs/statistics.md`).

Each row states what was simulated, how often the event came, and the range it must lie in. Runs
on one core; 10,000 repetitions take some minutes. Exit code 1 if a row leaves its range.

    python benchmarks/statistics_checks.py --repetitions 10000 --json results.json
"""

import argparse
import json
import math
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from actwise.analysis.equal_variances import brown_forsythe
from actwise.analysis.claim import judge_claims
from actwise.analysis.claims import PAPER_CLAIMS
from actwise.analysis.effects import effect_sizes
from actwise.analysis.equivalence import judge
from actwise.analysis.factorial import decompose
from actwise.analysis.families import holm
from actwise.analysis.inference import fit_cells
from actwise.analysis.looks import error_of_looks, nominal_level
from actwise.analysis.observations import Observations
from actwise.analysis.power import Design, power
from actwise.analysis.predictions import crossed_mean_squares, mcnemar, new_images, these_images
from actwise.analysis.robustness import bca_interval, paired_tests
from made_truths import (
    ELU,
    LEAST_FAVOURABLE,
    LEVELS,
    RELU,
    Noise,
    Row,
    heavy,
    near,
    normal,
    sign_test_size,
    study,
    wilcoxon_size,
)


def intervals(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Coverage of the default interval and level of its test, under and beside its model."""
    uneven = {"normal": normal, "heavy tails (t3)": heavy}
    for seeds in (3, 5, 10):
        base = study(seeds)
        for name, noise in uneven.items():
            covered, rejected = _cover(base, noise, repetitions, generator, ratio=1.0)
            strict = name == "normal"
            low, high = (0.93, 0.97) if strict else (-math.inf, math.inf)
            yield Row(f"coverage of 95 %, {seeds} seeds, {name}", repetitions, covered, low, high)
            low, high = (0.04, 0.06) if strict else (-math.inf, math.inf)
            yield Row(f"type I, {seeds} seeds, {name}", repetitions, rejected, low, high)
        covered, _ = _cover(base, normal, repetitions, generator, ratio=2.0)
        label = f"coverage of 95 %, {seeds} seeds, compared cells with twice the SD of the others"
        yield Row(label, repetitions, covered, -math.inf, math.inf)


def _cover(
    base: Observations,
    noise: Noise,
    repetitions: int,
    generator: np.random.Generator,
    *,
    ratio: float,
) -> tuple[float, float]:
    covered = rejected = 0
    compared_R = np.isin(base.run_cells, [base.cells.index(c) for c in (ELU, RELU)])
    scale_R = np.where(compared_R, ratio, 1.0)
    for _ in range(repetitions):
        values_R = 80 + noise(generator, base.num_runs) * scale_R
        estimate = fit_cells(base.with_response(values_R)).contrast({ELU: 1, RELU: -1})
        low, high = estimate.interval()
        covered += low <= 0 <= high
        rejected += estimate.p_value() <= 0.05
    return covered / repetitions, rejected / repetitions


def f_tests(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Level of the F tests of the decomposition, and of Brown-Forsythe (conservative)."""
    base = study(5)
    effect = spread = 0
    for _ in range(repetitions):
        observed = base.with_response(80 + normal(generator, base.num_runs))
        sizes = {size.term: size for size in effect_sizes(decompose(observed))}
        effect += sizes["regularization:activation"].p <= 0.05
        spread += brown_forsythe(observed)[0].p <= 0.05
    yield Row("type I, F of an interaction, 5 seeds", repetitions, effect / repetitions, 0.04, 0.06)
    yield Row("type I, Brown-Forsythe, 5 seeds", repetitions, spread / repetitions, 0.0, 0.06)


def equivalence(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Wrong "equivalent" at a true difference of exactly the margin."""
    limit = 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)
    for seeds in (3, 5, 10):
        base, wrong = study(seeds), 0
        shift_R = 0.5 * (base.run_cells == base.cells.index(ELU))
        for _ in range(repetitions):
            values_R = 80 + shift_R + normal(generator, base.num_runs)
            estimate = fit_cells(base.with_response(values_R)).contrast({ELU: 1, RELU: -1})
            wrong += judge(estimate, margin=0.5) == "equivalent"
        label = f"equivalent at the margin, {seeds} seeds"
        yield Row(label, repetitions, wrong / repetitions, 0.0, limit)


def families(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Family-wise error of Holm, and false support of a claim at its least favourable point."""
    limit = 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)
    wrong = sum(min(holm(list(generator.random(8)))) <= 0.05 for _ in range(repetitions))
    yield Row("family-wise error of Holm, 8 tests", repetitions, wrong / repetitions, 0.0, limit)
    base = study(3)
    rows = [dict(zip(base.factors, base.cells[c], strict=True)) for c in base.run_cells]
    rows = [{**row, "dataset": name} for name in ("cifar10", "cifar100") for row in rows]
    seeds = [str(run % 3) for run in range(len(rows))]
    full = [{**r, "seed": s, "test_accuracy": 80.0} for r, s in zip(rows, seeds, strict=True)]
    observed = Observations.from_rows(full, factors=tuple(LEVELS))
    for claim, shift in LEAST_FAVOURABLE.items():
        shift_R = np.array([shift(row) for row in rows])
        chosen = [entry for entry in PAPER_CLAIMS if entry.id == claim]
        supported, count = 0, max(200, repetitions // 5)
        for _ in range(count):
            values_R = 80 + shift_R + normal(generator, observed.num_runs)
            (result,) = judge_claims(observed.with_response(values_R), chosen)
            supported += result.verdict == "supported"
        edge = 0.05 + 3 * math.sqrt(0.05 * 0.95 / count)
        yield Row(f"false support of {claim}", count, supported / count, 0.0, edge)


def discrete(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Permutation, Wilcoxon and McNemar tests against their attainable sizes."""
    for pairs in (6, 8, 10):
        flips = ranks = 0
        for _ in range(repetitions):
            found = paired_tests(generator.normal(size=pairs), family_size=1, generator=generator)
            assert found is not None
            flips += found.permutation_p <= 0.05
            ranks += found.wilcoxon_p <= 0.05
        attainable = math.floor(0.05 * 2**pairs / 2) * 2 / 2**pairs
        yield near(f"type I, sign flips, {pairs} pairs", repetitions, flips, attainable)
        yield near(f"type I, Wilcoxon, {pairs} pairs", repetitions, ranks, wilcoxon_size(pairs))
    wrong, sizes = 0, 0.0
    for _ in range(repetitions):
        high, low = generator.random((2, 2000)) < 0.95
        found_p = mcnemar(high, low)
        wrong += found_p.p <= 0.05
        sizes += sign_test_size(found_p.only_high + found_p.only_low)
    yield near("type I, McNemar, two equal models", repetitions, wrong, sizes / repetitions)


def predictions(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Both standard errors, and McNemar misused as a test of activations."""
    count = max(200, repetitions // 5)
    these = new = misused = 0
    for _ in range(count):
        ease_N = generator.normal(2.0, 1.0, 1000)
        arms = [
            generator.random((5, 1000))
            < 1 / (1 + np.exp(-(ease_N + generator.normal(0, 0.6, 1000)
                                + generator.normal(0, 0.08, (5, 1))) * 1.2))
            for _ in range(2)
        ]  # fmt: skip
        squares = crossed_mean_squares(*arms)
        these += abs(these_images(squares).statistic()) > 2.776
        new += new_images(squares).p_value() <= 0.05
        misused += mcnemar(arms[0][0], arms[1][0]).p <= 0.05
    yield Row("type I, new images, 5 seeds", count, new / count, 0.0, 0.08)
    inf = math.inf
    yield Row("type I, these images taken for new ones", count, these / count, -inf, inf)
    yield Row("McNemar as a test of activations", count, misused / count, -inf, inf)


def blocking(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Two arms: power with and without blocks at within-seed correlation 0 and 0.6."""
    for rho in (0.0, 0.6):
        for seeds in (3, 5, 10):
            difference = 1.2 / math.sqrt(seeds)
            found = {}
            for blocked in (True, False):
                sd = math.sqrt(1 - rho) if blocked else 1.0
                found[blocked] = power(
                    difference, sd=sd, num_seeds=seeds, design=Design(2, blocked=blocked)
                )
            gain = found[True] - found[False]
            low, high = (-1.0, 0.0) if rho == 0.0 else (0.0, 1.0)
            yield Row(f"power gained by pairs, rho {rho}, {seeds} seeds", 0, gain, low, high)


def others(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Why BCa waits for 20 runs, and what looks cost."""
    for runs in (3, 5, 10, 20):
        covered, count = 0, max(200, repetitions // 10)
        for _ in range(count):
            pairs = generator.normal(size=runs)
            found = bca_interval(pairs, generator=generator, repetitions=1000, least_runs=2)
            covered += found is not None and found[0] <= 0 <= found[1]
        yield Row(f"coverage of BCa, {runs} pairs", count, covered / count, -math.inf, math.inf)
    yield Row(
        "error of looks at 3, 5, 10 at level .05", 200_000, error_of_looks((3, 5, 10)), 0.11, 0.13
    )
    yield Row("nominal level at 3, 5, 8", 200_000, nominal_level((3, 5, 8)), 0.0195, 0.0205)


CHECKS = (intervals, f_tests, equivalence, families, discrete, predictions, blocking, others)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: list[Row] = []
    started = time.perf_counter()
    for check in CHECKS:
        for row in check(options.repetitions, np.random.default_rng(options.seed)):
            mark = "ok " if row.passed else "OUT"
            print(f"{mark} {row.check:70s} {row.value:7.4f}  [{row.low:.4f}, {row.high:.4f}]")
            rows.append(row)
    seconds = time.perf_counter() - started
    print(f"{len(rows)} checks, {seconds:.0f} s, {platform.machine()}, numpy {np.__version__}")
    if options.json:
        entries = [{**asdict(row), "passed": row.passed} for row in rows]
        options.json.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
