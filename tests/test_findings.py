import numpy as np
import pytest

from actwise.analysis.assumptions import outlier_runs, seed_correlation
from actwise.analysis.equal_variances import brown_forsythe
from actwise.analysis.evidence import gather
from actwise.analysis.finding import TITLES, Finding
from actwise.analysis.findings import (
    contradicting_rows,
    findings_of_runs,
    incomplete_runs,
    mixed_fingerprints,
    outlier_seeds,
    pairing_does_not_pay,
    seeds_after_look,
    selected_on_test,
    unequal_epochs,
    unequal_variances,
)
from actwise.analysis.inference import fit_cells
from actwise.analysis.looks import looks_at
from actwise.analysis.reading import StudyResults, load_bank, selection_optimism
from actwise.analysis.summaries import contradictions
from actwise.analysis.table import Observations
from actwise.store import Look
from made.studies import LEVELS, made_rows, made_study

FACTORS = tuple(LEVELS)


def codes(observed: Observations) -> dict[str, str]:
    return {found.code: found.evidence for found in findings_of_runs(gather(observed))}


def test_every_code_has_a_title_and_says_what_to_do() -> None:
    assert list(TITLES) == [f"A{number:03d}" for number in range(1, len(TITLES) + 1)]
    for code in TITLES:
        finding = Finding(code, "evidence")
        assert finding.title
        assert finding.advice.endswith(".")


def test_the_paper_has_single_runs_and_a_ceiling() -> None:
    found = codes(load_bank("paper").observations())
    assert set(found) == {"A002", "A009"}
    assert found["A002"] == "24 of 24 cells with fewer than 3 runs"
    assert "regularization:activation: 42.3 % in points, 58.4 %" in found["A009"]


def test_a_sound_study_has_no_finding() -> None:
    assert codes(made_study(seeds=5, generator=np.random.default_rng(0), sd=0.5)).keys() <= {"A009"}


def test_factors_that_change_together_are_named() -> None:
    rows = [
        {**row, "width": "1.0" if row["model"] == "vgg16" else "0.5"}
        for row in made_rows(seeds=3, generator=np.random.default_rng(1))
    ]
    found = codes(Observations.from_rows(rows, factors=(*FACTORS, "width")))
    assert found["A001"] == "model and width"


def test_missing_cells_are_counted_and_the_list_is_cut() -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(2))
    rows = [r for r in rows if r["model"] == "vgg16" or r["activation"] == "relu"]
    found = codes(Observations.from_rows(rows, factors=FACTORS))
    assert found["A011"].startswith("8: cifar10, resnet18, bn, prelu")
    assert found["A011"].endswith("and 2 more")


def test_diverged_runs_are_told_with_the_interval_of_their_rate() -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(3))
    rows[0].update(status="diverged", test_accuracy=None)
    found = codes(Observations.from_rows(rows, factors=FACTORS))
    assert found["A008"] == "cifar10, vgg16, bn, relu: 1/3 (1% to 91%)"


def test_equal_results_of_all_seeds_are_suspicious() -> None:
    found = codes(made_study(seeds=3, generator=np.random.default_rng(4), sd=0.0))
    assert "A014" in found


def test_outlier_seeds_unequal_variances_and_useless_pairs() -> None:
    rows = made_rows(seeds=8, generator=np.random.default_rng(5))
    rows[3]["test_accuracy"] += 4
    observed = Observations.from_rows(rows, factors=FACTORS)
    outliers = outlier_seeds(outlier_runs(observed, fit_cells(observed)))
    assert outliers is not None
    assert "cifar10, vgg16, bn, relu, seed 3" in outliers.evidence
    uneven = observed.response_R.copy()
    chosen = observed.run_cells == 5
    uneven[chosen] = 80 + 20 * (uneven[chosen] - 80)
    assert unequal_variances(brown_forsythe(observed.with_response(uneven))) is not None
    two_cells = {"dataset": tuple(f"d{n}" for n in range(30)), "activation": ("relu", "elu")}
    unpaired = made_study(seeds=3, generator=np.random.default_rng(6), levels=two_cells)
    assert pairing_does_not_pay(seed_correlation(unpaired)) is not None
    paired = made_study(seeds=3, generator=np.random.default_rng(7), seed_sd=2.0)
    assert pairing_does_not_pay(seed_correlation(paired)) is None
    assert pairing_does_not_pay(None) is None


