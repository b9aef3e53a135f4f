import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from actwise.analysis.effects import (
    Sums,
    augmentation_gains,
    decompose,
    effects_of,
    regularization_interactions,
)
from actwise.analysis.model import NotEstimableError, Scale, fit_model
from actwise.analysis.table import Observations, network_of
from actwise.rows import read_rows
from made.cases import cifar_mini
from made.studies import LEVELS, at, made_rows, made_study

CASES = Path(__file__).parents[1] / "data" / "cases"
FACTORS = ("model", "regularization", "activation")
SMALL = {
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug", "bn+dropout"),
    "activation": ("relu", "prelu", "elu"),
}


def uneven_rows(*, lost: float = 0.25) -> list[dict[str, object]]:
    generator = np.random.default_rng(3)
    rows = made_rows(seeds=5, generator=generator, levels=SMALL, seed_sd=0.3)
    keep = generator.random(len(rows)) > lost
    return [row for row, kept in zip(rows, keep, strict=True) if kept]


def observed(rows: list[dict[str, object]], *, seed: str | None = "seed") -> Observations:
    return Observations.from_rows(rows, factors=FACTORS, seed=seed, strata=())


@pytest.mark.parametrize("sums", ["II", "III"])
@pytest.mark.parametrize("is_balanced", [True, False])
def test_sums_of_squares_and_tests_equal_statsmodels(sums: Sums, is_balanced: bool) -> None:
    rows = uneven_rows(lost=0.0 if is_balanced else 0.25)
    (found,) = decompose([fit_model(observed(rows, seed=None))], sums=sums)
    assert found.is_balanced == is_balanced
    formula = "test_accuracy ~ C(model, Sum) * C(regularization, Sum) * C(activation, Sum)"
    oracle = anova_lm(ols(formula, pd.DataFrame(rows)).fit(), typ=2 if sums == "II" else 3)
    for effect in found.effects:
        name = ":".join(f"C({factor}, Sum)" for factor in effect.factors)
        assert effect.ss == pytest.approx(oracle.loc[name, "sum_sq"], rel=1e-8)
        assert effect.df == oracle.loc[name, "df"]
        assert (effect.test is not None) == ("activation" in effect.factors)
        if effect.test is not None:
            assert effect.test.f == pytest.approx(oracle.loc[name, "F"], rel=1e-8)
            assert effect.test.p.p == pytest.approx(oracle.loc[name, "PR(>F)"], rel=1e-6)
    assert found.within_ss == pytest.approx(oracle.loc["Residual", "sum_sq"], rel=1e-8)
    assert found.within_df == oracle.loc["Residual", "df"]


def test_terms_of_the_compared_factor_are_adjusted_for_incomplete_blocks() -> None:
    """Against least squares with a column for each (condition, seed)."""
    rows = uneven_rows(lost=0.15)
    (found,) = decompose([fit_model(observed(rows))])
    frame = pd.DataFrame(rows)
    frame["block"] = frame["model"] + frame["regularization"] + frame["seed"].astype(str)
    terms = [
        ("activation",),
        ("model", "activation"),
        ("regularization", "activation"),
        FACTORS,
    ]

    def residual(included: list[tuple[str, ...]]) -> float:
        columns = [pd.get_dummies(frame["block"])]
        columns += [pd.get_dummies(frame[list(term)].agg("".join, axis=1)) for term in included]
        design = np.hstack([column.to_numpy(dtype=float) for column in columns])
        response = frame["test_accuracy"].to_numpy(dtype=float)
        fitted = design @ np.linalg.lstsq(design, response, rcond=None)[0]
        return float(np.sum((response - fitted) ** 2))

    for term in terms:
        before = [other for other in terms if not set(term) <= set(other)]
        effect = found.effect(*term)
        assert effect is not None
        expected = residual(before) - residual([*before, term])
        assert effect.ss == pytest.approx(expected, rel=1e-8)
        assert effect.test is not None
        assert effect.test.f == pytest.approx(
            expected / effect.df / (found.within_ss / found.within_df), rel=1e-8
        )
    assert found.within_ss == pytest.approx(residual(terms), rel=1e-8)


def test_the_parts_of_a_balanced_study_add_up() -> None:
    runs = made_study(seeds=3, generator=np.random.default_rng(2), seed_sd=0.5)
    (found,) = decompose([fit_model(runs)])
    parts = sum(effect.ss for effect in found.effects) + found.block_ss + found.within_ss
    assert parts == pytest.approx(found.total_ss, rel=1e-12)
    assert found.within_df == 8 * 2 * 2


