"""What the simulations of `statistics_checks.py` are made of: studies, noise, expected sizes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from actwise.analysis.observations import Floats, Observations

SD = 0.25
LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug"),
    "activation": ("relu", "prelu", "elu"),
}
ELU, RELU = (("cifar10", "vgg16", "bn", a) for a in ("elu", "relu"))


@dataclass(frozen=True)
class Row:
    """One check: ``value`` must lie in [low, high]; a range from -inf to inf is only reported."""

    check: str
    repetitions: int
    value: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        return self.low <= self.value <= self.high


Noise = Callable[[np.random.Generator, int], Floats]


def normal(generator: np.random.Generator, size: int) -> Floats:
    return generator.normal(0.0, SD, size)


def heavy(generator: np.random.Generator, size: int) -> Floats:
    """Student t with 3 degrees of freedom, scaled to the same variance."""
    return generator.standard_t(3, size) * SD / math.sqrt(3)


def study(seeds: int, *, blocked: bool = True) -> Observations:
    """A crossed study whose responses are filled in later."""
    rows = [
        {
            "dataset": d, "model": m, "regularization": r, "activation": a,
            "seed": s, "test_accuracy": 80.0,
        }
        for d in LEVELS["dataset"]
        for m in LEVELS["model"]
        for r in LEVELS["regularization"]
        for a in LEVELS["activation"]
        for s in range(seeds)
    ]  # fmt: skip
    return Observations.from_rows(rows, factors=tuple(LEVELS), blocked=blocked)


LEAST_FAVOURABLE: dict[str, Callable[[dict[str, str]], float]] = {
    # One component at its bound, all others far above.
    "C1": lambda c: {"prelu": 5.0, "elu": 0.0}.get(
        c["activation"], 5.0 * (c["dataset"] + c["model"] == "cifar10vgg16")
    ),
    "C3": lambda c: (
        ("aug" in c["regularization"]) * {"relu": 5.0, "prelu": 5.0, "elu": 9.0}[c["activation"]]
    ),
    "C6": lambda c: 5.0 * (c["activation"] == "elu"),
    "C7": lambda c: 0.0,
    "C8": lambda c: 0.0,
}


def near(check: str, repetitions: int, count: int, expected: float) -> Row:
    error = 3 * math.sqrt(expected * (1 - expected) / repetitions)
    return Row(
        check, repetitions, count / repetitions, expected - error, min(0.05, expected) + error
    )


def wilcoxon_size(pairs: int) -> float:
    """Attainable two-sided size at .05, from the exact distribution of the signed-rank sum."""
    counts = np.ones(1)
    for rank in range(1, pairs + 1):
        counts = np.convolve(counts, np.r_[1.0, np.zeros(rank - 1), 1.0])
    tails = np.cumsum(counts) / 2**pairs
    return float(2 * max([t for t in tails if 2 * t <= 0.05], default=0.0))


def sign_test_size(changed: int) -> float:
    lower = binom.cdf(np.arange(changed + 1), changed, 0.5)
    return float(2 * max([p for p in lower if 2 * p <= 0.05], default=0.0))
