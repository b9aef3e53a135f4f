import math

import numpy as np
import pytest

from actwise.analysis.asked import pair_report
from actwise.analysis.conditions import separations, simple_effects
from actwise.analysis.evidence import gather
from actwise.analysis.gains import augmentation_gains
from actwise.analysis.ranking import ranking
from actwise.analysis.reading import load_bank
from actwise.analysis.table import Observations
from made.studies import LEVELS, made_rows, made_study

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


def one_condition(activations: dict[str, float], **settings: object) -> Observations:
    levels = {"dataset": ("cifar10",), "activation": tuple(activations)}
    return made_study(
        generator=np.random.default_rng(0),
        levels=levels,
        truth=lambda cell: activations[cell["activation"]],
        **settings,
    )


def test_the_papers_separations() -> None:
    rows = separations(gather(load_bank("paper").observations()))
    found = {
        tuple(level for _, level in row.condition): (row.best, row.estimates[0].statistic())
        for row in rows
    }
    assert set(found) == set(PAPER_Z)
    for condition, (best, z) in PAPER_Z.items():
        assert found[condition][0] == best
        assert found[condition][1] == pytest.approx(z, abs=5e-3)


def test_after_holm_two_separations_remain_and_with_run_sd_one() -> None:
    rows = separations(gather(load_bank("paper").observations()))
    binomial, with_run_sd = (
        [row.condition for row in rows if row.p[i].adjusted <= 0.05] for i in (0, 1)
    )
    assert [dict(c)["dataset"] for c in binomial] == ["cifar10", "cifar100"]
    assert {dict(c)["model"] for c in binomial} == {"resnet18-table2"}
    assert [row.condition for row in rows if row.is_separated] == with_run_sd
    assert [dict(c)["dataset"] for c in with_run_sd] == ["cifar100"]
    assert {row.p[0].size for row in rows} == {8}


def test_augmentation_gains_of_the_paper() -> None:
    gains = augmentation_gains(gather(load_bank("paper").observations()))
    found = {gain.activation: gain.estimate.value for gain in gains}
    expected = {"relu": 6.778, "prelu": 4.895, "elu": 7.895}
    assert found == pytest.approx(expected, abs=6e-4)
    assert augmentation_gains(gather(load_bank("caffenet").observations())) == ()


def test_every_network_and_data_set_counts_towards_the_gain_by_augmentation() -> None:
    base = {"seed": 0, "dataset": "mine", "regularization": "none", "activation": "relu"}
    accuracy = {
        ("mlp", "none"): 50.0,
        ("mlp", "aug"): 53.0,
        ("plain20", "none"): 60.0,
        ("plain20", "crop(2)+flip"): 65.0,
        ("plain20", "bn"): 70.0,
    }
    rows = [
        {**base, "model": m, "regularization": r, "seed": seed, "test_accuracy": value + seed}
        for (m, r), value in accuracy.items()
        for seed in (0, 1)
    ]
    (gain,) = augmentation_gains(gather(Observations.from_rows(rows, factors=tuple(LEVELS))))
    assert gain.activation == "relu"
    assert gain.estimate.value == pytest.approx(4.0)


def test_every_pair_of_every_condition_is_judged_in_one_family() -> None:
    rows = simple_effects(gather(load_bank("paper").observations()))
    assert len(rows) == 24
    assert {(p.family, p.size, p.method) for row in rows for p in row.p} == {
        ("simple effects", 24, "holm")
    }
    assert "equivalent" not in {row.verdict for row in rows}


def test_a_pair_that_is_asked_for_stays_in_the_family_of_all_pairs() -> None:
    evidence = gather(load_bank("paper").observations())
    rows = simple_effects(evidence, direction=("elu", "relu"))
    report = pair_report(evidence, ("elu", "relu"), rows)
    assert {(row.high, row.low) for row in report.simple} == {("elu", "relu")}
    assert len(report.simple) == 8
    assert {row.p[0].size for row in report.simple} == {24}
    as_listed = [row for row in simple_effects(evidence) if {row.high, row.low} == {"elu", "relu"}]
    for row, other in zip(report.simple, as_listed, strict=True):
        assert (other.high, other.low) == ("relu", "elu")
        assert row.estimate.value == -other.estimate.value
        assert row.p[0].adjusted == other.p[0].adjusted