def test_the_tests_of_the_split_plot_are_those_of_r() -> None:
    rows = read_rows(CASES / "split_plot.csv")
    runs = Observations.from_rows(rows, factors=tuple(LEVELS))
    model = fit_model(runs)
    (found,) = effects_of([model])
    expected = {"vgg16": (5.74423, 0.017781, 0.06320), "resnet18": (3.81436, 0.052208, 0.11452)}
    for network, parts in found.by_network.items():
        f, p, interaction = expected[dict(network)["model"]]
        focus, change = parts.effect("activation"), parts.effect("regularization", "activation")
        assert focus is not None and focus.test is not None
        assert change is not None and change.test is not None
        assert focus.test.f == pytest.approx(f, abs=5e-6)
        assert focus.test.p.p == pytest.approx(p, abs=5e-7)
        assert change.test.f == pytest.approx(interaction, abs=5e-6)
        assert (focus.test.df1, focus.test.df2) == (2, 12)
    tests = regularization_interactions(model, found.by_network)
    assert [dict(n)["model"] for n in tests] == ["vgg16", "resnet18"]
    assert {test.p.size for test in tests.values()} == {2}
    assert found.by_dataset == {}


def test_the_networks_of_cifar_mini_have_their_f() -> None:
    (found,) = effects_of([fit_model(cifar_mini())])
    tests = [parts.effect("activation") for parts in found.by_network.values()]
    assert all(row is not None and row.test is not None and row.test.df2 == 16 for row in tests)
    values = {round(row.test.f, 2) for row in tests if row is not None and row.test is not None}
    assert values == {50.89, 6.01, 252.58, 52.47}


def test_p_values_are_adjusted_over_the_terms_of_the_compared_factor() -> None:
    (found,) = decompose([fit_model(observed(uneven_rows()))])
    tests = [effect.test for effect in found.effects if effect.test is not None]
    assert {test.p.size for test in tests} == {4}
    assert {test.p.method for test in tests} == {"holm"}
    assert min(tests, key=lambda test: test.p.p).p.adjusted == pytest.approx(
        4 * min(test.p.p for test in tests)
    )


@pytest.mark.draws
def test_f_tests_keep_their_level_with_unequal_and_equal_strata() -> None:
    """An interaction over two networks that scatter by 2.2 and .66 points."""
    generator, repetitions = np.random.default_rng(4), 400
    base = made_study(seeds=3, generator=generator, levels=SMALL)
    for deviations in ((2.2, 0.66), (1.0, 1.0)):
        sd_R = np.array(deviations)[base.codes_RF[:, 0]]
        rejected = 0
        for _ in range(repetitions):
            drawn = base.with_response(80 + generator.normal(0, sd_R))
            (found,) = decompose([fit_model(drawn)])
            effect = found.effect("model", "regularization", "activation")
            assert effect is not None and effect.test is not None
            rejected += effect.test.p.p <= 0.05
        assert rejected / repetitions == pytest.approx(0.05, abs=0.01 + 3 * 0.011)


def test_expected_noise_is_what_noise_adds_on_average() -> None:
    generator = np.random.default_rng(5)
    rows = [row for row in uneven_rows(lost=0.1) if row["activation"] != "elu" or row["seed"] != 0]
    base = Observations.from_rows(rows, factors=FACTORS)
    sd_R = np.array([2.2, 0.66])[base.codes_RF[:, 0]]
    found = [
        decompose([fit_model(base.with_response(80 + generator.normal(0, sd_R)))])[0]
        for _ in range(150)
    ]
    sums = np.array([[parts.focus_ss, parts.noise_ss[0]] for parts in found]).mean(axis=0)
    assert sums[0] == pytest.approx(sums[1], rel=0.15)


def test_missing_cells_cost_degrees_of_freedom_and_are_named() -> None:
    rows = [r for r in uneven_rows() if (r["model"], r["activation"]) != ("vgg16", "elu")]
    model = fit_model(observed(rows, seed=None))
    (found,) = decompose([model])
    assert found.num_missing == 3
    effect = found.effect("activation", "model")
    assert effect is not None
    assert (effect.df, effect.full_df) == (1, 2)
    with pytest.raises(NotEstimableError, match=r"type III.*vgg16, bn, elu"):
        decompose([model], sums="III")
    frame = pd.DataFrame(rows)
    small = ols("test_accuracy ~ C(model) * C(regularization)", frame).fit()
    large = ols("test_accuracy ~ C(model) * C(regularization) + C(activation)", frame).fit()
    activation = found.effect("activation")
    assert activation is not None
    assert activation.ss == pytest.approx(small.ssr - large.ssr, rel=1e-8)


