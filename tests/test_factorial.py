import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from actwise.analysis.effects import effect_sizes, eta_interval, noise_in_focus
from actwise.analysis.external import single_run_models
from actwise.analysis.factorial import Sums, decompose, decompose_by_dataset
from actwise.analysis.inference import NotEstimableError
from actwise.analysis.reading import load_bank
from actwise.analysis.scales import Scale, on_scale
from actwise.analysis.table import Observations
from actwise.errors import SpecError
from made.studies import made_rows, made_study

FACTORS = ("model", "regularization", "activation")
LEVELS = {
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn", "bn+aug", "bn+dropout"),
    "activation": ("relu", "prelu", "elu"),
}
PAPER_SHARES = {
    "regularization:activation": 42.3,
    "activation": 19.4,
    "model:regularization:activation": 10.5,
    "dataset:regularization:activation": 10.4,
    "dataset:activation": 6.0,
    "model:activation": 5.3,
    "dataset:model:regularization:activation": 4.6,
    "dataset:model:activation": 1.4,
}


def unbalanced_rows() -> list[dict[str, object]]:
    generator = np.random.default_rng(3)
    rows = made_rows(seeds=5, generator=generator, levels=LEVELS, seed_sd=0.3)
    keep = generator.random(len(rows)) > 0.25
    return [row for row, kept in zip(rows, keep, strict=True) if kept]


@pytest.mark.parametrize("sums", ["II", "III"])
@pytest.mark.parametrize("balanced", [True, False])
@pytest.mark.parametrize("blocked", [True, False])
def test_sums_of_squares_and_tests_equal_statsmodels(
    sums: Sums, balanced: bool, blocked: bool
) -> None:
    generator = np.random.default_rng(1)
    rows = (
        made_rows(seeds=4, generator=generator, levels=LEVELS, seed_sd=0.3)
        if balanced
        else unbalanced_rows()
    )
    found = decompose(
        Observations.from_rows(rows, factors=FACTORS, blocked=blocked),
        sums=sums,
    )
    formula = "C(model, Sum) * C(regularization, Sum) * C(activation, Sum)"
    formula = f"test_accuracy ~ {'C(seed) + ' if blocked else ''}{formula}"
    oracle = anova_lm(ols(formula, pd.DataFrame(rows)).fit(), typ=2 if sums == "II" else 3)
    for effect in effect_sizes(found):
        name = ":".join(f"C({factor}, Sum)" for factor in effect.term.split(":"))
        assert effect.ss == pytest.approx(oracle.loc[name, "sum_sq"], rel=1e-8)
        assert effect.df == oracle.loc[name, "df"]
        assert effect.f == pytest.approx(oracle.loc[name, "F"], rel=1e-8)
        assert effect.p == pytest.approx(oracle.loc[name, "PR(>F)"], rel=1e-6)
    assert found.residual_ss == pytest.approx(oracle.loc["Residual", "sum_sq"], rel=1e-8)
    assert found.residual_df == oracle.loc["Residual", "df"]


def test_the_parts_of_a_balanced_design_add_up() -> None:
    observed = made_study(seeds=3, generator=np.random.default_rng(2), seed_sd=0.5)
    found = decompose(observed)
    parts = sum(effect.ss for effect in found.effects) + found.block_ss + found.residual_ss
    assert parts == pytest.approx(found.total_ss, rel=1e-12)
    assert found.residual_df == 2 * 11 * 2


def test_the_papers_sums_of_squares_and_shares() -> None:
    found = decompose(load_bank("paper").observations())
    assert found.total_ss == pytest.approx(3398.157, abs=5e-4)
    assert found.focus_ss == pytest.approx(21.738, abs=5e-4)
    shares = {e.term: e.share for e in effect_sizes(found) if not math.isnan(e.share)}
    assert shares == pytest.approx(PAPER_SHARES, abs=0.05)


def test_the_paper_on_the_logit_scale() -> None:
    found = decompose(on_scale(load_bank("paper").observations(), "logit"))
    assert found.total_ss == pytest.approx(19.316, abs=5e-4)
    assert found.focus_ss == pytest.approx(0.0686, abs=5e-5)
    shares = {effect.term: effect.share for effect in effect_sizes(found)}
    assert shares["regularization:activation"] == pytest.approx(58.4, abs=0.05)
    assert shares["dataset:regularization:activation"] == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize(("source", "expected"), [("binomial", 2.2), ("run-sd", 4.1)])
def test_noise_expected_in_the_papers_activation_part(source: str, expected: float) -> None:
    observed = load_bank("paper").observations()
    found, noise = decompose(observed), single_run_models(observed)[source]
    assert noise_in_focus(found, noise) == pytest.approx(expected, abs=0.05)
    sizes = effect_sizes(found, noise=noise)
    part = sum(size.noise_ss for size in sizes if not math.isnan(size.share))
    assert part == pytest.approx(noise_in_focus(found, noise))
    assert all(math.isnan(size.f) and math.isnan(size.omega_squared) for size in sizes)


