"""The model against R, statsmodels, scipy and what was computed from our own studies."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols

from actwise.analysis.model import Estimate, Model, fit_model
from actwise.analysis.table import Cell
from made.cases import case_rows, cifar_mini, observe
from made.studies import made_rows, made_study

DROPPED = {("resnet18", "bn", "elu", "3"), ("vgg16", "bn+aug", "relu", "0")}
REGULARIZATIONS, ACTIVATIONS = ("bn", "bn+aug"), ("relu", "prelu", "elu")
ONE_CONDITION = {"dataset": ("cifar10",), "model": ("vgg16",), "activation": ACTIVATIONS}


def split_plot(*, is_balanced: bool = True) -> Model:
    rows = case_rows("split_plot")
    if not is_balanced:
        names = ("model", "regularization", "activation", "seed")
        rows = [row for row in rows if tuple(row[name] for name in names) not in DROPPED]
        assert len(rows) == 46
    return fit_model(observe(rows))


def cell(model: str, regularization: str, activation: str) -> Cell:
    return "cifar10", model, regularization, activation


def difference(model: Model, network: str, regularization: str, a: str, b: str) -> Estimate:
    return model.contrast(
        {cell(network, regularization, a): 1, cell(network, regularization, b): -1}
    )


def mini_difference(model: Model, dataset: str, network: str, a: str, b: str) -> dict[Cell, float]:
    """The mean over the two conditions of one of cifar-mini's networks."""
    cells = [c for c in model.cells if c[0] == dataset and c[1].startswith(network)]
    return {c: (1 if c[3] == a else -1) / 2 for c in cells if c[3] in (a, b)}


def six(value: float) -> Any:
    return pytest.approx(value, rel=1e-6)


def test_each_network_has_rs_within_and_total_error() -> None:
    vgg16, resnet18 = split_plot().strata
    assert (vgg16.within.sd, resnet18.within.sd) == (six(1.527708887), six(0.5579824768))
    assert vgg16.within.df == resnet18.within.df == 12
    assert (vgg16.ss_block, resnet18.ss_block) == (six(21.907917), six(3.164192))
    assert vgg16.df_block == resnet18.df_block == 6
    assert (vgg16.total.sd, resnet18.total.sd) == (six(1.665244), six(0.619154))
    assert vgg16.total.df == pytest.approx(17.14, abs=5e-3)
    assert resnet18.total.df == pytest.approx(16.81, abs=5e-3)


def test_differences_are_rs() -> None:
    model = split_plot()
    found = difference(model, "vgg16", "bn", "prelu", "relu")
    assert (found.value, found.standard_error) == (six(2.665), six(1.080253))
    assert found.p_value() == pytest.approx(0.029655, abs=5e-7)
    found = difference(model, "resnet18", "bn", "prelu", "elu")
    assert (found.value, found.standard_error) == (six(0.7675), pytest.approx(0.394553, abs=5e-7))
    assert found.p_value() == pytest.approx(0.075552, abs=5e-7)


def test_differences_are_rs_where_two_runs_are_missing() -> None:
    model = split_plot(is_balanced=False)
    vgg16, resnet18 = model.strata
    assert (vgg16.within.sd, resnet18.within.sd) == (six(1.595319), six(0.502659))
    assert vgg16.within.df == resnet18.within.df == 11
    found = difference(model, "resnet18", "bn", "elu", "relu")
    assert (found.value, found.standard_error) == (six(-0.4333333), six(0.397387))
    found = difference(model, "vgg16", "bn+aug", "elu", "relu")
    assert (found.value, found.standard_error) == (six(2.025), six(1.261211))


def test_a_gain_has_the_total_error_and_a_mean_gain_one_value_a_seed() -> None:
    model = split_plot()
    for network, error, df in (("vgg16", 1.177505, 17.14), ("resnet18", 0.437808, 16.81)):
        gain = model.contrast({cell(network, "bn+aug", "elu"): 1, cell(network, "bn", "elu"): -1})
        assert gain.standard_error == pytest.approx(error, abs=5e-7)
        assert gain.df == pytest.approx(df, abs=5e-3)
    rows = pd.DataFrame(case_rows("split_plot")).astype({"test_accuracy": float})
    rows = rows[rows.model == "vgg16"]
    by_seed = rows.pivot_table(index="seed", columns="regularization", values="test_accuracy")
    weights = {
        cell("vgg16", r, a): (1 if r == "bn+aug" else -1) / 3
        for r in REGULARIZATIONS
        for a in ACTIVATIONS
    }
    oracle = stats.ttest_1samp(by_seed["bn+aug"] - by_seed["bn"], 0.0)
    mean_gain = model.contrast(weights)
    assert mean_gain.df == 3
    assert mean_gain.p_value() == pytest.approx(float(oracle.pvalue))


