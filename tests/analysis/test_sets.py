"""The levels that may be the best."""

from typing import Any

import numpy as np
import pytest

from actwise.analysis.differences import LevelSet, by_network, level_set
from actwise.analysis.model import Model, fit_model
from actwise.analysis.table import Floats, Observations
from made.cases import case, observe, paper
from made.studies import LEVELS, Truth, made_rows

ONE = {"dataset": ("cifar10",), "activation": ("relu", "prelu", "elu")}
NETWORK = {**LEVELS, "dataset": ("cifar10",), "model": ("vgg16",)}


def set_of(
    model: Model, *, level: float = 0.025, margin: float | None = None, network: str | None = None
) -> LevelSet:
    """Over all conditions, or those of one network."""
    conditions = [
        entry.condition
        for entry in model.conditions
        if network is None or ("model", network) in entry.condition
    ]
    return level_set(model, conditions, level=level, margin=margin)


def model_of(truth: dict[str, float], **settings: Any) -> Model:
    levels = settings.pop("levels", {**ONE, "activation": tuple(truth)})
    settings = {"seeds": 8, "generator": np.random.default_rng(3)} | settings
    made: Truth = lambda cell: truth[cell["activation"]]
    return fit_model(observe(made_rows(truth=made, levels=levels, **settings)))


def unpaired(samples: dict[str, Floats]) -> Model:
    rows = [
        {"dataset": "cifar10", "activation": level, "test_accuracy": value}
        for level, values in samples.items()
        for value in values
    ]
    return fit_model(observe(rows))


def test_levels_that_no_other_is_ahead_of_are_kept_and_ranked() -> None:
    found = set_of(model_of({"relu": 80.0, "prelu": 92.0, "elu": 91.9}))
    assert [row.level for row in found.levels] == ["prelu", "elu", "relu"]
    assert found.kept == ("prelu", "elu")
    first, second, last = found.levels
    assert first.behind_best.value == pytest.approx(second.mean - first.mean)
    assert last.behind_best.value == pytest.approx(first.mean - last.mean)
    assert (last.may_be_best, last.kept_by) == (False, ())


def test_one_level_far_ahead_is_alone() -> None:
    found = set_of(model_of({"relu": 80.0, "elu": 85.0}))
    assert (found.kind, found.kept, found.why) == ("use", ("elu",), ())


def test_equal_levels_are_any_of_and_wide_ones_not_told_apart() -> None:
    truth = {"relu": 80.0, "prelu": 80.0, "elu": 70.0}
    narrow, wide = (set_of(model_of(truth, sd=sd)) for sd in (0.1, 2.0))
    assert (narrow.kind, set(narrow.kept)) == ("any_of", {"relu", "prelu"})
    assert (wide.kind, set(wide.kept)) == ("not_told_apart", {"relu", "prelu"})
    assert set_of(model_of(truth, sd=0.1), margin=0.01).kind == "not_told_apart"


def test_a_stricter_level_keeps_more() -> None:
    model = model_of({"relu": 80.0, "prelu": 80.3, "elu": 80.6}, sd=0.3)
    kept = [set(set_of(model, level=level).kept) for level in (0.2, 0.025, 1e-6)]
    assert kept[0] < kept[1] <= kept[2]
    assert kept[2] == {"relu", "prelu", "elu"}


def test_a_level_is_joined_by_what_its_own_variance_keeps() -> None:
    """Two levels scatter tenfold; the pooled variance is that of ten quiet ones."""
    generator = np.random.default_rng(2)
    quiet = {f"a{place}": 70 + generator.normal(0, 0.1, 6) for place in range(10)}
    loud = {"relu": 80 + generator.normal(0, 3.0, 6), "elu": 83 + generator.normal(0, 3.0, 6)}
    rows = [
        {"dataset": "cifar10", "activation": name, "seed": seed, "test_accuracy": float(value)}
        for name, values in {**quiet, **loud}.items()
        for seed, value in enumerate(values)
    ]
    found = set_of(fit_model(observe(rows)))
    by = {row.level: row.kept_by for row in found.levels if row.may_be_best}
    assert by == {"elu": ("pooled", "own"), "relu": ("own",)}
    assert found.kind != "use"


