"""The claims that are shipped, and the hash by which a store knows them."""

import hashlib
from pathlib import Path

import pytest

from actwise.analysis import claims
from actwise.analysis.claims import gaps, paper_claims
from actwise.errors import SpecError
from actwise.spec import claims_in_force
from actwise.spec.claims import FIRST_EDITION_SHA256, MECHANISM_CLAIMS, SHIPPED_CLAIMS


def test_every_claim_of_the_paper_is_shipped() -> None:
    ids = [claim.id for claim in paper_claims()]
    assert ids == ["C1", "C2", "C3", "C4", "C5", "C5b", "C6", "C7", "C8"]
    assert all(claim.is_shipped and claim.head.accuracy for claim in paper_claims())


def test_runs_record_the_claims_that_are_shipped() -> None:
    """A change of what a claim says is made knowingly: change the hash in spec/claims.py too."""
    paper, mechanism = (
        (Path(claims.__file__).parent / name).read_text(encoding="utf-8")
        for name in ("paper.toml", "mechanism.toml")
    )
    said = hashlib.sha256("\n".join((paper, gaps.STATEMENT, gaps.RULE)).encode()).hexdigest()
    besides = hashlib.sha256(mechanism.encode()).hexdigest()
    assert claims_in_force() == {SHIPPED_CLAIMS: said, MECHANISM_CLAIMS: besides}
    assert said != FIRST_EDITION_SHA256


def test_a_file_of_claims_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("one")
    first = claims_in_force(path)
    assert list(first) == [SHIPPED_CLAIMS, MECHANISM_CLAIMS, "mine.toml"]
    assert first["mine.toml"] == hashlib.sha256(b"one").hexdigest()
    path.write_text("two")
    assert claims_in_force(path)["mine.toml"] != first["mine.toml"]
    with pytest.raises(SpecError, match="cannot be read"):
        claims_in_force(tmp_path / "missing.toml")
