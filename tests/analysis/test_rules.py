import numpy as np
import pytest

from actwise.analysis.model import fit_model
from actwise.analysis.reading import load_bank
from actwise.analysis.rules import paper_advice, regret_table
from actwise.analysis.table import Observations
from made.studies import LEVELS, made_rows, made_study


def test_the_papers_regret_table() -> None:
    rows = {row.rule: row for row in regret_table(fit_model(load_bank("paper").observations()))}
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
        assert rows[name].num_conditions == 8


def test_the_papers_advice_depends_on_augmentation_and_on_shortcuts() -> None:
    found = [
        paper_advice(is_augmented=augmented, is_residual=residual)
        for augmented in (False, True)
        for residual in (False, True)
    ]
    assert found == ["prelu", "prelu", "elu", "relu"]
    assert paper_advice(is_augmented=True, is_residual=True, residual="elu") == "elu"


def test_conditions_without_every_level_do_not_count() -> None:
    rows = made_rows(seeds=2, generator=np.random.default_rng(5))
    kept = [r for r in rows if (r["dataset"], r["activation"]) != ("cifar10", "elu")]
    found = regret_table(fit_model(Observations.from_rows(kept, factors=tuple(LEVELS))))
    assert {row.num_conditions for row in found} == {4}


def test_rules_that_choose_what_was_not_run_are_left_out() -> None:
    runs = made_study(
        seeds=2,
        generator=np.random.default_rng(1),
        levels={**LEVELS, "activation": ("gelu", "elu")},
    )
    assert [row.rule for row in regret_table(fit_model(runs))] == ["always gelu", "always elu"]


def test_errors_are_regretted_where_they_are_high() -> None:
    rows = [
        {"activation": level, "seed": seed, "test_error": value}
        for level, value in (("relu", 8.0), ("elu", 5.0))
        for seed in range(2)
    ]
    runs = Observations.from_rows(
        rows, factors=("activation",), response="test_error", higher_is_better=False
    )
    assert [(row.rule, row.mean) for row in regret_table(fit_model(runs))] == [
        ("always relu", 3.0),
        ("always elu", 0.0),
    ]