def test_pairing_is_judged_with_the_cells_that_share_the_variance() -> None:
    """At a correlation of .3 blocks are shorter with 12 cells, though not with two."""
    levels = {**LEVELS, "dataset": ("cifar10",)}
    raised = 0
    for repetition in range(60):
        generator = np.random.default_rng(repetition)
        observed = made_study(
            seeds=3, generator=generator, levels=levels, sd=0.7**0.5 / 4, seed_sd=0.3**0.5 / 4
        )
        found = seed_correlation(observed)
        assert found is not None and found.num_cells == 12
        assert found.pooled_break_even < 0.1 < 0.5 < found.break_even
        raised += pairing_does_not_pay(found) is not None
    assert raised <= 3


def test_the_best_epoch_is_a_selection_on_test() -> None:
    assert selected_on_test("best_test_accuracy") is not None
    assert selected_on_test("test_accuracy") is None


@pytest.mark.parametrize(("dataset", "points"), [("cifar10", 0.48), ("cifar100", 1.38)])
def test_the_optimism_that_the_finding_quotes_follows_from_the_bank(
    dataset: str, points: float
) -> None:
    bank = load_bank("trottier")
    chosen = [row["dataset"] == dataset for row in bank.rows()]
    optimism = selection_optimism(bank.curves()[chosen], higher_is_better=False)
    assert optimism == pytest.approx(points, abs=5e-3)
    assert f"{points}" in TITLES["A004"][1]


def test_findings_about_how_the_runs_came_to_be() -> None:
    epochs = unequal_epochs({("vgg16", "relu"): 80.0, ("vgg16", "elu"): 120.0})
    assert epochs is not None
    assert epochs.evidence == "from 80 (vgg16, relu) to 120 epochs (vgg16, elu)"
    mixed = mixed_fingerprints({"0": {"a", "b"}, "1": {"a"}})
    assert mixed is not None
    assert mixed.evidence == "seeds 0"
    flow = incomplete_runs({"planned": 12, "failed": 1, "missing": 2})
    assert flow is not None
    assert flow.evidence == "1 failed, 2 missing of 12 planned"


def test_lengths_that_the_study_asks_for_are_no_finding() -> None:
    factors = ("train.epochs", "activation")
    asked = {("3", "relu"): 3.0, ("3", "elu"): 3.0, ("27", "relu"): 27.0, ("27", "elu"): 27.0}
    assert unequal_epochs(asked, factors) is None
    assert unequal_epochs(asked) is not None
    stopped = unequal_epochs({**asked, ("27", "elu"): 20.0}, factors)
    assert stopped is not None
    assert stopped.evidence == "from 20 (27, elu) to 27 epochs (27, relu)"


def seen_at(num_seeds: int, *, planned: tuple[int, ...], taken: tuple[int, ...]) -> str:
    """Evidence of A005 where a study of two cells is looked at now and was looked at before."""
    runs = made_study(
        seeds=num_seeds, generator=np.random.default_rng(5), levels={"activation": ("relu", "elu")}
    )
    before = tuple(Look("", None, "analyze", count, 2 * count, 0.05) for count in taken)
    found = seeds_after_look(
        looks_at(
            StudyResults(
                "store",
                "made",
                "made",
                runs,
                num_results=2 * num_seeds,
                looks=before,
                planned_looks=planned,
            )
        )
    )
    return found.evidence if found else ""


def test_the_finding_on_looks_names_the_earlier_ones() -> None:
    assert seen_at(5, planned=(), taken=(3, 3, 5)) == (
        "verdicts had been printed at 3 seeds (6 runs); now 5 seeds (10 runs)"
    )
    assert seen_at(4, planned=(3, 5), taken=()) == "now 4 seeds (8 runs); planned: 3, 5 seeds"
    assert seen_at(5, planned=(3, 5), taken=(3,)) == ""
    assert seen_at(3, planned=(), taken=(3,)) == ""


def test_nothing_unusual_gives_no_finding() -> None:
    assert unequal_epochs({}) is None
    assert unequal_epochs({("a",): 100.0, ("b",): 100.4}) is None
    assert mixed_fingerprints({"0": {"a"}}) is None
    assert incomplete_runs({"planned": 3}) is None
    assert outlier_seeds(()) is None
    assert unequal_variances(()) is None


def test_contradicting_rows_show_both_values() -> None:
    found = contradicting_rows(contradictions(load_bank("mish")))
    assert found is not None
    assert "SoftPlus(β = 1): lower limit -4.7778, recomputed -5.0878" in found.evidence
    assert contradicting_rows(()) is None


def test_no_runs_give_no_finding() -> None:
    assert codes(Observations.from_rows([], factors=FACTORS)) == {}