def test_where_there_is_no_own_variance_it_is_said() -> None:
    assert set_of(model_of({"relu": 80.0, "elu": 85.0}, seeds=4)).why == ("no-own-variance",)
    over_two = {**NETWORK, "activation": ("relu", "elu")}
    assert set_of(model_of({"relu": 80.0, "elu": 85.0}, seeds=3, levels=over_two)).why == ()


def test_means_are_over_the_conditions_that_have_every_level() -> None:
    rows = made_rows(seeds=5, generator=np.random.default_rng(0), levels=NETWORK)
    lacking = [r for r in rows if (r["regularization"], r["activation"]) != ("bn", "elu")]
    found = set_of(fit_model(observe(lacking)))
    assert [dict(c)["regularization"] for c in found.conditions] == ["bn+aug"]
    assert [dict(c)["regularization"] for c in found.incomplete] == ["bn"]
    never = [r for r in rows if (r["regularization"] == "bn") == (r["activation"] == "elu")]
    assert set_of(fit_model(observe(never))).kind == "nothing"
    alone = [r for r in rows if r["activation"] == "elu"]
    assert set_of(fit_model(observe(alone))).kind == "nothing"


def test_a_missing_run_does_not_let_a_lucky_seed_rank() -> None:
    rows = [
        {"dataset": "cifar10", "activation": a, "seed": s, "test_accuracy": 70 + 5 * s + lead}
        for a, lead in (("relu", 1.0), ("elu", 0.0))
        for s in range(4)
        if (a, s) != ("relu", 3)
    ]
    rows[0]["test_accuracy"] += 0.1
    found = set_of(fit_model(observe(rows)))
    # The plain mean of elu, which has the best seed, is ahead.
    assert [row.level for row in found.levels] == ["relu", "elu"]


def test_one_run_at_chance_is_named_and_keeps_what_it_would_keep() -> None:
    model = fit_model(case("one_run_at_chance"))
    vgg16, resnet18 = (set_of(model, network=name) for name in ("vgg16", "resnet18"))
    assert vgg16.why == ("stuck",) and resnet18.why == ()
    assert (resnet18.kind, resnet18.kept) == ("use", ("elu",))
    # ReLU with its lost run is worse still: nothing else comes in.
    assert (vgg16.kind, vgg16.kept) == ("use", ("elu",))


def test_a_leader_that_would_lose_with_its_lost_runs_is_not_alone() -> None:
    levels = {"dataset": ("cifar10",), "activation": ("relu", "elu")}
    truth: Truth = lambda cell: 80.0 + 2 * (cell["activation"] == "elu")
    rows = made_rows(seeds=8, generator=np.random.default_rng(0), levels=levels, truth=truth)
    rows[-1].update(status="diverged", test_accuracy=None)
    found = set_of(fit_model(observe(rows)))
    assert found.why == ("diverged",)
    assert {row.level: row.kept_by for row in found.levels} == {
        "elu": ("pooled", "own"),
        "relu": ("at chance",),
    }
    assert found.kind == "not_told_apart"


def test_a_level_with_lost_runs_is_never_one_of_any() -> None:
    rows = made_rows(
        seeds=10,
        generator=np.random.default_rng(0),
        levels={"dataset": ("cifar10",), "activation": ("relu", "prelu")},
        sd=0.1,
    )
    rows[-1]["test_accuracy"] = 10.0
    found = set_of(fit_model(observe(rows)))
    assert (found.kind, set(found.kept)) == ("not_told_apart", {"relu", "prelu"})


