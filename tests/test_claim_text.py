"""The hash by which a store knows whether claims were fixed before its runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from actwise.analysis.claim import Claim, Plan
from actwise.analysis.claim_linear import Component, linear_plan
from actwise.analysis.claim_text import claims_sha256, claims_text
from actwise.analysis.claims import PAPER_CLAIMS
from actwise.analysis.evidence import Evidence
from actwise.analysis.wording import Wording
from actwise.errors import SpecError
from actwise.spec import claims_in_force


def test_runs_record_the_claims_that_are_shipped() -> None:
    """A change of what a claim says is made knowingly: change the hash in spec/claims.py too."""
    assert claims_in_force() == {"C1 to C8": claims_sha256(PAPER_CLAIMS)}


def test_what_a_claim_tests_changes_its_hash() -> None:
    def plan(bound: float) -> Claim:
        def components(wording: Wording, evidence: Evidence) -> Plan:
            weights = dict.fromkeys(wording.cells[:2], 1.0)
            return linear_plan([Component("theta", weights, bound=bound)])

        return Claim("U1", "Theta is large.", components)

    base = plan(1.0)
    assert claims_sha256([base]) == claims_sha256([plan(1.0)])
    assert claims_sha256([base]) != claims_sha256([plan(2.0)])
    assert claims_sha256([base]) != claims_sha256([replace(base, statement="Theta is positive.")])


def test_the_text_says_every_bound() -> None:
    text = claims_text(PAPER_CLAIMS)
    assert "C10 V: prelu - relu > 0; refuted below 0.5; the estimate at least 0.5" in text
    assert "never supported: missing-cells" in text
    assert "+1.000000 cifar10/vgg16/bn/prelu, -1.000000 cifar10/vgg16/bn/relu" in text


def test_a_file_of_claims_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("one")
    first = claims_in_force(path)
    assert list(first) == ["C1 to C8", "mine.toml"]
    path.write_text("two")
    assert claims_in_force(path)["mine.toml"] != first["mine.toml"]
    with pytest.raises(SpecError, match="cannot be read"):
        claims_in_force(tmp_path / "missing.toml")
