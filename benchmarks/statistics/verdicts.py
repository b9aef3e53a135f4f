"""What is promised of verdicts beside the crossing.

Equivalence at a true difference of exactly the margin, fixed or estimated; false discoveries among
180 pairs; power in a quiet network; leaders that change with regularization; planned looks; new
test images. Shapes: K seeds, N test images.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from actwise.analysis.decision import decide
from actwise.analysis.differences import PairRow, all_pairs
from actwise.analysis.model import fit_model
from actwise.analysis.precision import errors_on_images, nominal_level
from actwise.analysis.table import Cell, Condition
from benchmarks.statistics.crossing import is_conclusive
from benchmarks.statistics.truths import (
    EQUAL,
    NUM_SEEDS,
    UNEQUAL,
    Design,
    Row,
    at_least,
    at_most,
    covers,
    has_level,
    stated,
)

ONE_NETWORK = {"model": ("resnet18",)}


def equivalence(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """ELU leads the two others by exactly the margin in both conditions of a network."""
    cases = (
        ("margin .5: SD .3", 80.0, 0.5, 0.3),
        ("margin .5: SD .1", 80.0, 0.5, 0.1),
        ("tenth of the errors: 1 %, SD .05", 99.0, 0.1, 0.05),
        ("tenth of the errors: 1 %, SD .02", 99.0, 0.1, 0.02),
        ("tenth of the errors: 5 %, as large as .5, SD .2", 95.0, 0.5, 0.2),
    )
    for (study, best, margin, deviation), num_seeds in product(cases, NUM_SEEDS):
        design = Design(
            num_seeds,
            {"resnet18": deviation},
            "seeds common",
            levels=ONE_NETWORK,
            shift=partial(_behind_elu, by=margin),
            center=best,
        )
        pairs, sets = [], []
        for _ in range(repetitions // 2):
            model = fit_model(design.draw(generator))
            rows = [row for row in all_pairs(model) if "elu" in (row.a, row.b)]
            pairs.append(np.mean([row.judged.verdict == "equivalent" for row in rows]))
            (network,) = decide(model, hardly_learned=frozenset()).networks
            sets.append(network.kind == "any_of" and "elu" in network.levels)
        yield at_most("equivalent at margin", study, num_seeds, pairs)
        yield stated("any of at margin", study, num_seeds, sets)


def discoveries(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Share of false rows among those called better or worse, of 180 pairs."""
    regularizations = tuple(f"r{place}" for place in range(30))
    activations = ("relu", "prelu", "selu", "elu")
    levels = {**ONE_NETWORK, "regularization": regularizations, "activation": activations}
    for num_true, num_seeds in product((0, 6, 36), NUM_SEEDS):
        # One of four levels is ahead: three true differences a condition.
        changed = frozenset(regularizations[: num_true // 3])
        shift = partial(_elu_ahead, where=changed, by=2.5)
        design = Design(num_seeds, levels=levels, shift=shift)
        shares = []
        for _ in range(repetitions // 4):
            rows = all_pairs(fit_model(design.draw(generator)), margin=0.0)
            called = [row for row in rows if is_conclusive(row.judged)]
            false = [row for row in called if not _is_true(row, changed)]
            shares.append(len(false) / max(1, len(called)))
        yield at_most("false share of 180 pairs", f"{num_true} true ones", num_seeds, shares)


def powers(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """A true 1.5 points in one condition of the quiet one of two networks, among 12 pairs."""
    for num_seeds in NUM_SEEDS:
        shift = partial(_elu_ahead, where=frozenset(("bn",)), by=1.5, model="resnet18")
        design = Design(num_seeds, UNEQUAL, "seeds by network", shift=shift)
        found, fragile = [], []
        for _ in range(repetitions):
            rows = all_pairs(fit_model(design.draw(generator)), margin=0.0)
            (row,) = (r for r in rows if _is_quiet(r) and {r.a, r.b} == {"relu", "elu"})
            found.append(row.judged.verdict == ("better" if row.a == "elu" else "worse"))
            if found[-1]:
                fragile.append(row.judged.is_fragile)
        check, study = "power for 1.5 points", "SD 2.2 and .66"
        if num_seeds == 5:
            yield at_least(check, study, num_seeds, found, level=0.60)
        else:
            yield stated(check, study, num_seeds, found)
        yield stated("of these fragile", study, num_seeds, fragile)


def changing_leaders(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """A best level lost where ELU leads with augmentation and PReLU by as much without."""
    for by, num_seeds in product((0.5, 1.0, 2.0, 4.0), NUM_SEEDS):
        design = Design(num_seeds, EQUAL, "seeds by condition", shift=partial(_changing, by=by))
        lost = []
        for _ in range(repetitions // 4):
            decision = decide(fit_model(design.draw(generator)), hardly_learned=frozenset())
            sets = [found for network in decision.networks for found in network.sets]
            lost.append(any(_best(found.condition) not in found.kept for found in sets))
        yield at_most("decision: best level lost", f"changing leaders: by {by} SD", num_seeds, lost)


def looks(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Any p at planned looks at 3, 5 and 8 seeds of two activations."""
    levels = {**ONE_NETWORK, "regularization": ("bn",), "activation": ("relu", "elu")}
    at = (3, 5, 8)
    level = nominal_level(at)
    designs = [Design(num_seeds, levels=levels) for num_seeds in at]
    weights = {("cifar10", "resnet18", "bn", a): w for a, w in (("elu", 1.0), ("relu", -1.0))}
    smallest = []
    for _ in range(repetitions):
        runs_LS = designs[-1].draw(generator).response_R.reshape(2, -1)
        models = [
            fit_model(design.base.with_response(runs_LS[:, : design.num_seeds].ravel()))
            for design in designs
        ]
        smallest.append(min(model.contrast(weights).p_value() for model in models))
    check = "any p at looks at 3, 5, 8 seeds"
    yield has_level(check, f"each at {level:.4f}", at[-1], [p <= level for p in smallest])
    yield stated(check, "each at .05", at[-1], [p <= 0.05 for p in smallest])


def new_images(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Coverage on new images of two activations that are equal over all images.

    Each likes other images where ``liking`` is above 0; all runs differ besides.
    """
    cases = (("they decide", 0.8, 0.02), ("both decide", 0.6, 0.1), ("seeds decide", 0.0, 0.1))
    for (study, liking, run_deviation), num_seeds in product(cases, NUM_SEEDS):
        covered = []
        for _ in range(repetitions):
            ease_N = generator.normal(1.5, 1.0, 500)
            arms = [
                generator.standard_normal((num_seeds, 500))
                < ease_N
                + generator.normal(0.0, liking, 500)
                + generator.normal(0.0, run_deviation, (num_seeds, 1))
                for _ in range(2)
            ]
            low, high = errors_on_images(*arms).new.interval()
            covered.append(low <= 0.0 <= high)
        yield covers("coverage", f"new test images: {study}", num_seeds, covered)


def _behind_elu(cell: Cell, *, by: float) -> float:
    return 0.0 if cell[3] == "elu" else -by


def _elu_ahead(cell: Cell, *, where: frozenset[str], by: float, model: str | None = None) -> float:
    return by * (cell[3] == "elu" and cell[2] in where and model in (None, cell[1]))


def _changing(cell: Cell, *, by: float) -> float:
    return by * (cell[3] == _best((("regularization", cell[2]),)))


def _best(condition: Condition | None) -> str:
    """The level that leads in a condition; over both ELU and PReLU tie, and ELU stands for them."""
    is_without = condition is not None and ("regularization", "bn") in condition
    return "prelu" if is_without else "elu"


def _is_true(row: PairRow, changed: frozenset[str]) -> bool:
    return "elu" in (row.a, row.b) and dict(row.condition)["regularization"] in changed


def _is_quiet(row: PairRow) -> bool:
    return {("model", "resnet18"), ("regularization", "bn")} <= set(row.condition)