def test_where_guessing_is_not_known_lost_runs_keep_every_level() -> None:
    levels = {"dataset": ("mine",), "activation": ("relu", "elu")}
    truth: Truth = lambda cell: 80.0 + 5 * (cell["activation"] == "elu")
    rows = made_rows(seeds=8, generator=np.random.default_rng(0), levels=levels, truth=truth)
    rows[0].update(status="diverged", test_accuracy=None)
    assert set(set_of(fit_model(observe(rows))).kept) == {"relu", "elu"}


def test_halved_errors_near_the_ceiling_are_never_any_of() -> None:
    model = fit_model(case("halved_errors"))
    for network in ("lenet", "mlp"):
        found = set_of(model, level=0.0125, network=network)
        assert (found.kind, found.kept) == ("use", ("elu",))
        assert found.margin.points < 0.1
    # Two levels at 99 % that tie within a twentieth of a point are not alike enough with noise.
    pair = [
        {"dataset": "mnist", "activation": a, "seed": s, "test_accuracy": v}
        for a, values in (("relu", (99.0, 98.9, 99.1)), ("elu", (99.5, 99.3, 99.4)))
        for s, v in enumerate(values)
    ]
    assert set_of(fit_model(observe(pair))).kind != "any_of"


def test_a_planted_crossover_has_another_best_level_in_each_network() -> None:
    model = fit_model(case("crossover"))
    assert len(by_network(model)) == 2
    kept = {name: set_of(model, level=0.0125, network=name).kept for name in ("vgg16", "resnet18")}
    assert kept == {"vgg16": ("elu",), "resnet18": ("relu",)}


def test_lower_is_better_keeps_the_smallest() -> None:
    rows = [
        {"dataset": "cifar10", "activation": a, "seed": s, "test_error": v + noise}
        for a, v in (("relu", 20.0), ("elu", 15.0))
        for s, noise in enumerate(np.random.default_rng(0).normal(0, 0.2, 6))
    ]
    rows[0]["test_error"] += 0.1
    found = set_of(fit_model(observe(rows, response="test_error", higher_is_better=False)))
    assert (found.kind, found.kept) == ("use", ("elu",))
    assert found.levels[1].behind_best.value > 0


def test_single_runs_and_runs_without_noise_tell_nothing() -> None:
    found = level_set(
        fit_model(paper()), [fit_model(paper()).conditions[0].condition], level=0.02, margin=None
    )
    assert found.kind == "not_told_apart" and "single-run" in found.why
    flat = set_of(model_of({"relu": 80.0, "elu": 85.0}, sd=0.0))
    assert flat.kind == "not_told_apart" and "no-noise" in flat.why


@pytest.mark.parametrize("counts", [(30, 2, 2, 2, 2, 2), (4, 4, 4, 4, 4, 4)])
def test_the_best_of_equal_levels_stays_with_unequal_numbers_of_runs(
    counts: tuple[int, ...],
) -> None:
    missed, repetitions = 0, 200
    for repetition in range(repetitions):
        generator = np.random.default_rng(repetition)
        samples = {
            name: 80 + generator.normal(0, 1, size=count)
            for name, count in zip("abcdef", counts, strict=True)
        }
        missed += "a" not in set_of(unpaired(samples), level=0.05).kept
    assert missed / repetitions <= 0.05 + 3 * (0.05 * 0.95 / repetitions) ** 0.5


def test_a_rival_that_is_not_the_best_but_precise_can_exclude_a_level() -> None:
    samples = {
        "few": np.array([82.0, 80.2]),
        "many": 80.9 + np.tile([-1.0, 1.0], 100),
        "low": 79.9 + np.tile([-1.0, 1.0], 100),
    }
    found = set_of(unpaired(samples))
    assert [row.level for row in found.levels] == ["few", "many", "low"]
    assert "low" not in {row.level for row in found.levels if "pooled" in row.kept_by}
    assert {"few", "many"} <= set(found.kept)


def test_no_runs_no_set() -> None:
    model = fit_model(Observations.from_rows([], factors=tuple(LEVELS)))
    assert set_of(model).kind == "nothing"
