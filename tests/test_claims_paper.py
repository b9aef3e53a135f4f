"""The verdicts on the paper's own 24 runs, and the numbers behind them."""

import pytest

from actwise.analysis.claim import REASONS, ClaimResult
from actwise.analysis.reading import load_bank
from made.claims import judged


@pytest.fixture(scope="module")
def paper() -> dict[str, ClaimResult]:
    return judged(load_bank("paper").observations())


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
    assert reason in REASONS


def test_the_papers_claims_have_the_stated_numbers_of_components(
    paper: dict[str, ClaimResult],
) -> None:
    sizes = {claim: len(paper[claim].components) for claim in ("C1", "C3", "C5", "C6", "C7", "C8")}
    assert sizes == {"C1": 8, "C3": 14, "C5": 2, "C6": 2, "C7": 4, "C8": 2}


def test_the_smallest_lead_of_prelu(paper: dict[str, ClaimResult]) -> None:
    smallest = min(paper["C1"].components, key=lambda row: row.estimate)
    assert smallest.estimate == pytest.approx(0.61)
    assert smallest.estimate / smallest.standard_error == pytest.approx(1.17, abs=5e-3)


def test_the_spread_of_the_activations_shrinks(paper: dict[str, ClaimResult]) -> None:
    ratio, without, augmented = paper["C2"].components
    assert "raw 0.526" in without.name
    assert "raw 0.016" in augmented.name
    assert ratio.estimate == 0.0
    assert ratio.upper == pytest.approx(0.55, abs=5e-3)


def test_the_gains_and_their_differences(paper: dict[str, ClaimResult]) -> None:
    *gains, relu, elu = paper["C3"].components
    assert min(gain.estimate for gain in gains) == pytest.approx(1.59)
    assert [relu.estimate, elu.estimate] == pytest.approx([1.88, 3.00], abs=5e-3)
    assert [relu.standard_error, elu.standard_error] == pytest.approx([0.51, 0.51], abs=5e-3)


def test_what_relu_gains_from_the_residual_network(paper: dict[str, ClaimResult]) -> None:
    prelu, elu = paper["C5"].components
    assert [prelu.estimate, elu.estimate] == pytest.approx([-0.25, 0.78], abs=5e-3)
    assert prelu.standard_error == pytest.approx(0.51, abs=5e-3)
    only = "step: relu - prelu +1.21 (SE 0.69), step: relu - elu +1.16 (SE 0.69)"
    assert any(only in note for note in paper["C5"].notes)


def test_negative_outputs_pass_binomially_but_not_with_run_to_run_noise(
    paper: dict[str, ClaimResult],
) -> None:
    assert dict(paper["C6"].by_source) == {
        "binomial": "supported",
        "binomial + external run SD": "undecided",
    }
    z = [row.estimate / row.standard_error for row in paper["C6"].components]
    assert z == pytest.approx([1.42, 1.37], abs=5e-3)


def test_relu_catching_up_is_too_imprecise(paper: dict[str, ClaimResult]) -> None:
    prelu, elu, _, small_elu = paper["C7"].components
    assert [prelu.estimate, elu.estimate] == pytest.approx([2.13, 2.00], abs=5e-3)
    assert prelu.standard_error == pytest.approx(1.21, abs=5e-3)
    assert -small_elu.lower == pytest.approx(1.81, abs=5e-3)


def test_advice_is_not_judged_on_the_runs_that_suggested_it(paper: dict[str, ClaimResult]) -> None:
    assert paper["C8"].components[1].estimate == pytest.approx(0.054, abs=5e-4)
    assert any("always prelu: mean 0.371, worst 1.32" in note for note in paper["C8"].notes)
