"""Which error judges a contrast, and what becomes of it where runs or seeds are missing."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from actwise.analysis.model import Model, NotEstimableError, fit_model
from actwise.analysis.table import Observations
from made.cases import case, case_rows, observe
from made.studies import made_rows, made_study

Rows = list[dict[str, Any]]
LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug"),
    "activation": ("relu", "prelu", "elu"),
}
ELU, RELU, PRELU = (("cifar10", "vgg16", "bn", a) for a in ("elu", "relu", "prelu"))


def rows_of(*, seeds: int = 5, generator: int = 0, **settings: Any) -> Rows:
    levels = settings.pop("levels", LEVELS)
    found = np.random.default_rng(generator)
    return made_rows(seeds=seeds, generator=found, levels=levels, **settings)


def is_cell(row: dict[str, Any], cell: tuple[str, ...]) -> bool:
    return tuple(row[name] for name in LEVELS) == cell


def widths(model: Model, network: str) -> list[float]:
    cells = [("cifar10", network, "bn", a) for a in LEVELS["activation"]]
    found = [model.contrast({cells[0]: 1.0, other: -1.0}) for other in cells[1:]]
    return [e.standard_error for e in found] + [e.df for e in found]


def test_a_network_that_scatters_widens_no_other_networks_intervals() -> None:
    rows = rows_of()
    noisy = [
        {**r, "test_accuracy": 80 + 9 * (r["test_accuracy"] - 80)} if r["model"] == "vgg16" else r
        for r in rows
    ]
    quiet, loud = (fit_model(observe(r)) for r in (rows, noisy))
    assert widths(loud, "resnet18") == widths(quiet, "resnet18")
    assert widths(loud, "vgg16")[0] == pytest.approx(9 * widths(quiet, "vgg16")[0])


def test_strata_may_be_told_by_other_factors() -> None:
    rows = rows_of()
    assert [s.name for s in fit_model(observe(rows)).strata] == [
        (("dataset", "cifar10"), ("model", "vgg16")),
        (("dataset", "cifar10"), ("model", "resnet18")),
    ]
    (pooled,) = fit_model(observe(rows, strata=("dataset",))).strata
    assert pooled.name == (("dataset", "cifar10"),)
    assert pooled.within.df == 2 * 16
    by_condition = fit_model(observe(rows, strata=("model", "regularization"))).strata
    assert [s.within.df for s in by_condition] == [8] * 4
    # Without a factor that tells networks apart all runs share one variance.
    (single,) = fit_model(observe(rows, strata=())).strata
    assert single.within.value == pytest.approx(pooled.within.value)


def test_over_two_strata_variances_add_up_with_satterthwaites_df() -> None:
    model = fit_model(observe(rows_of()))
    weights = {ELU: 0.5, RELU: -0.5} | {
        ("cifar10", "resnet18", "bn", a): w for a, w in (("elu", 0.5), ("relu", -0.5))
    }
    found = model.contrast(weights)
    parts = [s.within.value * 2 * 0.25 / 5 for s in model.strata]
    assert found.standard_error == pytest.approx(math.sqrt(sum(parts)))
    assert found.df == pytest.approx(sum(parts) ** 2 / sum(v**2 / 16 for v in parts))
    assert 16 < found.df < 32


def test_a_missing_run_costs_one_block_and_not_the_pairing() -> None:
    rows = rows_of(seed_sd=3.0)
    lacking = [r for r in rows if not (is_cell(r, ELU) and r["seed"] == 2)]
    whole, model = (fit_model(observe(r)) for r in (rows, lacking))
    assert model.strata[0].within.df == whole.strata[0].within.df - 1
    # Paired the error stays near the runs' 0.25; unpaired the seeds' 3 points would be in it.
    for other in (RELU, PRELU):
        found = model.contrast({ELU: 1, other: -1})
        assert found.standard_error < 1.5 * whole.contrast({ELU: 1, other: -1}).standard_error < 0.3
    untouched = model.contrast({RELU: 1, PRELU: -1})
    assert untouched.value == pytest.approx(whole.contrast({RELU: 1, PRELU: -1}).value)


def test_a_missing_run_of_a_pair_leaves_the_other_seeds_paired() -> None:
    found = fit_model(case("pair_gap")).contrast({("elu",): 1, ("relu",): -1})
    rows = case_rows("pair_gap")
    by_seed = {
        a: [float(r["test_accuracy"]) for r in rows if r["activation"] == a and int(r["seed"]) < 3]
        for a in ("elu", "relu")
    }
    oracle = stats.ttest_rel(by_seed["elu"], by_seed["relu"])
    assert found.p_value() == pytest.approx(float(oracle.pvalue))
    assert found.df == 2


def test_seeds_of_one_level_alone_pair_nothing_and_are_counted() -> None:
    for name, count in (("pair_gap", 1), ("pair", 0)):
        (stratum,) = fit_model(case(name)).strata
        assert stratum.num_idle_seeds == count


@pytest.mark.parametrize("num_shared", [0, 1, 2])
def test_levels_that_share_fewer_than_two_seeds_are_compared_unpaired(num_shared: int) -> None:
    values = np.random.default_rng(3).normal(80, 1, (2, 4))
    first = 4 - num_shared
    rows = [
        {"activation": a, "seed": s + first * (a == "elu"), "test_accuracy": float(values[i, s])}
        for i, a in enumerate(("relu", "elu"))
        for s in range(4)
    ]
    model = fit_model(Observations.from_rows(rows, factors=("activation",)))
    found = model.contrast({("elu",): 1, ("relu",): -1})
    if num_shared == 2:
        paired = values[1, :2] - values[0, 2:]
        assert found.value == pytest.approx(paired.mean())
        assert found.df == 1
    else:
        assert found.value == pytest.approx(values[1].mean() - values[0].mean())
        (stratum,) = model.strata
        assert found.standard_error == pytest.approx(stratum.total.sd * math.sqrt(2 / 4))
        oracle = stats.ttest_ind(values[1], values[0])
        assert found.standard_error == pytest.approx(abs(found.value / oracle.statistic))


def test_without_a_seed_column_runs_are_unpaired_replicates() -> None:
    rows = rows_of(seed_sd=3.0)
    without = [{k: v for k, v in r.items() if k != "seed"} for r in rows]
    paired, unpaired = (fit_model(observe(r)) for r in (rows, without))
    assert not unpaired.conditions[0].fit.is_paired
    weights = {ELU: 1.0, RELU: -1.0}
    assert unpaired.contrast(weights).value == pytest.approx(paired.contrast(weights).value)
    assert unpaired.contrast(weights).standard_error > 5 * paired.contrast(weights).standard_error
    assert unpaired.strata[0].within.df == 6 * 4


def test_one_mean_has_the_total_error_and_seeds_count_as_a_sample() -> None:
    model = fit_model(observe(rows_of(seed_sd=2.0)))
    total = model.strata[0].total
    assert model.mean(ELU).standard_error == pytest.approx(total.sd / math.sqrt(5))
    assert model.mean(ELU).df == total.df
    assert model.mean(ELU).standard_error > 2 * model.contrast({ELU: 1, RELU: -1}).standard_error


def test_what_adds_over_cells_has_one_value_a_seed() -> None:
    rows = rows_of(seed_sd=2.0)
    vgg16 = [r for r in rows if r["model"] == "vgg16"]
    model = fit_model(observe(rows))
    cells = [cell for cell in model.cells if cell[1] == "vgg16"]
    by_seed = [np.mean([r["test_accuracy"] for r in vgg16 if r["seed"] == s]) for s in range(5)]
    found = model.contrast(dict.fromkeys(cells, 1 / 6))
    assert found.value == pytest.approx(np.mean(by_seed))
    assert found.standard_error == pytest.approx(stats.sem(by_seed))
    assert found.df == 4
    lacking = [r for r in rows if not (is_cell(r, ELU) and r["seed"] == 2)]
    open_mean = fit_model(observe(lacking)).contrast(dict.fromkeys(cells, 1 / 6))
    assert not open_mean.is_testable and math.isfinite(open_mean.value)


def test_a_sum_over_cells_that_share_one_seed_has_no_error() -> None:
    rows = [r for r in rows_of() if r["seed"] == 0 or not (is_cell(r, ELU) or is_cell(r, RELU))]
    model, weights = fit_model(observe(rows)), {ELU: 0.5, RELU: 0.5}
    found = model.contrast(weights, name="of two")
    values = [r["test_accuracy"] for r in rows if is_cell(r, ELU) or is_cell(r, RELU)]
    assert len(values) == 2
    assert (found.name, found.value) == ("of two", pytest.approx(np.mean(values)))
    assert (found.df, found.source, found.alpha) == (0.0, "one seed", 0.05)
    assert math.isnan(found.standard_error) and not found.is_testable
    assert model.own(weights) is None


def test_a_stratum_keeps_its_own_variance_from_one_degree_of_freedom_on() -> None:
    rows = [r for r in rows_of(seeds=2) if r["regularization"] == "bn"]
    alone = [r for r in rows if r["activation"] != "prelu"]
    model = fit_model(observe(alone))
    assert [s.within.df for s in model.strata] == [1, 1]
    assert model.contrast({ELU: 1, RELU: -1}).df == 1
    # One run a cell in one network: no other network's variance is borrowed.
    mixed = [r for r in rows if r["model"] == "resnet18" or r["seed"] == 0]
    model = fit_model(observe(mixed))
    assert [s.has_replicates for s in model.strata] == [False, True]
    assert not model.contrast({ELU: 1, RELU: -1}).is_testable
    other = {("cifar10", "resnet18", "bn", a): w for a, w in (("elu", 1.0), ("relu", -1.0))}
    assert model.contrast(other).df == 2


def test_an_own_variance_is_of_the_contrasts_own_values() -> None:
    rows = rows_of()
    model = fit_model(observe(rows))
    values = {(r["model"], r["regularization"], r["activation"], r["seed"]): r for r in rows}

    def gaps(regularization: str) -> list[float]:
        return [
            values["vgg16", regularization, "elu", s]["test_accuracy"]
            - values["vgg16", regularization, "relu", s]["test_accuracy"]
            for s in range(5)
        ]

    one = model.own({ELU: 1, RELU: -1})
    assert one is not None
    oracle = stats.ttest_1samp(gaps("bn"), 0.0)
    assert (one.df, one.p_value()) == (4, pytest.approx(float(oracle.pvalue)))
    # Over two conditions of one stratum with the same coefficients the two variances are pooled.
    augmented = {("cifar10", "vgg16", "bn+aug", a): w for a, w in (("elu", 0.5), ("relu", -0.5))}
    both = model.own({ELU: 0.5, RELU: -0.5, **augmented})
    assert both is not None
    pooled = (np.var(gaps("bn"), ddof=1) + np.var(gaps("bn+aug"), ddof=1)) / 2
    assert both.standard_error == pytest.approx(math.sqrt(pooled * 2 * 0.25 / 5))
    assert both.df == 8
    # Between networks they are not: Satterthwaite.
    other = {("cifar10", "resnet18", "bn", a): w for a, w in (("elu", 0.5), ("relu", -0.5))}
    across = model.own({ELU: 0.5, RELU: -0.5, **other})
    assert across is not None and 4 < across.df < 8


def test_an_own_variance_needs_two_values_a_condition() -> None:
    rows = rows_of()
    lacking = [r for r in rows if not (is_cell(r, ELU) and r["seed"] > 0)]
    assert fit_model(observe(lacking)).own({ELU: 1, RELU: -1}) is None
    assert fit_model(observe([r for r in rows if r["seed"] == 0])).own({ELU: 1, RELU: -1}) is None


def test_a_contrast_of_a_cell_without_runs_is_refused_by_name() -> None:
    rows = [r for r in rows_of() if not is_cell(r, ELU)]
    model = fit_model(observe(rows))
    with pytest.raises(NotEstimableError, match="no runs in cifar10, vgg16, bn, elu") as refused:
        model.contrast({ELU: 1, RELU: -1})
    assert refused.value.missing == (ELU,)
    empty = fit_model(Observations.from_rows([], factors=tuple(LEVELS)))
    assert empty.cells == () and empty.strata == ()
    with pytest.raises(NotEstimableError, match="no runs in cifar10, vgg16, bn, elu"):
        empty.mean(ELU)


def test_runs_that_agree_have_no_noise_and_no_winner() -> None:
    model = fit_model(
        made_study(seeds=3, generator=np.random.default_rng(8), levels=LEVELS, sd=0.0)
    )
    weights = {ELU: 1.0, RELU: -1.0}
    assert model.has_no_noise(weights)
    assert model.contrast(weights).interval() == (0.0, 0.0)
    assert model.contrast(weights).p_value() == 1.0
    # Sums that differ by rounding error alone are the same.
    tied = [
        {"activation": a, "seed": s, "test_accuracy": v}
        for a, v in (("relu", 70.1 + 0.1 + 0.1), ("elu", 70.1 + 0.2))
        for s in range(3)
    ]
    found = fit_model(observe(tied)).contrast({("elu",): 1, ("relu",): -1})
    assert found.value == 0.0


def test_a_difference_that_is_the_same_at_every_seed_has_no_noise() -> None:
    rows = [
        {"activation": a, "seed": s, "test_accuracy": v + lead}
        for a, lead in (("relu", 0.0), ("elu", 1.0))
        for s, v in enumerate((70.0, 72.0, 75.0, 71.0))
    ]
    assert fit_model(observe(rows)).has_no_noise({("elu",): 1, ("relu",): -1})
