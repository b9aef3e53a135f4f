"""What was fixed beforehand is read from the store's own record, never assumed."""

import hashlib
from pathlib import Path

import pytest

from actwise.analysis.claims import claims_origins, plan_origins
from actwise.errors import SpecError
from actwise.spec import claims_in_force
from actwise.spec.claims import FIRST_EDITION_SHA256, MECHANISM_CLAIMS, SHIPPED_CLAIMS
from actwise.store import Registration

FIRST_RESULT = "2027-01-02T00:00:00+00:00"
BEFORE, AFTER = "2027-01-01T00:00:00+00:00", "2027-01-03T00:00:00+00:00"
FIRST_EDITION = {"C1 to C8": FIRST_EDITION_SHA256}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text("[[claim]]\n")
    return path


def test_claims_noted_before_the_runs_are_fixed(mine: Path) -> None:
    noted = [Registration(BEFORE, "plan", claims_in_force(mine))]
    shipped, own = claims_origins(noted, first_result=FIRST_RESULT, claims=mine)
    assert (shipped.name, own.name) == (SHIPPED_CLAIMS, "mine.toml")
    assert (shipped.fixed, shipped.recorded_at) == ("beforehand", BEFORE)
    assert (own.fixed, own.earlier_at) == ("beforehand", None)
    assert own.sha256 == hashlib.sha256(mine.read_bytes()).hexdigest()
    assert claims_origins(noted, first_result=None)[0].fixed == "beforehand"


def test_claims_that_were_changed_or_came_later_are_exploratory(mine: Path) -> None:
    noted = [
        Registration(AFTER, "plan", claims_in_force(mine)),
        Registration(BEFORE, "plan", claims_in_force()),
    ]
    shipped, own = claims_origins(noted, first_result=FIRST_RESULT, claims=mine)
    assert (shipped.fixed, own.fixed, own.recorded_at) == ("beforehand", "afterwards", AFTER)
    mine.write_text("[[claim]]\nid = 'other'\n")
    changed = claims_origins(noted, first_result=FIRST_RESULT, claims=mine)[1]
    assert (changed.fixed, changed.recorded_at) == ("not-recorded", None)


def test_verdicts_on_runs_of_the_first_edition_are_labelled() -> None:
    noted = [Registration(BEFORE, "plan", FIRST_EDITION)]
    (shipped,) = claims_origins(noted, first_result=FIRST_RESULT)
    assert (shipped.fixed, shipped.recorded_at) == ("earlier-edition", None)
    assert shipped.earlier_at == BEFORE
    noted.append(Registration(AFTER, "more", claims_in_force()))
    (shipped,) = claims_origins(noted, first_result=FIRST_RESULT)
    assert (shipped.fixed, shipped.recorded_at) == ("earlier-edition", AFTER)


def test_the_first_edition_noted_after_the_results_vouches_for_nothing() -> None:
    noted = [Registration(AFTER, "plan", FIRST_EDITION)]
    (shipped,) = claims_origins(noted, first_result=FIRST_RESULT)
    assert (shipped.fixed, shipped.earlier_at) == ("not-recorded", None)


def test_a_store_that_was_told_nothing_promises_nothing() -> None:
    for noted in ([], [Registration(BEFORE, "plan", {})]):
        assert claims_origins(noted, first_result=FIRST_RESULT)[0].fixed == "not-recorded"


def test_a_missing_claims_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"gone\.toml cannot be read"):
        claims_origins([], first_result=None, claims=tmp_path / "gone.toml")


def test_a_plan_is_told_once_with_the_first_time_that_it_was_noted() -> None:
    noted = [
        Registration(AFTER, "grown", {}),
        Registration(BEFORE, "first", {}),
        Registration(AFTER, "first", claims_in_force()),
    ]
    first, grown = plan_origins(noted, first_result=FIRST_RESULT)
    assert (first.sha256, first.recorded_at, first.is_beforehand) == ("first", BEFORE, True)
    assert (grown.sha256, grown.is_beforehand) == ("grown", False)


def test_claims_about_signal_flow_are_named_where_runs_were_probed() -> None:
    noted = [Registration(BEFORE, "plan", claims_in_force())]
    found = claims_origins(noted, first_result=FIRST_RESULT, is_probed=True)
    assert [(origin.name, origin.fixed) for origin in found] == [
        (SHIPPED_CLAIMS, "beforehand"),
        (MECHANISM_CLAIMS, "beforehand"),
    ]
    older = [Registration(BEFORE, "plan", FIRST_EDITION)]
    found = claims_origins(older, first_result=FIRST_RESULT, is_probed=True)
    assert [origin.fixed for origin in found] == ["earlier-edition", "not-recorded"]
