"""Pairs in conditions, the best against the second best, the incumbent, one pair in full."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from actwise.analysis.differences import (
    against_incumbent,
    all_pairs,
    choose_incumbent,
    one_pair,
    separations,
)
from actwise.analysis.differences.dunnett import dunnett_p
from actwise.analysis.model import Model, NotEstimableError, fit_model
from actwise.analysis.table import Floats, Observations
from actwise.errors import UnknownNameError
from made.cases import case, cifar_mini, observe, paper
from made.studies import LEVELS, Truth, made_rows

PAPER_Z = {
    ("cifar10", "vgg16-table1", "bn+dropout"): ("prelu", 1.58),
    ("cifar10", "vgg16-table1", "bn+dropout+aug"): ("elu", 0.53),
    ("cifar10", "resnet18-table2", "bn+dropout"): ("prelu", 2.87),
    ("cifar10", "resnet18-table2", "bn+dropout+aug"): ("relu", 0.43),
    ("cifar100", "vgg16-table1", "bn+dropout"): ("prelu", 2.27),
    ("cifar100", "vgg16-table1", "bn+dropout+aug"): ("elu", 1.89),
    ("cifar100", "resnet18-table2", "bn+dropout"): ("prelu", 6.30),
    ("cifar100", "resnet18-table2", "bn+dropout+aug"): ("elu", 0.73),
}


def study(truth: Truth = lambda cell: 80.0, **settings: Any) -> Model:
    levels = {**LEVELS, "dataset": ("cifar10",), **settings.pop("levels", {})}
    settings = {"seeds": 5, "generator": np.random.default_rng(1)} | settings
    return fit_model(observe(made_rows(truth=truth, levels=levels, **settings)))


def unpaired(samples: dict[str, Floats]) -> Model:
    rows = [
        {"activation": level, "test_accuracy": value}
        for level, values in samples.items()
        for value in values
    ]
    return fit_model(Observations.from_rows(rows, factors=("activation",)))


def test_the_papers_separations() -> None:
    rows = separations(fit_model(paper()))
    found = {
        tuple(level for _, level in row.condition): (
            row.best,
            round(row.judged.estimates[0].statistic(), 2),
        )
        for row in rows
    }
    assert found == PAPER_Z
    assert not any(row.is_tie for row in rows)


def test_after_holm_two_separations_remain_and_with_the_run_sd_one() -> None:
    rows = separations(fit_model(paper()))
    binomial, with_run_sd = (
        [dict(row.condition) for row in rows if row.judged.p[i].adjusted <= 0.05] for i in (0, 1)
    )
    assert [c["dataset"] for c in binomial] == ["cifar10", "cifar100"]
    assert {c["model"] for c in binomial} == {"resnet18-table2"}
    assert [dict(row.condition) for row in rows if row.is_separated] == with_run_sd
    assert [c["dataset"] for c in with_run_sd] == ["cifar100"]
    assert {(p.size, p.method) for row in rows for p in row.judged.p} == {(8, "holm")}


def test_a_tie_has_no_best_and_noise_free_runs_no_separation() -> None:
    rows = [
        {"activation": a, "seed": s, "test_accuracy": 70.0 + s}
        for a in ("relu", "elu")
        for s in range(4)
    ]
    (row,) = separations(fit_model(observe(rows)))
    assert row.is_tie and not row.is_separated


def test_every_pair_of_every_condition_is_judged_in_one_family() -> None:
    rows = all_pairs(study())
    assert len(rows) == 12
    assert {(p.family, p.size, p.method) for row in rows for p in row.judged.p} == {
        ("pairs in conditions", 12, "holm")
    }


def test_more_than_fifty_rows_are_exploratory() -> None:
    names = tuple(f"a{place}" for place in range(12))
    levels = {"model": ("vgg16",), "regularization": ("bn",), "activation": names}
    rows = all_pairs(study(levels=levels, seeds=3))
    assert len(rows) == 66
    p_values = [row.judged.p[-1] for row in rows]
    assert {p.method for p in p_values} == {"benjamini-hochberg"}
    assert all("exploratory" in p.family for p in p_values)
    # On two-sided p.
    expected = stats.false_discovery_control([row.judged.estimate.p_value() for row in rows])
    assert [p.adjusted for p in p_values] == pytest.approx(list(expected))


def test_a_pair_that_is_asked_for_turns_around_and_stays_in_its_family() -> None:
    model = study()
    listed, turned = all_pairs(model), all_pairs(model, direction=("elu", "relu"))
    assert len(turned) == len(listed)
    for row, other in zip(turned, listed, strict=True):
        assert row.judged.p[0].adjusted == other.judged.p[0].adjusted
        if {row.a, row.b} == {"relu", "elu"}:
            assert (row.a, row.b) == ("elu", "relu")
            assert row.judged.estimate.value == -other.judged.estimate.value


def test_a_cell_whose_every_run_diverged_is_in_no_pair() -> None:
    rows = made_rows(
        seeds=3, generator=np.random.default_rng(2), levels={"activation": ("relu", "elu", "tanh")}
    )
    for row in rows:
        if row["activation"] == "tanh":
            row.update(status="diverged", test_accuracy=None)
    assert {(row.a, row.b) for row in all_pairs(fit_model(observe(rows)))} == {("relu", "elu")}


def test_lower_is_better_ranks_the_other_way() -> None:
    rows = [
        {"activation": a, "seed": s, "test_error": v + s / 10}
        for a, v in (("relu", 9.0), ("elu", 8.0), ("selu", 7.0))
        for s in range(4)
    ]
    rows[0]["test_error"] += 0.01
    model = fit_model(observe(rows, response="test_error", higher_is_better=False))
    (row,) = separations(model)
    assert (row.best, row.second) == ("selu", "elu")
    assert row.judged.estimate.value == pytest.approx(-1.0)
    verdicts = {(r.a, r.b): r.judged.verdict for r in all_pairs(model)}
    assert set(verdicts.values()) == {"worse"}


def test_no_runs_no_rows() -> None:
    model = fit_model(Observations.from_rows([], factors=tuple(LEVELS)))
    assert all_pairs(model) == separations(model) == against_incumbent(model, "relu") == ()
    assert choose_incumbent(model) is None


def test_relu_is_the_incumbent_or_the_first_level() -> None:
    assert choose_incumbent(study()) == "relu"
    assert choose_incumbent(study(levels={"activation": ("elu", "relu")})) == "relu"
    assert choose_incumbent(study(levels={"activation": ("elu", "selu")})) == "elu"


def test_levels_against_the_incumbent_are_dunnetts_times_the_networks() -> None:
    rows = against_incumbent(fit_model(cifar_mini()), "relu")
    assert len(rows) == 8
    for row in rows:
        (p,) = row.judged.p
        assert (p.method, p.size) == ("dunnett", 8)
        assert p.adjusted >= p.p
        (alone,) = dunnett_p(
            [row.judged.estimate.statistic()], variances=[1.0, 1.0], control_variance=1.0, df=16
        )
        assert p.adjusted == pytest.approx(min(1.0, 4 * alone), rel=1e-6)
        assert row.judged.own is not None and row.judged.own.df == 8
    prelu = next(r for r in rows if r.level == "prelu" and r.network[1][1] == "resnet18-table2")
    assert prelu.judged.estimate.p_value() == pytest.approx(0.0117, abs=5e-5)
    assert prelu.judged.verdict == "undecided"


@pytest.mark.parametrize("counts", [(30, 3, 3, 3, 3, 3), (3, 8, 3, 20, 5, 4)])
def test_dunnett_takes_the_variance_of_each_mean(counts: tuple[int, ...]) -> None:
    generator = np.random.default_rng(4)
    names = ("relu", "a", "b", "c", "d", "e")
    samples = {
        name: 80 + 0.5 * place + generator.normal(0, 2, size=count)
        for place, (name, count) in enumerate(zip(names, counts, strict=True))
    }
    rows = against_incumbent(unpaired(samples), "relu")
    control, *arms = samples.values()
    oracle = stats.dunnett(*arms, control=control, rng=np.random.default_rng(0))
    found = [row.judged.p[-1].adjusted for row in rows]
    assert found == pytest.approx(list(oracle.pvalue), abs=2e-3)


def test_an_adjusted_p_is_never_below_the_raw_one() -> None:
    for seed in range(5):
        model = study(generator=np.random.default_rng(seed), sd=1.0)
        rows = [*all_pairs(model), *separations(model), *against_incumbent(model, "relu")]
        assert all(p.adjusted >= p.p for row in rows for p in row.judged.p)


def test_where_a_network_lacks_the_incumbent_it_has_no_row() -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(0), levels=dict(LEVELS))
    kept = [r for r in rows if r["model"] == "resnet18" or r["activation"] != "relu"]
    found = against_incumbent(fit_model(observe(kept)), "relu")
    assert {dict(row.network)["model"] for row in found} == {"resnet18"}


def test_one_pair_in_full_is_its_mean_and_what_changes_it() -> None:
    model = study(
        lambda c: 80 + 3 * (c["activation"] == "elu") * (c["model"] == "vgg16"),
    )
    for pair, verdict in ((("elu", "relu"), "better"), (("relu", "elu"), "worse")):
        rows, refusals = one_pair(model, pair)
        assert refusals == ()
        (mean,) = (row for row in rows if row.kind == "mean")
        assert mean.judged.verdict == verdict
        assert abs(mean.judged.estimate.value) == pytest.approx(1.5, abs=0.3)
        changes = [row for row in rows if row.kind == "change"]
        assert len(changes) == 4
        by_model = [row for row in changes if "vgg16 - resnet18" in row.name]
        assert {row.judged.verdict for row in by_model} == {verdict}
        assert {p.size for row in changes for p in row.judged.p} == {4}
        by_regularization = [row for row in changes if row not in by_model]
        assert len(by_model) == len(by_regularization) == 2
        assert {row.judged.verdict for row in by_regularization} <= {"equivalent", "undecided"}


def test_what_of_a_pair_is_not_estimable_is_refused_with_its_cells() -> None:
    rows = made_rows(
        seeds=3, generator=np.random.default_rng(0), levels={**LEVELS, "dataset": ("cifar10",)}
    )
    lacking = ("cifar10", "vgg16", "bn", "elu")
    kept = [r for r in rows if tuple(r[name] for name in LEVELS) != lacking]
    found, refusals = one_pair(fit_model(observe(kept)), ("elu", "relu"))
    assert {row.kind for row in found} == {"change"}
    assert [refusal.missing for refusal in refusals] == [(lacking,)] * 2
    with pytest.raises(UnknownNameError, match="no level of activation is named 'gelu'"):
        one_pair(study(), ("gelu", "relu"))
    never = [r for r in rows if (r["activation"] == "elu") == (r["model"] == "vgg16")]
    with pytest.raises(NotEstimableError, match="elu - relu is not estimable"):
        one_pair(fit_model(observe(never)), ("elu", "relu"))


def test_halved_errors_count_in_every_table() -> None:
    model = fit_model(case("halved_errors"))
    incumbent = against_incumbent(model, "relu")
    assert {row.judged.verdict for row in incumbent} == {"better"}
    assert all(row.is_separated for row in separations(model))
    assert all(not math.isnan(row.judged.margin.points) for row in incumbent)
