"""Responses that are no percentage of accuracy: losses, fractions, errors, user's own."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.results import Analysis
from actwise.errors import SpecError
from actwise.report.analysis_text import analysis_renderables
from actwise.report.html import render_html
from made.studies import made_rows

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """ELU is best; ReLU and PReLU are equal to 0.01 points."""
    truth = {"relu": 80.0, "prelu": 80.01, "elu": 84.0}
    found = made_rows(
        seeds=5,
        generator=np.random.default_rng(0),
        truth=lambda cell: truth[cell["activation"]],
        sd=0.1,
    )
    for row in found:
        share = row["test_accuracy"] / 100
        row.update(accuracy_share=share, test_error=100 - 100 * share, test_loss=1 - share)
    return found


def verdicts(analysis: Analysis) -> set[str]:
    return {row.verdict for row in analysis.differences.simple}


def codes(analysis: Analysis) -> dict[str, str]:
    return {finding.code: finding.evidence for finding in analysis.findings}


def analysed_loss(rows: Rows, **question: Any) -> Analysis:
    return aw.analyze(rows, response="test_loss", lower_is_better=True, **question)


def test_a_loss_has_no_margin_unless_one_is_asked_for(rows: Rows) -> None:
    analysis = analysed_loss(rows)
    assert "equivalent" not in verdicts(analysis)
    assert analysis.decision.recommended == ("elu",)
    assert all(math.isnan(row.margin) for row in analysis.checks.precisions)
    values = analysis.to_json()
    assert {row["margin"] for row in values["contrasts"]} == {None}
    assert {row["power_equivalent"] for row in values["precision"]} == {None}
    assert "equivalent" in verdicts(analysed_loss(rows, margin=0.005))
    assert "equivalent" in verdicts(aw.analyze(rows))


def test_a_report_without_a_margin_says_so(rows: Rows) -> None:
    analysis = analysed_loss(rows)
    text = render_html(analysis, command="test")
    assert "never, without --margin" in text
    assert "nan" not in text.lower().split()
    assert analysis_renderables(analysis)


def test_accuracies_between_0_and_1_are_told_and_not_taken_for_percent(rows: Rows) -> None:
    analysis = aw.analyze(rows, response="accuracy_share").to_json()
    shares = aw.analyze([{**row, "test_accuracy": row["accuracy_share"]} for row in rows])
    assert codes(shares)["A017"].startswith("test_accuracy lies between 0.79")
    assert "equivalent" not in verdicts(shares)
    assert shares.to_json()["logit"] is None
    assert {row["reason"] for row in analysis["claims"]} == {"missing-cells"}
    assert "A017" not in codes(aw.analyze(rows))


def test_equal_losses_without_a_margin_are_not_called_equivalent(rows: Rows) -> None:
    same = [{**row, "test_loss": 0.5 + row["seed"] / 100} for row in rows]
    analysis = analysed_loss(same)
    assert "equivalent" not in analysis.decision.headline
    assert verdicts(analysis) == {"undecided"}


def test_the_papers_claims_are_about_accuracies_and_not_judged_on_a_loss(rows: Rows) -> None:
    analysis = analysed_loss(rows)
    assert {(c.verdict, c.reason) for c in analysis.claims} == {("undecided", "missing-cells")}
    for claim in analysis.claims:
        assert claim.notes == ("it is about accuracies in percent, and test_loss is no percentage",)
        assert claim.missing == claim.components == ()
    assert "test_loss, is no percentage" in render_html(analysis, command="test")


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
    verdicts = []
    for high, low in (("relu", "elu"), ("elu", "relu")):
        path = tmp_path / f"{high}.toml"
        path.write_text(CLAIM.format(high=high, low=low), encoding="utf-8")
        analysis = aw.analyze(rows, response=response, lower_is_better=True, claims=path)
        mine = analysis.claims[-1]
        assert mine.notes == (f"lower is better: above 0 is a higher {response}, which is worse",)
        verdicts.append(mine.verdict)
    assert verdicts == ["supported", "refuted"]


@pytest.mark.parametrize("response", ["test_loss", "test_error"])
def test_an_error_of_which_more_is_better_is_refused(rows: Rows, response: str) -> None:
    with pytest.raises(SpecError, match=f"{response} has the name .* add --lower-is-better"):
        aw.analyze(rows, response=response)
    assert aw.analyze(rows, response=response, lower_is_better=True).decision.recommended == (
        "elu",
    )
