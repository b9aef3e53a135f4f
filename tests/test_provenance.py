"""What was fixed beforehand is said from the store's own record, never assumed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from actwise.analysis.provenance import claims_origin, claims_origins, study_sentences
from actwise.analysis.reading import Selection, StudyResults, read_bank, read_store
from actwise.errors import SpecError
from actwise.spec import claims_in_force
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study


def studied(
    folder: Path, *, before: Mapping[str, str], after: Mapping[str, str] | None = None
) -> StudyResults:
    """A finished study whose claims were noted before its runs, and perhaps others after them."""
    study = made_study()
    with RunStore.open(folder, create=True) as store:
        store.add_study(study, made_plan(study), claims=before)
        finish(store, made_plan(study))
        if after is not None:
            store.add_study(study, made_plan(study), claims=after)
        return read_store(store, Selection())


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text("[[claim]]\n")
    return path


def test_claims_noted_before_the_runs_are_said_to_be_fixed(tmp_path: Path, mine: Path) -> None:
    source = studied(tmp_path / "store", before=claims_in_force(mine))
    shipped, own = claims_origins(source, claims=mine)
    assert shipped.is_beforehand
    assert own.is_beforehand
    assert own.sha256 == hashlib.sha256(mine.read_bytes()).hexdigest()
    text = claims_origin(source, claims=mine, margin=None)
    assert "C1 to C8 (SHA-256 " in text
    assert text.count(", before the first run's result") == 2
    assert "exploratory" not in text


def test_claims_that_were_changed_or_came_later_are_exploratory(tmp_path: Path, mine: Path) -> None:
    source = studied(tmp_path / "store", before=claims_in_force(), after=claims_in_force(mine))
    shipped, own = claims_origins(source, claims=mine)
    assert shipped.is_beforehand
    assert not own.is_beforehand
    assert str(own).endswith("after the first run's result: exploratory")
    mine.write_text("[[claim]]\nid = 'other'\n")
    changed = claims_origins(source, claims=mine)[1]
    assert str(changed).endswith("not recorded beforehand: exploratory")


def test_a_store_that_was_told_nothing_promises_nothing(tmp_path: Path) -> None:
    source = studied(tmp_path / "store", before={})
    assert not claims_origins(source, claims=None)[0].is_beforehand
    bank = claims_origin(read_bank("paper", Selection()), claims=None, margin=None)
    assert bank.endswith("the bank paper's among them): not recorded beforehand: exploratory")


def test_a_margin_that_is_asked_for_is_exploratory(tmp_path: Path) -> None:
    source = studied(tmp_path / "store", before=claims_in_force())
    text = claims_origin(source, claims=None, margin=2.0)
    assert text.endswith("; the margin of 2 points was asked for now: exploratory")


def test_a_missing_claims_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"gone\.toml cannot be read"):
        claims_origins(read_bank("paper", Selection()), claims=tmp_path / "gone.toml")


def test_the_plan_is_told_with_its_hash_and_date(tmp_path: Path) -> None:
    source = studied(tmp_path / "store", before={})
    started, plan = study_sentences(source)
    assert started.startswith("Study made, spec ")
    assert started.endswith("before the first result.")
    ids = sorted({run.run_id for run in made_plan(made_study())})
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    assert plan.startswith(f"Its plan, SHA-256 {digest[:12]}, was recorded on ")


def test_a_part_that_is_chosen_later_is_no_fresh_start(tmp_path: Path) -> None:
    first, second = made_study(activation=["relu"]), made_study(activation=["relu", "elu"])
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(first, made_plan(first))
        finish(store, made_plan(first))
        store.add_study(second, made_plan(second), claims=claims_in_force())
        finish(store, [run for run in made_plan(second) if run.spec.activation == "elu"])
        source = read_store(store, Selection(where=("activation=elu",)))
    assert not claims_origins(source, claims=None)[0].is_beforehand
