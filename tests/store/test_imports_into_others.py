"""An import into a store that has something already: what is added, kept, and refused whole."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.store.exchange import export_all, export_table, import_folders
from made.runs import (
    failed_record,
    finish,
    leased,
    look_at,
    made_epoch,
    made_plan,
    made_record,
    made_study,
)

STUDY = made_study(seeds="0..1")
RUN = made_plan(STUDY)[0].run_id


def origin(folder: Path, **changes: Any) -> Path:
    """The export of four finished runs and a look; ``changes`` are of every result."""
    with RunStore.open(folder / "origin", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY), claims={"a": "1"}, started_as=["theirs.toml"])
        finish(store, made_plan(STUDY), **changes)
        look_at(store, study="made", num_seeds=2)
        export_all(store, folder / "e")
    return folder / "e"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"weights_sha256": "a" * 64}, "weights_sha256"),
        ({"test_accuracy": 1.0, "train_accuracy": 2.0}, "test_accuracy, train_accuracy"),
        ({"test_loss": 9.0, "epochs": (made_epoch(1),)}, "test_loss, epochs"),
        ({"num_epochs": 2, "train_accuracy": 30.0}, "epochs"),
        ({"status": "diverged"}, "status"),
    ],
)
def test_what_differs_from_the_stores_own_result_is_named(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    folder = origin(tmp_path)
    with RunStore.open(tmp_path / "mine", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY)[:1])
        store.record(leased(store, RUN), made_record(RUN, **changes))
        with pytest.raises(StoreError) as refusal:
            import_folders([folder], store)
        assert str(refusal.value) == (
            f"import {str(folder)!r}: run {RUN} has another result in the store ({named} differ); "
            "nothing was imported"
        )
        assert len(store.planned()) == 1
        assert store.looks() == []


def test_what_may_differ_between_trainings_is_no_other_result(tmp_path: Path) -> None:
    folder = origin(tmp_path)
    with RunStore.open(tmp_path / "mine", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY)[:1])
        mine = made_record(RUN, train_seconds=1.0, images_per_second=2.0, environment={"host": "x"})
        store.record(leased(store, RUN), mine)
        imported = import_folders([folder], store)
        assert (imported.num_added, imported.num_present) == (3, 1)
        assert store.result(RUN) == mine


def test_a_failed_run_is_another_result_and_a_pending_one_is_none(tmp_path: Path) -> None:
    folder = origin(tmp_path)
    with RunStore.open(tmp_path / "mine", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        store.record(leased(store, RUN), failed_record(RUN))
        with pytest.raises(StoreError, match=rf"run {RUN} has another result .*\(status, weights"):
            import_folders([folder], store)
        store.reopen([RUN])
        assert import_folders([folder], store).num_added == 4
        assert store.result(RUN) == made_record(RUN)


def test_a_run_that_is_being_trained_is_named(tmp_path: Path) -> None:
    folder = origin(tmp_path)
    with RunStore.open(tmp_path / "mine", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        lease = leased(store, RUN)
        sentence = f"import {str(folder)!r}: run {RUN} is being trained; nothing was imported"
        with pytest.raises(StoreError, match=f"^{re.escape(sentence)}$"):
            import_folders([folder], store)
        store.record(lease, made_record(RUN))
        # Observed again, with a result that is the same.
        leased(store, RUN, again=True)
        assert import_folders([folder], store).num_present == 1


def test_attempts_and_times_come_with_results_and_mine_stay(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "origin", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        for _ in range(3):
            store.release(leased(store, RUN))
        finish(store, made_plan(STUDY))
        ends = {row["run_id"]: row for row in export_table(store, "runs").to_pylist()}
        first = store.snapshot().first_result
        export_all(store, tmp_path / "e")
    with RunStore.open(tmp_path / "mine", create=True) as store:
        import_folders([tmp_path / "e"], store)
        states = store.states()
        assert (states[RUN].attempts, ends[RUN]["attempts"]) == (4, 4)
        assert sorted(state.attempts for state in states.values()) == [1, 1, 1, 4]
        assert store.snapshot().first_result == first


def test_a_start_of_mine_keeps_how_it_was_started_and_the_names_that_it_gave(
    tmp_path: Path,
) -> None:
    folder = origin(tmp_path)
    mine = STUDY.model_copy(update={"labels": {"relu": "ReLU"}})
    with RunStore.open(tmp_path / "mine", create=True) as store:
        store.add_study(mine, made_plan(STUDY), claims={"b": "2"}, started_as=["mine.toml"])
        import_folders([folder], store)
        (stored,) = store.studies()
        assert stored.started_as == ("mine.toml",)
        assert stored.spec.labels == {"relu": "ReLU"}
        assert [registration.claims for registration in stored.registrations] == [
            {"a": "1"},
            {"b": "2"},
        ]
        import_folders([folder], store)
        assert len(store.looks()) == 1
        assert len(store.studies()[0].registrations) == 2


def test_how_theirs_was_started_is_known_where_mine_was_not(tmp_path: Path) -> None:
    folder = origin(tmp_path)
    with RunStore.open(tmp_path / "mine", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        import_folders([folder], store)
        assert store.studies()[0].started_as == ("theirs.toml",)


def test_results_of_two_engines_come_back_each_under_its_own(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "origin", create=True) as store:
        for version in (1, 2):
            plan = made_plan(STUDY, engine_version=version)
            store.add_study(STUDY, plan)
            with store.database.writing() as connection:
                for run in plan:
                    connection.exec_driver_sql(
                        f"UPDATE runs SET engine_version = {version} WHERE run_id = '{run.run_id}'"
                    )
            finish(store, plan)
        versions = [(line.run_id, line.engine_version) for line in store.planned()]
        export_all(store, tmp_path / "e")
    manifest = json.loads((tmp_path / "e" / "manifest.json").read_text())
    assert manifest["format"] == "actwise export"
    with RunStore.open(tmp_path / "mine", create=True) as store:
        assert import_folders([tmp_path / "e"], store).num_added == 8
        assert sorted((line.run_id, line.engine_version) for line in store.planned()) == sorted(
            versions
        )
        assert not any(line.is_outdated for line in store.planned())


def test_a_result_may_be_imported_from_two_folders_at_once(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "origin", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        finish(store, made_plan(STUDY))
        for name, where in (("a", ["seed=0"]), ("b", ["activation=relu"])):
            export_all(store, tmp_path / name, where=where)
    with RunStore.open(tmp_path / "mine", create=True) as store:
        imported = import_folders([tmp_path / "a", tmp_path / "b"], store)
        assert (imported.num_added, imported.num_present) == (3, 1)
        statuses = [state.status for state in store.states().values()]
        assert sorted(statuses) == ["finished"] * 3 + ["pending"]


def test_a_curve_with_gaps_comes_back_with_them(tmp_path: Path) -> None:
    curve = (made_epoch(1, train_loss=float("nan"), validation_loss=0.5), made_epoch(2))
    folder = origin(
        tmp_path,
        epochs=(*curve, made_epoch(3)),
        observed=("reestimated",),
        reestimated_accuracy=1.0,
    )
    with RunStore.open(tmp_path / "mine", create=True) as store:
        import_folders([folder], store)
        found = store.result(RUN)
    assert found is not None
    assert found.epochs[1:] == (made_epoch(2), made_epoch(3))
    assert replace(found.epochs[0], train_loss=0.0) == replace(curve[0], train_loss=0.0)
