"""Imports: exported runs come back as they were, or the folder is refused and nothing happens."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from actwise.errors import StoreError
from actwise.store import LEASE_SECONDS, Owner, RunStore
from actwise.store.exchange import WHAT, export_all, export_table, import_folders
from made.exports import made_export, replace_table, rewrite, sign
from made.runs import finish, leased, made_plan, made_study


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Two studies that share runs: finished, diverged, failed and pending ones."""
    return made_export(tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    RunStore.open(tmp_path / "target", create=True).close()
    return tmp_path / "target"


def test_what_was_exported_comes_back(exported: Path, target: Path, tmp_path: Path) -> None:
    with RunStore.open(target) as store, RunStore.open(tmp_path / "origin") as origin:
        imported = import_folders([exported], store)
        assert (imported.num_added, imported.num_present) == (3, 0)
        for what in WHAT:
            assert export_table(store, what).equals(export_table(origin, what)), what
        assert store.planned() == origin.planned()
        assert store.studies() == origin.studies()
        assert store.studies()[0].registrations[0].claims == {"mine.toml": "ab"}
        runs = {run: state.status for run, state in origin.states().items()}
        assert {run: state.status for run, state in store.states().items()} == runs


def test_an_export_of_version_1_says_nothing_of_what_was_fixed(
    exported: Path, target: Path
) -> None:
    studies = pq.read_table(exported / "studies.parquet")
    replace_table(exported, "studies", studies.drop_columns("registered"))
    sign(exported, schema_version=1)
    with RunStore.open(target) as store:
        import_folders([exported], store)
        assert [stored.registrations for stored in store.studies()] == [(), (), ()]


def test_weights_are_not_exported_so_they_do_not_count_as_kept(
    exported: Path, target: Path
) -> None:
    with RunStore.open(target) as store:
        import_folders([exported], store)
        observed = {state.observed for state in store.states().values()}
    assert observed == {("probes(every=2, images=100)", "reestimated"), ()}


def test_importing_twice_changes_nothing(exported: Path, target: Path) -> None:
    with RunStore.open(target) as store:
        import_folders([exported, exported], store)
        before = {what: export_table(store, what) for what in WHAT}
        imported = import_folders([exported], store)
        assert (imported.num_added, imported.num_present) == (0, 3)
        assert all(export_table(store, what).equals(before[what]) for what in WHAT)


def test_pending_runs_are_filled_in(exported: Path, target: Path) -> None:
    study = made_study("one", regularization=["bn", "bn+dropout"], train={"epochs": 3})
    with RunStore.open(target) as store:
        store.add_study(study, made_plan(study))
        assert import_folders([exported], store).num_added == 3
        assert len(store.planned("one")) == len(made_plan(study))


def test_results_of_an_older_engine_come_back_under_their_engine(
    target: Path, tmp_path: Path
) -> None:
    study = made_study(seeds="0")
    with RunStore.open(tmp_path / "old", create=True) as old:
        older = made_plan(study, engine_version=1)
        old.add_study(study, older)
        with sqlite3.connect(tmp_path / "old" / "store.sqlite") as database:
            database.execute("UPDATE runs SET engine_version = 1")
        finish(old, older)
        export_all(old, tmp_path / "v1")
    with RunStore.open(target) as store:
        import_folders([tmp_path / "v1"], store)
        hashes = [run.spec_hash for run in made_plan(study)]
        assert len(store.find_finished(hashes, [1])) == 2


def test_another_result_of_the_same_run_is_refused(exported: Path, target: Path) -> None:
    study = made_study("mine", train={"epochs": 3})
    with RunStore.open(target) as store:
        store.add_study(study, made_plan(study))
        finish(store, made_plan(study), weights_sha256="other")
        with pytest.raises(StoreError, match=r"has another result in the store .*weights_sha256"):
            import_folders([exported], store)
        assert {stored.study for stored in store.studies()} == {"mine"}
        assert store.looks() == []


def test_a_run_that_is_being_trained_is_not_replaced(exported: Path, target: Path) -> None:
    study = made_study("mine", train={"epochs": 3})
    with RunStore.open(target) as store:
        store.add_study(study, made_plan(study))
        for run in made_plan(study):
            leased(store, run.run_id)
        with pytest.raises(StoreError, match="is being trained; nothing was imported"):
            import_folders([exported], store)


def flip_a_byte(folder: Path) -> None:
    path = folder / "runs.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_a_table(folder: Path) -> None:
    path = folder / "epochs.parquet"
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: (f / "manifest.json").unlink(), "no complete export"),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json is not valid"),
        (lambda f: (f / "manifest.json").write_text("[]"), "manifest.json is not valid"),
        (lambda f: (f / "looks.parquet").unlink(), "looks.parquet cannot be read"),
        (flip_a_byte, "runs.parquet is damaged"),
        (cut_a_table, "epochs.parquet is damaged"),
        (lambda f: sign(f, schema_version=99), "install a newer actwise"),
        (
            lambda f: rewrite(f, "study_runs", lambda row: row.update(seed=7)),
            "does not follow from its settings",
        ),
        (
            lambda f: rewrite(f, "study_runs", lambda row: row.update(settings="{}")),
            "settings lack a level",
        ),
        (
            lambda f: rewrite(f, "study_runs", lambda row: row.update(asked="{}")),
            "asked is no run: dataset: Field required",
        ),
        (lambda f: rewrite(f, "runs", lambda row: row.update(run_id="f" * 20)), "in no plan"),
        (
            lambda f: rewrite(f, "predictions", lambda row: row.update(classes=[1, 2])),
            "predictions_sha256 of run .* holds others",
        ),
        (
            lambda f: rewrite(f, "runs", lambda row: row.update(predictions_sha256=None)),
            "predictions_sha256 of run .* is None, and predictions.parquet holds others",
        ),
        (lambda f: rewrite(f, "studies", lambda row: row.update(spec="{")), "spec is no study"),
        (
            lambda f: rewrite(f, "runs", lambda row: row.update(environment_id="?")),
            "environment_id",
        ),
    ],
)
def test_a_damaged_export_is_refused_untouched(
    exported: Path, target: Path, damage: Callable[[Path], object], sentence: str
) -> None:
    damage(exported)
    with RunStore.open(target) as store:
        with pytest.raises(StoreError, match=sentence) as refusal:
            import_folders([exported], store)
        assert "\n" not in str(refusal.value)
        assert store.studies() == []
        assert store.states() == {}


