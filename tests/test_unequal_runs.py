"""Levels with unequal numbers of runs: against the incumbent, and as a set of possible best."""

import numpy as np
import pytest
from scipy import stats

from actwise.analysis.dunnett import dunnett_p
from actwise.analysis.evidence import Evidence, gather
from actwise.analysis.incumbent import against_incumbent
from actwise.analysis.ranking import ranking
from actwise.analysis.table import Floats, Observations


def evidence_of(samples: dict[str, Floats], *, seeds: bool = False) -> Evidence:
    rows = [
        {"activation": level, "test_accuracy": value} | ({"seed": number} if seeds else {})
        for level, values in samples.items()
        for number, value in enumerate(values)
    ]
    return gather(Observations.from_rows(rows, factors=("activation",)))


@pytest.mark.parametrize("counts", [(30, 3, 3, 3, 3, 3), (3, 8, 3, 20, 5, 4)])
def test_dunnett_takes_the_variance_of_each_mean(counts: tuple[int, ...]) -> None:
    generator = np.random.default_rng(4)
    names = ("relu", "a", "b", "c", "d", "e")
    samples = {
        name: 80 + 0.5 * place + generator.normal(0, 2, size=count)
        for place, (name, count) in enumerate(zip(names, counts, strict=True))
    }
    rows = against_incumbent(evidence_of(samples), "relu")
    control, *arms = samples.values()
    for row, place in zip(rows, range(len(arms)), strict=True):
        side = "greater" if row.estimate.value > 0 else "less"
        oracle = stats.dunnett(
            *arms, control=control, alternative=side, rng=np.random.default_rng(place)
        )
        assert row.p[-1].adjusted == pytest.approx(oracle.pvalue[place], abs=2e-3)


def test_crossed_seeds_leave_dunnetts_table_as_it_is() -> None:
    generator = np.random.default_rng(1)
    samples = {name: 80 + generator.normal(0, 1, size=8) for name in ("relu", "a", "b", "c")}
    rows = against_incumbent(evidence_of(samples, seeds=True), "relu")
    oracle_df = 3 * 7
    assert {row.estimate.df for row in rows} == {oracle_df}
    expected = dunnett_p(
        [abs(row.estimate.statistic()) for row in rows],
        variances=[1.0] * 3,
        control_variance=1.0,
        df=oracle_df,
        two_sided=False,
    )
    assert [row.p[-1].adjusted for row in rows] == pytest.approx(expected)


def test_the_set_keeps_its_promise_with_unequal_numbers_of_runs() -> None:
    """Many runs of one level, and few of five that tie with it."""
    missed, repetitions = 0, 60
    for repetition in range(repetitions):
        generator = np.random.default_rng(repetition)
        samples = {
            name: 80 + generator.normal(0, 1, size=count)
            for name, count in (("a", 30), ("b", 2), ("c", 2), ("d", 2), ("e", 2), ("f", 2))
        }
        found = ranking(evidence_of(samples), generator=np.random.default_rng(0))
        missed += not next(row.may_be_best for row in found if row.level == "a")
    assert missed / repetitions <= 0.05 + 3 * (0.05 * 0.95 / repetitions) ** 0.5


def test_a_rival_that_is_not_the_best_but_precise_can_exclude_a_level() -> None:
    samples = {
        "few": np.array([82.0, 80.2]),
        "many": 80.9 + np.tile([-1.0, 1.0], 100),
        "low": 79.9 + np.tile([-1.0, 1.0], 100),
    }
    found = ranking(evidence_of(samples), generator=np.random.default_rng(0))
    assert [row.level for row in found] == ["few", "many", "low"]
    assert [row.may_be_best for row in found] == [True, True, False]
