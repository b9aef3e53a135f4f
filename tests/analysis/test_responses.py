"""Responses that are no percentage of accuracy: losses, fractions, errors, user's own."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.errors import SpecError
from actwise.report import analysis_json
from actwise.report.html import render_html
from made.printed import printed
from made.studies import LEVELS, made_rows

Rows = list[dict[str, Any]]
ONE_NETWORK = {**LEVELS, "dataset": ("cifar10",), "model": ("vgg16",)}


@pytest.fixture(scope="module")
def rows() -> Rows:
    """ELU is best; ReLU and PReLU are equal to 0.01 points."""
    truth = {"relu": 80.0, "prelu": 80.01, "elu": 84.0}
    found = made_rows(
        seeds=5,
        generator=np.random.default_rng(0),
        truth=lambda cell: truth[cell["activation"]],
        sd=0.1,
        levels=ONE_NETWORK,
    )
    for row in found:
        share = row["test_accuracy"] / 100
        row.update(accuracy_share=share, test_error=100 - 100 * share, test_loss=1 - share)
    return found


def verdicts(analysis: Analysis) -> set[str]:
    return {row.judged.verdict for row in analysis.pairs}


def codes(analysis: Analysis) -> dict[str, str]:
    return {finding.code: finding.evidence for finding in analysis.findings}


def analysed_loss(rows: Rows, **question: Any) -> Analysis:
    return aw.analyze(rows, response="test_loss", lower_is_better=True, **question)


def test_a_loss_has_no_margin_unless_one_is_asked_for(rows: Rows) -> None:
    analysis = analysed_loss(rows)
    assert "equivalent" not in verdicts(analysis)
    assert (analysis.decision.kind, analysis.decision.levels) == ("use", ("elu",))
    assert all(math.isnan(row.judged.margin.points) for row in analysis.pairs)
    assert analysis.logit is None
    values = analysis_json(analysis)
    assert {row["margin"] for row in values["contrasts"]} == {None}
    (network,) = analysis.decision.networks
    assert network.next_step is not None and network.next_step.seeds is None
    assert "equivalent" in verdicts(analysed_loss(rows, margin=0.005))
    assert "equivalent" in verdicts(aw.analyze(rows))


def test_what_is_printed_without_a_margin_holds_no_nan(rows: Rows) -> None:
    analysis = analysed_loss(rows)
    for text in (render_html(analysis, command="test"), printed(analysis)):
        assert "nan" not in text.lower().split()


def test_losses_and_errors_are_never_hardly_learned_or_stuck(rows: Rows) -> None:
    """A loss of .2 lies below every floor of accuracies."""
    for analysis in (analysed_loss(rows), aw.analyze(rows, response="accuracy_share")):
        assert not {"A018", "A019"} & codes(analysis).keys()
        assert not any(row.is_hardly_learned for row in analysis.cells)


@pytest.mark.parametrize(("largest", "is_fraction"), [(1.0, True), (1.01, False)])
def test_errors_between_0_and_1_are_told_and_not_taken_for_percent(
    rows: Rows, largest: float, is_fraction: bool
) -> None:
    errors = [{**row, "test_error": row["test_loss"]} for row in rows]
    errors[0]["test_error"] = largest
    found = aw.analyze(errors, response="test_error", lower_is_better=True)
    assert ("A017" in codes(found)) is is_fraction
    assert (found.logit is None) is is_fraction
    if is_fraction:
        assert codes(found)["A017"].startswith("test_error from 0.15")
        assert "equivalent" not in verdicts(found)
        assert {claim.verdict for claim in found.claims} == {"undecided"}


def test_accuracies_between_0_and_1_become_percent(rows: Rows) -> None:
    shares = aw.analyze([{**row, "test_accuracy": row["accuracy_share"]} for row in rows])
    percent = aw.analyze(rows)
    assert codes(shares) == codes(percent)
    assert verdicts(shares) == verdicts(percent)
    np.testing.assert_allclose(
        [row.mean.value for row in shares.cells], [row.mean.value for row in percent.cells]
    )


def test_a_scale_that_the_response_lacks_is_refused(rows: Rows) -> None:
    with pytest.raises(SpecError, match="test_loss is no percentage: it has no logit scale"):
        analysed_loss(rows, scale="logit")


def test_equal_losses_are_not_called_equivalent_without_a_margin(rows: Rows) -> None:
    """The noise of ReLU's runs stays; the means of all levels are equal."""
    same = [{**row, "test_loss": 0.5 + row["test_loss"] / 100} for row in rows]
    for row in same:
        row["test_loss"] += 0.0004 * (row["activation"] == "elu")
    analysis = analysed_loss(same)
    assert verdicts(analysis) == {"undecided"}
    assert analysis.decision.kind == "not_told_apart"


def test_the_papers_claims_are_about_accuracies_and_not_judged_on_a_loss(rows: Rows) -> None:
    analysis = analysed_loss(rows)
    assert {(c.verdict, c.reason) for c in analysis.claims} == {("undecided", "missing-cells")}
    assert all(claim.components == () for claim in analysis.claims)


CLAIM = """
[[claim]]
id = "U1"
statement = "ELU beats ReLU."
[[claim.component]]
name = "{high} - {low}"
terms = [
  {{ weight = 1, where = {{ activation = "{high}" }} }},
  {{ weight = -1, where = {{ activation = "{low}" }} }},
]
"""


@pytest.mark.parametrize("response", ["test_loss", "test_error"])
def test_a_users_claim_takes_the_response_as_it_is_given(
    rows: Rows, tmp_path: Path, response: str
) -> None:
    found = []
    for high, low in (("relu", "elu"), ("elu", "relu")):
        path = tmp_path / f"{high}.toml"
        path.write_text(CLAIM.format(high=high, low=low), encoding="utf-8")
        analysis = aw.analyze(rows, response=response, lower_is_better=True, claims=path)
        mine = analysis.claims[-1]
        assert (mine.id, mine.notes, len(mine.components)) == ("U1", ("lower-is-better",), 1)
        found.append(mine.verdict)
    assert found == ["supported", "refuted"]


@pytest.mark.parametrize("response", ["test_loss", "test_error"])
def test_an_error_of_which_more_is_better_is_refused(rows: Rows, response: str) -> None:
    with pytest.raises(SpecError, match=f"{response} has the name .* add lower_is_better=True"):
        aw.analyze(rows, response=response)
    found = aw.analyze(rows, response=response, lower_is_better=True)
    assert found.decision.levels == ("elu",)


def test_an_error_in_percent_gives_the_verdicts_of_the_accuracy(rows: Rows) -> None:
    accuracy = aw.analyze(rows)
    error = aw.analyze(rows, response="test_error", lower_is_better=True)
    for one, other in zip(accuracy.pairs, error.pairs, strict=True):
        assert (one.judged.verdict, one.judged.reason) == (
            other.judged.verdict,
            other.judged.reason,
        )
        assert other.judged.estimate.value == pytest.approx(-one.judged.estimate.value)
        assert other.judged.margin.points == pytest.approx(one.judged.margin.points)
    assert error.logit is not None
    (one,), (other,) = accuracy.decision.networks, error.decision.networks
    assert (one.kind, one.levels) == (other.kind, other.levels)
    claims = [[(c.id, c.verdict, c.reason) for c in a.claims] for a in (accuracy, error)]
    assert claims[0] == claims[1]
