"""What the terminal says of claims, and of the two scales."""

from pathlib import Path

import pytest

import actwise as aw
from actwise.report.html import render_html
from test_report_words import SMALL, printed, rows_of

CLAIM = """
[[claim]]
id = "{id}"
statement = "ELU beats ReLU."
[[claim.component]]
name = "elu - relu"
terms = [
  {{ weight = 1, where = {{ model = "{model}", activation = "elu" }} }},
  {{ weight = -1, where = {{ model = "mlp", activation = "relu" }} }},
]
"""


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.toml"
    path.write_text(CLAIM.format(id="U1", model="m*") + CLAIM.format(id="U2", model="resnett*"))
    return path


def test_the_text_holds_the_limits_and_bound_of_a_users_claim(claims: Path) -> None:
    analysis = aw.analyze(rows_of(**SMALL), claims=claims)
    found = {claim.id: claim for claim in analysis.claims}
    (part,) = found["U1"].components
    values = f"{part.estimate:+.2f} {part.lower:.2f} {part.upper:.2f} 0.00 0.00"
    assert f"U1 elu - relu {values}" in printed(analysis)


def test_a_pattern_that_matched_nothing_is_named(claims: Path) -> None:
    analysis = aw.analyze(rows_of(**SMALL), claims=claims)
    assert "U2 lacks runs of: model=resnett*, activation=elu." in printed(analysis)
    assert "model=resnett*" in render_html(analysis, command="test")


def test_each_judged_claim_of_the_paper_shows_the_component_that_decides() -> None:
    analysis = aw.analyze("bank:paper")
    said = printed(analysis).split("What the claims rest on")[1].split("Findings")[0]
    for claim in analysis.claims:
        judged = [part for part in claim.components if part.bound == part.bound]
        shown = [part for part in judged if f"{claim.id} {part.name}" in said]
        if judged:
            assert len(shown) == 1
        if claim.verdict == "refuted" and claim.id != "C2":
            assert shown[0].upper < shown[0].refutation


def test_the_logit_scale_says_what_it_is_shown_for() -> None:
    rows = rows_of(**SMALL)
    logit, points = (aw.analyze(rows, scale=scale) for scale in ("logit", "points"))
    assert logit.logit is not None
    for text in (printed(logit), render_html(logit, command="test")):
        assert "intervals of differences stay in points" in text
        for pair in logit.logit.differences:
            assert f"{pair.value:+.3f}" in text
    assert "stay in points" not in printed(points)
