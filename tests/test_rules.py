from dataclasses import replace

import numpy as np
import pytest

from actwise.analysis.crossfit import cross_fitted, cross_validated, halves
from actwise.analysis.reading import load_bank
from actwise.analysis.rules import (
    always,
    best_overall,
    best_per,
    condition_means,
    paper_rule,
    regret,
    regret_table,
)
from actwise.analysis.table import Observations
from made.studies import LEVELS, made_rows, made_study

LEARNERS = {
    "always prelu": lambda means: always("prelu"),
    "best overall": best_overall,
    "best per regularization": best_per("regularization"),
}


def truth(cell: dict[str, str]) -> float:
    best = "elu" if "aug" in cell["regularization"] else "prelu"
    return 80.0 + 2 * (cell["activation"] == best)


def test_the_papers_regret_table() -> None:
    rows = {row.rule: row for row in regret_table(load_bank("paper").observations())}
    expected = {
        "always relu": (1.332, 4.27),
        "always elu": (1.161, 4.86),
        "always prelu": (0.371, 1.32),
        "paper (residual: relu)": (0.054, 0.43),
        "paper (residual: elu)": (0.016, 0.13),
        "paper (residual: try relu and elu, two runs)": (0.0, 0.0),
    }
    assert set(rows) == set(expected)
    for name, (mean, worst) in expected.items():
        assert rows[name].mean == pytest.approx(mean, abs=6e-4)
        assert rows[name].worst == pytest.approx(worst, abs=5e-3)
        assert rows[name].label == "in-sample"
        assert rows[name].num_conditions == 8


def test_single_runs_cannot_be_cross_fitted() -> None:
    assert cross_fitted(load_bank("paper").observations(), LEARNERS) == ()


def test_halves_share_no_seed_and_cover_every_cell() -> None:
    observed = made_study(seeds=3, generator=np.random.default_rng(0))
    parts = halves(observed)
    assert parts is not None
    first, second = (set(part.seeds_R.tolist()) for part in parts if part.seeds_R is not None)
    assert (first, second) == ({"0", "2"}, {"1"})
    assert parts[0].cells == parts[1].cells == observed.cells


def test_unpaired_replicates_are_halved_inside_each_cell() -> None:
    parts = halves(load_bank("trottier").observations())
    assert parts is not None
    assert parts[0].num_runs + parts[1].num_runs == 202
    assert parts[0].cells == parts[1].cells


def test_image_halves_go_with_the_halves_of_the_runs() -> None:
    observed = made_study(seeds=2, generator=np.random.default_rng(1))
    halves_R2 = np.tile([1.0, 2.0], (observed.num_runs, 1))
    parts = halves(replace(observed, image_halves_R2=halves_R2))
    assert parts is not None
    assert set(parts[0].response_R) == {1.0}
    assert set(parts[1].response_R) == {2.0}


def test_learning_the_condition_beats_a_constant_out_of_sample() -> None:
    observed = made_study(seeds=4, generator=np.random.default_rng(2), truth=truth)
    rows = {row.rule: row for row in cross_fitted(observed, LEARNERS)}
    assert {row.label for row in rows.values()} == {"cross-fitted"}
    assert {row.num_conditions for row in rows.values()} == {8}
    assert rows["best per regularization"].mean < 0.2
    assert rows["always prelu"].mean == pytest.approx(1.0, abs=0.2)


def test_choosing_among_equals_has_no_regret_in_sample_but_some_out_of_it() -> None:
    observed = made_study(seeds=4, generator=np.random.default_rng(3))
    each = best_per("dataset", "model", "regularization")
    (row,) = cross_fitted(observed, {"best of each condition": each})
    means = condition_means(observed)
    inside = regret(means, each(means), name="best of each condition")
    assert inside is not None
    assert inside.mean == 0.0
    assert row.mean > 0.05


def test_a_whole_data_set_is_left_out() -> None:
    observed = made_study(seeds=3, generator=np.random.default_rng(4), truth=truth)
    rows = {row.rule: row for row in cross_validated(observed, LEARNERS, factor="dataset")}
    assert rows["best per regularization"].mean == pytest.approx(0.0, abs=0.15)
    assert rows["best overall"].label == "cross-validated over dataset"
    assert cross_validated(observed.where(dataset="cifar10"), LEARNERS, factor="dataset") == ()


def test_conditions_without_every_level_do_not_count() -> None:
    rows = made_rows(seeds=2, generator=np.random.default_rng(5))
    observed = Observations.from_rows(
        [r for r in rows if (r["dataset"], r["activation"]) != ("cifar10", "elu")],
        factors=tuple(LEVELS),
    )
    assert len(condition_means(observed)) == 4


def test_a_rule_that_picks_what_was_not_run_has_no_regret_to_tell() -> None:
    means = condition_means(load_bank("paper").observations())
    assert regret(means, always("gelu"), name="always gelu") is None
    assert regret({}, paper_rule("relu"), name="paper") is None
    assert regret_table(Observations.from_rows([], factors=tuple(LEVELS))) == ()