@pytest.mark.parametrize(
    ("dataset", "network", "sd"),
    [
        ("cifar10", "vgg16", 1.901),
        ("cifar10", "resnet18", 0.621),
        ("cifar100", "vgg16", 1.364),
        ("cifar100", "resnet18", 0.751),
    ],
)
def test_each_network_of_cifar_mini_has_its_own_run_sd(
    dataset: str, network: str, sd: float
) -> None:
    (stratum,) = (
        s
        for s in fit_model(cifar_mini()).strata
        if s.name[0][1] == dataset and s.name[1][1].startswith(network)
    )
    assert stratum.within.sd == pytest.approx(sd, abs=5e-4)
    assert stratum.within.df == 16


@pytest.mark.parametrize(
    ("dataset", "network", "a", "b", "expected"),
    [
        ("cifar10", "vgg16", "elu", "prelu", (1.62, 0.85, 0.0757, 0.45, 0.0068)),
        ("cifar10", "resnet18", "prelu", "elu", (0.87, 0.28, 0.0064, None, 0.0165)),
        ("cifar10", "resnet18", "prelu", "relu", (0.79, 0.28, 0.0117, None, None)),
        ("cifar100", "vgg16", "elu", "prelu", (7.84, 0.61, None, None, None)),
        ("cifar100", "resnet18", "prelu", "elu", (0.93, 0.34, 0.0139, None, 0.0422)),
    ],
)
def test_differences_of_cifar_mini_by_network(
    dataset: str, network: str, a: str, b: str, expected: tuple[float | None, ...]
) -> None:
    model = fit_model(cifar_mini())
    weights = mini_difference(model, dataset, network, a, b)
    found, own = model.contrast(weights), model.own(weights)
    assert own is not None and own.df == 8
    assert own.value == pytest.approx(found.value)
    values = (
        found.value,
        found.standard_error,
        found.p_value(),
        own.standard_error,
        own.p_value(),
    )
    for value, wanted, digits in zip(values, expected, (2, 2, 4, 2, 4), strict=True):
        if wanted is not None:
            assert value == pytest.approx(wanted, abs=0.51 * 10**-digits)


def test_a_difference_equals_least_squares_with_runs_missing() -> None:
    generator = np.random.default_rng(0)
    levels = {"activation": ("relu", "prelu", "elu", "selu")}
    rows = made_rows(seeds=6, generator=generator, levels=levels, seed_sd=0.5)
    rows = [row for row in rows if generator.random() > 0.25]
    model = fit_model(observe(rows))
    oracle = ols("test_accuracy ~ 0 + activation + C(seed)", pd.DataFrame(rows)).fit()
    test = oracle.t_test("activation[elu] - activation[relu] = 0")
    found = model.contrast({("elu",): 1, ("relu",): -1})
    assert found.value == pytest.approx(float(test.effect[0]), rel=1e-9)
    assert found.standard_error == pytest.approx(float(test.sd[0, 0]), rel=1e-9)
    assert found.df == pytest.approx(oracle.df_resid)
    assert found.p_value() == pytest.approx(float(test.pvalue), rel=1e-8)
    assert found.interval() == pytest.approx(test.conf_int()[0], rel=1e-8)


def test_two_levels_paired_by_seed_are_a_paired_t_test() -> None:
    observed = made_study(
        seeds=5,
        generator=np.random.default_rng(2),
        levels={"activation": ("relu", "elu")},
        seed_sd=1.0,
    )
    first, second = (observed.response_R[observed.run_cells == place] for place in (0, 1))
    oracle = stats.ttest_rel(first, second)
    model = fit_model(observed)
    weights = {("relu",): 1.0, ("elu",): -1.0}
    assert model.contrast(weights).p_value() == pytest.approx(float(oracle.pvalue), rel=1e-9)
    own = model.own(weights)
    assert own is not None
    assert own.p_value() == pytest.approx(float(oracle.pvalue), rel=1e-9)


def test_without_seeds_the_error_is_that_of_the_cells_and_the_own_one_welchs() -> None:
    rows = made_rows(seeds=6, generator=np.random.default_rng(1), levels=ONE_CONDITION)
    observed = observe(rows, seed=None)
    model = fit_model(observed)
    relu, prelu, elu = (observed.response_R[observed.run_cells == place] for place in range(3))
    weights = {("cifar10", "vgg16", "elu"): 1.0, ("cifar10", "vgg16", "relu"): -1.0}
    found, own = model.contrast(weights), model.own(weights)
    pooled = np.mean([values.var(ddof=1) for values in (relu, prelu, elu)])
    assert found.standard_error == pytest.approx(np.sqrt(pooled * 2 / 6))
    assert found.df == 15
    oracle = stats.ttest_ind(elu, relu, equal_var=False)
    assert own is not None
    assert own.p_value() == pytest.approx(float(oracle.pvalue), rel=1e-10)
    assert own.df == pytest.approx(float(oracle.df), rel=1e-10)