def test_a_factor_with_one_level_is_no_term() -> None:
    one = at(made_study(seeds=2, generator=np.random.default_rng(0)), dataset="cifar10")
    (found,) = decompose([fit_model(one)])
    assert found.effect("dataset") is None
    assert {effect.factors for effect in found.effects if len(effect.factors) == 1} == {
        ("model",),
        ("regularization",),
        ("activation",),
    }


def test_data_sets_and_networks_have_their_own_decompositions_where_they_differ() -> None:
    (found,) = effects_of([fit_model(made_study(seeds=2, generator=np.random.default_rng(1)))])
    assert list(found.by_dataset) == ["cifar10", "cifar100"]
    assert len(found.by_network) == 4
    alone = at(made_study(seeds=2, generator=np.random.default_rng(1)), model="vgg16")
    (found,) = effects_of([fit_model(alone)])
    assert found.by_dataset == {}
    assert [network_of(network) for network in found.by_network] == list(found.by_network)
    (found,) = effects_of([fit_model(at(alone, dataset="cifar10"))])
    assert found.by_network == {}


@pytest.mark.parametrize("scale", ["points", "logit"])
def test_no_variance_and_single_runs_give_no_test(scale: Scale) -> None:
    for runs in (
        made_study(seeds=3, generator=np.random.default_rng(0), sd=0.0),
        made_study(seeds=1, generator=np.random.default_rng(0)),
    ):
        model = fit_model(runs, scale=scale)
        (found,) = decompose([model])
        assert all(effect.test is None for effect in found.effects)
        assert all(math.isnan(effect.omega_squared) for effect in found.effects)
        networks = dict.fromkeys(network_of(entry.condition) for entry in model.conditions)
        assert regularization_interactions(model, networks) == {}


def test_more_cells_than_can_be_decomposed_are_decomposed_by_network() -> None:
    levels = {"model": ("a", "b"), "regularization": tuple("01234")}
    levels["activation"] = tuple(f"elu({number})" for number in range(160))
    runs = made_study(seeds=1, generator=np.random.default_rng(0), levels=levels)
    (found,) = effects_of([fit_model(runs)])
    assert found.together is None
    assert len(found.by_network) == 2


def test_shares_and_omega_follow_their_definitions() -> None:
    (found,) = decompose([fit_model(observed(uneven_rows(lost=0.15)))])
    mean_square = found.within_ss / found.within_df
    for effect in found.effects:
        assert effect.share_of_total == pytest.approx(100 * effect.ss / found.total_ss)
        if effect.test is not None:
            assert effect.share == pytest.approx(100 * effect.ss / found.focus_ss)
            assert effect.omega_squared == pytest.approx(
                (effect.ss - effect.df * mean_square) / (found.total_ss + mean_square)
            )


def augmented(cell: dict[str, str]) -> float:
    """Augmentation adds 3 points to ReLU and 1 to the others."""
    gain = 3.0 if cell["activation"] == "relu" else 1.0
    return 80.0 + gain * ("aug" in cell["regularization"])


def test_gains_are_means_over_pairs_that_differ_in_augmentation_alone() -> None:
    levels = {**LEVELS, "regularization": ("bn", "bn+aug", "bn+dropout", "bn+dropout+aug", "none")}
    runs = made_study(
        seeds=3, generator=np.random.default_rng(1), truth=augmented, levels=levels, sd=1e-3
    )
    gains = {gain.activation: gain.estimate for gain in augmentation_gains(fit_model(runs))}
    assert {name: round(gain.value, 2) for name, gain in gains.items()} == {
        "relu": 3.0,
        "prelu": 1.0,
        "elu": 1.0,
    }
    assert {gain.source for gain in gains.values()} == {"total error"}


def test_an_activation_that_lacks_a_setting_has_no_gain() -> None:
    rows = made_rows(seeds=2, generator=np.random.default_rng(1), truth=augmented)
    lacking = {"dataset": "cifar10", "regularization": "bn", "activation": "elu"}
    rows = [row for row in rows if not lacking.items() <= row.items()]
    runs = Observations.from_rows(rows, factors=tuple(LEVELS))
    assert [gain.activation for gain in augmentation_gains(fit_model(runs))] == ["relu", "prelu"]
    none = at(made_study(seeds=2, generator=np.random.default_rng(1)), regularization="bn")
    assert augmentation_gains(fit_model(none)) == ()
