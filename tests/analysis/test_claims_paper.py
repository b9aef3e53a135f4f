"""The verdicts on the paper's own 24 runs, and the numbers behind them."""

import pytest

from actwise.analysis.claims import ClaimResult
from actwise.analysis.reading import load_bank
from made.claims import judged


@pytest.fixture(scope="module")
def paper() -> dict[str, ClaimResult]:
    return judged(load_bank("paper").observations(), bank="paper")


@pytest.mark.parametrize(
    ("claim", "verdict", "reason"),
    [
        ("C1", "undecided", "imprecise"),
        ("C2", "supported", "ok"),
        ("C3", "supported", "ok"),
        ("C4", "undecided", "missing-cells"),
        ("C5", "undecided", "aliased"),
        ("C5b", "undecided", "missing-cells"),
        ("C6", "undecided", "single-run"),
        ("C7", "undecided", "imprecise"),
        ("C8", "undecided", "in-sample"),
    ],
)
def test_verdicts_on_the_papers_single_runs(
    paper: dict[str, ClaimResult], claim: str, verdict: str, reason: str
) -> None:
    assert (paper[claim].verdict, paper[claim].reason) == (verdict, reason)
    assert paper[claim].seeds == 0
    assert paper[claim].own_verdict is None


def test_every_claim_has_the_stated_number_of_components(paper: dict[str, ClaimResult]) -> None:
    sizes = {
        name: sum(part.is_judged for part in result.components) for name, result in paper.items()
    }
    assert sizes == {
        "C1": 8,
        "C2": 1,
        "C3": 14,
        "C4": 0,
        "C5": 2,
        "C5b": 0,
        "C6": 2,
        "C7": 4,
        "C8": 1,
    }


def test_the_papers_networks_count_as_trained(paper: dict[str, ClaimResult]) -> None:
    assert paper["C1"].scale == {"width": (1.0,), "train.schedule": ("plateau",)}
    assert paper["C1"].scale_matches is True


def test_the_smallest_lead_of_prelu(paper: dict[str, ClaimResult]) -> None:
    smallest = min(paper["C1"].components, key=lambda row: row.estimate)
    assert smallest.name == "cifar10 vgg*: prelu - relu"
    assert smallest.estimate == pytest.approx(0.61)
    assert smallest.estimate / smallest.standard_error == pytest.approx(1.17, abs=5e-3)
    assert {row.refutation for row in paper["C1"].components} == {0.5, 1.0}
    assert {row.margin for row in paper["C1"].components} == {0.5, 1.0}
    assert paper["C1"].margin == 0.5


def test_the_spread_of_the_activations_shrinks(paper: dict[str, ClaimResult]) -> None:
    ratio, without, augmented = paper["C2"].components
    assert "raw 0.526" in without.name
    assert "raw 0.016" in augmented.name
    assert ratio.estimate == 0.0
    assert ratio.upper == pytest.approx(0.55, abs=5e-3)
    assert (ratio.level, without.level) == (0.95, 0.975)


def test_the_gains_and_their_differences(paper: dict[str, ClaimResult]) -> None:
    *gains, relu, elu = paper["C3"].components
    assert min(gain.estimate for gain in gains) == pytest.approx(1.59)
    assert [relu.estimate, elu.estimate] == pytest.approx([1.88, 3.00], abs=5e-3)
    assert [relu.standard_error, elu.standard_error] == pytest.approx([0.51, 0.51], abs=5e-3)
    assert relu.upper_level == pytest.approx(1 - 0.05 / 14)


def test_what_relu_gains_from_the_residual_network(paper: dict[str, ClaimResult]) -> None:
    prelu, elu, *augmented = paper["C5"].components
    assert [prelu.estimate, elu.estimate] == pytest.approx([-0.25, 0.78], abs=5e-3)
    assert prelu.standard_error == pytest.approx(0.51, abs=5e-3)
    assert [row.estimate for row in augmented] == pytest.approx([1.21, 1.16], abs=5e-3)
    assert [row.standard_error for row in augmented] == pytest.approx([0.69, 0.69], abs=5e-3)
    assert not any(row.is_judged for row in augmented)


def test_negative_outputs_pass_binomially_but_not_with_run_to_run_noise(
    paper: dict[str, ClaimResult],
) -> None:
    assert paper["C6"].by_model == ("supported", "undecided")
    z = [row.estimate / row.standard_error for row in paper["C6"].components]
    assert z == pytest.approx([1.42, 1.37], abs=5e-3)
    assert paper["C6"].variance_source == "binomial + external run SD"


def test_relu_catching_up_is_too_imprecise(paper: dict[str, ClaimResult]) -> None:
    prelu, elu, _, small_elu = paper["C7"].components
    assert [prelu.estimate, elu.estimate] == pytest.approx([2.13, 2.00], abs=5e-3)
    assert prelu.standard_error == pytest.approx(1.21, abs=5e-3)
    assert -small_elu.lower == pytest.approx(1.81, abs=5e-3)
    assert small_elu.bound == -1.0


def test_advice_is_not_judged_on_the_runs_that_suggested_it(paper: dict[str, ClaimResult]) -> None:
    rule, with_elu = paper["C8"].components
    assert rule.estimate == pytest.approx(0.371 - 0.054, abs=1e-3)
    assert with_elu.estimate == pytest.approx(0.371 - 0.016, abs=1e-3)
    assert paper["C8"].by_model == ("supported", "supported")
    elsewhere = judged(load_bank("paper").observations())["C8"]
    assert (elsewhere.verdict, elsewhere.reason) == ("supported", "ok")