@pytest.mark.parametrize("scale", ["points", "logit"])
def test_expected_noise_is_what_noise_adds_on_average(scale: Scale) -> None:
    observed = load_bank("paper").observations()
    noise = single_run_models(observed, scale=scale)["run-sd"]
    errors = np.array([noise.mean(cell).standard_error for cell in noise.cells])
    generator = np.random.default_rng(5)
    order = observed.run_cells
    sums = [
        decompose(observed.with_response(generator.normal(0.0, errors)[order])).focus_ss
        for _ in range(150)
    ]
    expected = noise_in_focus(decompose(observed), noise)
    assert np.mean(sums) == pytest.approx(expected, rel=0.15)


def test_missing_cells_cost_degrees_of_freedom_and_are_named() -> None:
    rows = [r for r in unbalanced_rows() if (r["model"], r["activation"]) != ("vgg16", "elu")]
    observed = Observations.from_rows(rows, factors=FACTORS, blocked=False)
    found = decompose(observed)
    assert len(found.missing) == 3
    assert found.effect("activation", "model").df == 1
    assert not {e.term: e.is_complete for e in effect_sizes(found)}["model:activation"]
    with pytest.raises(NotEstimableError, match=r"type III.*vgg16, bn, elu"):
        decompose(observed, sums="III")


def test_type_two_with_missing_cells_compares_nested_models() -> None:
    rows = [r for r in unbalanced_rows() if (r["model"], r["activation"]) != ("vgg16", "elu")]
    found = decompose(Observations.from_rows(rows, factors=FACTORS, blocked=False))
    frame = pd.DataFrame(rows)
    small = ols("test_accuracy ~ C(model) * C(regularization)", frame).fit()
    large = ols("test_accuracy ~ C(model) * C(regularization) + C(activation)", frame).fit()
    assert found.effect("activation").ss == pytest.approx(small.ssr - large.ssr, rel=1e-8)


def test_a_factor_with_one_level_is_no_term_and_an_unknown_term_is_named() -> None:
    found = decompose(load_bank("paper").observations().where(dataset="cifar10"))
    assert "dataset" not in {effect.term for effect in found.effects}
    with pytest.raises(SpecError, match="no term dataset"):
        found.effect("dataset")


def test_each_data_set_has_its_own_decomposition() -> None:
    parts = decompose_by_dataset(load_bank("paper").observations())
    assert list(parts) == ["cifar10", "cifar100"]
    assert parts["cifar10"].focus_ss < parts["cifar100"].focus_ss


def test_no_completed_run_is_refused_in_a_sentence() -> None:
    with pytest.raises(SpecError, match="no completed run"):
        decompose(Observations.from_rows([], factors=FACTORS))


def test_zero_variance_gives_no_f_test() -> None:
    observed = made_study(seeds=3, generator=np.random.default_rng(0), sd=0.0)
    assert all(math.isnan(size.f) for size in effect_sizes(decompose(observed)))


def test_the_eta_interval_excludes_zero_exactly_where_the_f_test_rejects() -> None:
    critical = 3.3541  # F(.95; 2, 27)
    assert eta_interval(critical + 0.01, df1=2, df2=27)[0] > 0
    assert eta_interval(critical - 0.01, df1=2, df2=27)[0] == 0
    lower, upper = eta_interval(0.1, df1=2, df2=27)
    assert lower == 0
    assert 0 <= upper < 0.2


def test_the_eta_interval_covers_the_truth() -> None:
    generator, df1, df2, noncentrality = np.random.default_rng(7), 2, 27, 9.0
    truth = noncentrality / (noncentrality + df1 + df2 + 1)
    draws = generator.noncentral_chisquare(df1, noncentrality, 300) / df1
    draws /= generator.chisquare(df2, 300) / df2
    limits = [eta_interval(float(f), df1=df1, df2=df2) for f in draws]
    covered = np.mean([lower <= truth <= upper for lower, upper in limits])
    assert covered == pytest.approx(0.90, abs=0.055)


@pytest.mark.parametrize(("df1", "df2"), [(1, 48), (2, 6), (6, 400)])
def test_the_eta_interval_nears_one_where_seeds_almost_agree(df1: int, df2: int) -> None:
    limits = np.array([eta_interval(10.0**x, df1=df1, df2=df2) for x in range(2, 40)])
    assert np.isfinite(limits).all()
    assert (limits[:, 0] <= limits[:, 1]).all()
    assert (np.diff(limits, axis=0) >= 0).all()
    assert limits[-1] == pytest.approx(1.0)


def test_the_eta_interval_has_no_step_where_its_formula_for_huge_f_begins() -> None:
    below, above = (np.array(eta_interval(f, df1=2, df2=6)) for f in (4.999e7, 5.001e7))
    odds = [(limits / (1 - limits)) for limits in (below, above)]
    assert odds[1] / odds[0] == pytest.approx(5.001 / 4.999, rel=1e-5)