def test_pieces_by_seed_come_back_one_after_the_other(target: Path, tmp_path: Path) -> None:
    study = made_study(seeds="0..1")
    with RunStore.open(tmp_path / "origin", create=True) as origin:
        origin.add_study(study, made_plan(study))
        finish(origin, made_plan(study))
        for seed in (0, 1):
            export_all(origin, tmp_path / f"seed-{seed}", where=[f"seed={seed}"])
        whole = export_table(origin, "predictions").sort_by("run_id")
    with RunStore.open(target) as store:
        for seed in (0, 1):
            half = len(made_plan(study)) // 2
            assert import_folders([tmp_path / f"seed-{seed}"], store).num_added == half
            assert len(store.planned()) == len(made_plan(study))
        assert export_table(store, "predictions").sort_by("run_id").equals(whole)


@pytest.mark.parametrize("ahead_seconds", [61.0, 3600.0, 1e12])
def test_a_dead_owner_whose_clock_ran_ahead_ends_a_minute_after_an_import_was_refused(
    exported: Path, target: Path, monkeypatch: pytest.MonkeyPatch, ahead_seconds: float
) -> None:
    now = time.time()
    elsewhere = Owner("elsewhere", "boot", 1, "1")
    study = made_study("one", regularization=["bn", "bn+dropout"], train={"epochs": 3})
    with RunStore.open(target) as store:
        store.add_study(study, made_plan(study))
        monkeypatch.setattr("time.time", lambda: now + ahead_seconds)
        leased(store, made_plan(study)[0].run_id, elsewhere)
        monkeypatch.setattr("time.time", lambda: now)
        with pytest.raises(StoreError, match="is being trained"):
            import_folders([exported], store)
        monkeypatch.setattr("time.time", lambda: now + LEASE_SECONDS + 1)
        assert import_folders([exported], store).num_added == 3
