"""What is promised of every study: families, intervals, tests and decisions, fully crossed.

Two networks with equal and with unequal run SDs, seeds that act on all runs, by network, by
condition, not at all, or are not known, and no or one missing run. Nothing differs in truth, and
the margin is 0, so that no error hides behind "equivalent". What assumptions that fail do to the
same numbers is stated.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from actwise.analysis.decision import Decision, decide
from actwise.analysis.differences import Judged, against_incumbent, all_pairs, separations
from actwise.analysis.effects import decompose
from actwise.analysis.model import Estimate, Model, Weights, fit_model
from actwise.analysis.table import Cell, Floats
from benchmarks.statistics.truths import (
    EQUAL,
    LEVELS,
    NUM_SEEDS,
    SEEDS,
    UNEQUAL,
    Design,
    Row,
    at_least,
    at_most,
    covers,
    has_level,
    stated,
)

MODELS, REGULARIZATIONS, ACTIVATIONS = (
    LEVELS[name] for name in ("model", "regularization", "activation")
)
BEST = "elu"
"""Stands for the best of activations that are all the same."""
LACKING: Cell = ("cifar10", "resnet18", "bn", "elu")
"""The cell that lacks a run."""
MINI_DEVIATIONS: Mapping[Cell, float] = {
    ("cifar10", model, regularization, activation): deviation
    for (model, regularization), deviations in {
        ("vgg16", "bn"): (3.025, 0.700, 0.692),
        ("vgg16", "bn+aug"): (3.288, 1.609, 0.888),
        ("resnet18", "bn"): (0.608, 0.549, 0.554),
        ("resnet18", "bn+aug"): (1.436, 0.546, 0.924),
    }.items()
    for activation, deviation in zip(ACTIVATIONS, deviations, strict=True)
}
"""Run SDs of the twelve cells of results/cifar-mini on CIFAR-10, in points."""


def crossed() -> Iterator[tuple[str, Design]]:
    """The full crossing; names say the run SDs, then what seeds do and what is missing."""
    spreads = {"equal SD": EQUAL, "SD 2.2 and .66": UNEQUAL}
    for (spread, deviations), seeds, is_missing, num_seeds in product(
        spreads.items(), SEEDS, (False, True), NUM_SEEDS
    ):
        missing = ((LACKING, num_seeds - 1),) if is_missing else ()
        missing_text = "one run missing" if is_missing else "complete"
        name = f"crossed: {spread}, {seeds}, {missing_text}"
        yield name, Design(num_seeds, deviations, seeds, missing=missing)


def strained() -> Iterator[tuple[str, Design]]:
    """Studies beside the model, and the plain one to compare them with."""
    for num_seeds in NUM_SEEDS:
        yield "as assumed", Design(num_seeds)
        two = {"activation": ("relu", BEST)}
        yield "as assumed, two activations", Design(num_seeds, levels=two)
        cells = Design(num_seeds, cell_deviations=MINI_DEVIATIONS)
        yield "cell SDs of cifar-mini, 3.3 to .5", cells
        yield "heavy tails (t with 3 df)", Design(num_seeds, noise=_heavy)
        yield "one run 6 SD off", Design(num_seeds, noise=_with_outlier)
        strong = Design(num_seeds, seeds="seeds common", seed_deviation=3.0)
        yield "seeds common, 3 run SDs", strong


def promised_rows(
    name: str, design: Design, repetitions: int, generator: np.random.Generator
) -> Iterator[Row]:
    """The rows of one design of the crossing."""
    for check, shares in count(design, repetitions, generator).items():
        if check in ("family: pairs, fragile left out", "decision: one level left alone"):
            continue
        if check.startswith(("family", "decision")):
            yield at_most(check, name, design.num_seeds, shares)
        elif check == "coverage: differences":
            yield covers(check, name, design.num_seeds, shares)
        elif check.startswith("coverage"):
            yield at_least(check, name, design.num_seeds, shares, level=0.93)
        else:
            yield has_level(check, name, design.num_seeds, shares)


def stated_rows(
    name: str, design: Design, repetitions: int, generator: np.random.Generator
) -> Iterator[Row]:
    """The rows of one strained design."""
    for check, shares in count(design, repetitions // 2, generator).items():
        yield stated(check, name, design.num_seeds, shares)


def count(
    design: Design, repetitions: int, generator: np.random.Generator
) -> Mapping[str, list[float]]:
    """Of each study, whether or how often what is counted came; without what it does not have.

    Intervals are counted in every second study and decisions, which take longest, in every fourth.
    """
    asked = contrasts(design)
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(repetitions):
        model = fit_model(design.draw(generator))
        pairs = [row.judged for row in all_pairs(model, margin=0.0)]
        called = [row for row in pairs if is_conclusive(row)]
        found["family: pairs"].append(bool(called))
        found["family: pairs, fragile left out"].append(any(not r.is_fragile for r in called))
        incumbent = [row.judged for row in against_incumbent(model, "relu", margin=0.0)]
        found["family: against ReLU"].append(any(map(is_conclusive, incumbent)))
        apart = separations(model, margin=0.0)
        found["family: best and second"].append(any(row.is_separated for row in apart))
        found["type I error: t"].append(np.mean([row.estimate.p_value() <= 0.05 for row in pairs]))
        found["type I error: F"].append(np.mean([p <= 0.05 for p in f_tests(model)]))
        for kind, rows in asked.items() if number % 2 == 0 else ():
            share = coverage([model.contrast(weights) for weights, _ in rows], [t for _, t in rows])
            if share is not None:
                found[f"coverage: {kind}"].append(share)
        if number % 4 == 0:
            decision = decide(model, hardly_learned=frozenset())
            found["decision: best level lost"].append(is_lost(decision, BEST))
            alone = any(row.kind == "use" for row in decision.networks)
            found["decision: one level left alone"].append(alone)
    return found


def contrasts(design: Design) -> Mapping[str, list[tuple[Weights, float]]]:
    """What intervals are asked for, with the truth, by the error that judges it."""
    found: dict[str, list[Weights]] = defaultdict(list)
    activations = design.levels.get("activation", ACTIVATIONS)
    first, second = REGULARIZATIONS
    for network in MODELS:
        cells = {(r, a): ("cifar10", network, r, a) for r in REGULARIZATIONS for a in activations}
        for a, b in zip(activations, (*activations[1:], activations[0]), strict=True):
            each = [{cells[r, a]: 1.0, cells[r, b]: -1.0} for r in REGULARIZATIONS]
            found["differences"] += each
            found["differences"].append({**each[0], **{c: -w for c, w in each[1].items()}})
            found["one gain"].append({cells[second, a]: 1.0, cells[first, a]: -1.0})
            found["one mean"] += [{cells[r, a]: 1.0} for r in REGULARIZATIONS]
        share = 1.0 / len(activations)
        found["a network"] += [
            dict.fromkeys(cells.values(), share / 2),
            {cell: share if r == second else -share for (r, _), cell in cells.items()},
        ]
    return {
        kind: [(weights, sum(w * design.truth(c) for c, w in weights.items())) for weights in rows]
        for kind, rows in found.items()
    }


def coverage(estimates: list[Estimate], truths: list[float]) -> float | None:
    """Share of the intervals that hold the truth; None without any interval."""
    inside = [
        e.interval()[0] <= truth <= e.interval()[1]
        for e, truth in zip(estimates, truths, strict=True)
        if e.is_testable
    ]
    return float(np.mean(inside)) if inside else None


def f_tests(model: Model) -> list[float]:
    """Of every term with the compared factor its p, over both networks."""
    (found,) = decompose([model])
    return [effect.test.p.p for effect in found.effects if effect.test is not None]


def is_lost(decision: Decision, best: str) -> bool:
    """Whether a set of any network lacks this level."""
    sets = [found for network in decision.networks for found in network.sets]
    return any(best not in found.kept for found in sets)


def is_conclusive(row: Judged) -> bool:
    """Whether a difference is called better or worse."""
    return row.verdict in ("better", "worse")


def _heavy(generator: np.random.Generator, size: int) -> Floats:
    """Student t with 3 degrees of freedom, scaled to SD 1."""
    return generator.standard_t(3, size) / np.sqrt(3.0)


def _with_outlier(generator: np.random.Generator, size: int) -> Floats:
    """Normal noise, and one run of the study 6 SD below."""
    noise_R = generator.normal(0.0, 1.0, size)
    noise_R[generator.integers(size)] -= 6.0
    return noise_R