def test_replicates_show_better_worse_and_equivalent() -> None:
    evidence = gather(one_condition({"relu": 90.0, "prelu": 92.0, "elu": 90.05}, seeds=10))
    found = {(row.high, row.low): row.verdict for row in simple_effects(evidence)}
    assert found == {
        ("relu", "prelu"): "worse",
        ("relu", "elu"): "equivalent",
        ("prelu", "elu"): "better",
    }


def test_more_than_fifty_rows_are_exploratory() -> None:
    observed = one_condition({f"a{i}": 90.0 for i in range(12)}, seeds=3)
    rows = simple_effects(gather(observed))
    assert len(rows) == 66
    assert rows[0].p[0].method == "benjamini-hochberg"
    assert "exploratory" in rows[0].p[0].family


def test_a_diverged_run_leaves_a_difference_undecided_where_it_matters() -> None:
    levels = {"dataset": ("cifar10",), "activation": ("relu", "elu")}
    rows = made_rows(
        seeds=5,
        generator=np.random.default_rng(1),
        levels=levels,
        truth=lambda cell: 90 + 2 * (cell["activation"] == "elu"),
    )
    rows[-1].update(status="diverged", test_accuracy=None)
    observed = Observations.from_rows(rows, factors=tuple(levels), blocked=True)
    (row,) = simple_effects(gather(observed))
    assert (row.verdict, row.reason) == ("undecided", "diverged")


def test_a_cell_whose_every_run_diverged_is_in_no_pair() -> None:
    levels = {"dataset": ("cifar10",), "activation": ("relu", "elu", "tanh")}
    rows = made_rows(seeds=3, generator=np.random.default_rng(2), levels=levels)
    for row in rows:
        if row["activation"] == "tanh":
            row.update(status="diverged", test_accuracy=None)
    evidence = gather(Observations.from_rows(rows, factors=tuple(levels)))
    assert {(row.high, row.low) for row in simple_effects(evidence)} == {("relu", "elu")}


def test_the_ranking_is_a_set() -> None:
    evidence = gather(one_condition({"relu": 90.0, "prelu": 92.0, "elu": 91.95}, seeds=10))
    rows = ranking(evidence, generator=np.random.default_rng(3))
    assert {row.level for row in rows if row.may_be_best} == {"prelu", "elu"}
    assert rows[-1].level == "relu"
    assert sum(row.probability_best for row in rows) == pytest.approx(1.0)
    assert 0.1 < rows[0].probability_best < 0.95


def test_the_set_of_best_levels_misses_the_best_in_at_most_five_percent() -> None:
    missed = 0
    for repetition in range(120):
        observed = made_study(
            seeds=4,
            generator=np.random.default_rng(repetition),
            levels={"activation": ("a", "b", "c", "d")},
        )
        rows = ranking(gather(observed), generator=np.random.default_rng(0))
        missed += not next(row.may_be_best for row in rows if row.level == "a")
    assert missed / 120 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 120)


def test_lower_is_better_ranks_the_other_way() -> None:
    observed = load_bank("trottier").observations().where(dataset="cifar100", inner_norm="bn")
    evidence = gather(observed)
    rows = ranking(evidence, generator=np.random.default_rng(4))
    assert rows[0].mean < rows[-1].mean
    assert rows[-1].level == "elu"
    assert all(row.estimates[0].value < 0 for row in separations(evidence))


def test_single_runs_without_external_deviation_leave_everything_open() -> None:
    evidence = gather(load_bank("caffenet").observations())
    assert {row.reason for row in simple_effects(evidence)} == {"single-run"}
    rows = ranking(evidence, generator=np.random.default_rng(5))
    assert all(row.may_be_best for row in rows)
    assert all(math.isnan(row.probability_best) for row in rows)


def test_no_runs_no_rows() -> None:
    evidence = gather(Observations.from_rows([], factors=tuple(LEVELS)))
    assert simple_effects(evidence) == separations(evidence) == ()
    assert ranking(evidence, generator=np.random.default_rng(6)) == ()
    assert augmentation_gains(evidence) == ()


def test_a_response_that_is_no_percentage_is_judged_with_replicates_only() -> None:
    rows = [
        {"activation": a, "seed": s, "test_loss": 150.0 + s + (30 + s % 2) * (a == "elu")}
        for a in ("relu", "elu")
        for s in range(3)
    ]
    settings = {"factors": ("activation",), "response": "test_loss", "higher_is_better": False}
    (row,) = simple_effects(gather(Observations.from_rows(rows, **settings)))
    assert row.verdict == "better"
    (single,) = simple_effects(gather(Observations.from_rows(rows[::3], **settings)))
    assert single.reason == "single-run"
