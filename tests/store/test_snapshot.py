"""One reading of a store is of one moment, whatever lands while it is read and after it."""

from pathlib import Path

import pytest
from sqlalchemy import event

from actwise.analysis.analyze import Question, analyze_store
from actwise.analysis.reading import Selection
from actwise.errors import SpecError, UnknownNameError
from actwise.store import RunStore, StoreSnapshot
from made.runs import ENVIRONMENT, finish, leased, made_epoch, made_plan, made_record, made_study

STUDY = made_study(seeds="0..1")
PLAN = made_plan(STUDY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seed 0 of two activations is finished, seed 1 is planned."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(STUDY, PLAN)
        finish(store, [run for run in PLAN if run.spec.seed == 0])
    return tmp_path / "store"


def land(folder: Path) -> None:
    """Another driver finishes what is left."""
    with RunStore.open(folder) as other:
        finish(other, PLAN)


class LateRuns(RunStore):
    """A store in which runs land between the reading and the recording of a look."""

    def record_look(
        self, seen: StoreSnapshot, *, what: str, num_seeds: int, nominal_level: float | None
    ) -> None:
        land(self.folder)
        super().record_look(seen, what=what, num_seeds=num_seeds, nominal_level=nominal_level)


def test_a_run_that_lands_before_a_look_is_recorded_is_found_at_the_next(folder: Path) -> None:
    with LateRuns.open(folder) as store:
        first = analyze_store(store, Selection(), Question())
        (look,) = store.looks()
        assert (look.num_seeds, look.num_runs) == (1, 2)
        assert "A005" not in {finding.code for finding in first.findings}
    with RunStore.open(folder) as store:
        second = analyze_store(store, Selection(), Question())
        assert "A005" in {finding.code for finding in second.findings}
        assert [(look.num_seeds, look.num_runs) for look in store.looks()] == [(1, 2), (2, 4)]


def test_what_lands_while_a_store_is_read_is_in_no_part_of_the_reading(folder: Path) -> None:
    with RunStore.open(folder) as store:
        begun: list[str] = []

        def lands(*values: object) -> None:
            begun.append(str(values[2]))
            # The first query has fixed what this transaction sees.
            if sum(statement.startswith("SELECT") for statement in begun) == 2:
                land(folder)

        with store.database.reading() as connection:
            engine = connection.engine
        event.listen(engine, "before_cursor_execute", lands)
        seen = store.snapshot(most_predictions=10)
        event.remove(engine, "before_cursor_execute", lands)
        assert begun.count("BEGIN") == 1
        now = store.snapshot(most_predictions=10)
    assert (len(seen.rows), seen.num_results, len(seen.predictions)) == (2, 2, 2)
    assert sum(state.has_result for state in seen.states.values()) == 2
    assert sum(point.num_runs for point in seen.curves if point.epoch == 1) == 2
    assert [len(machine.run_ids) for machine in seen.machines] == [2]
    assert (len(now.rows), now.num_results, len(now.predictions)) == (4, 4, 4)
    assert seen.read_at < now.read_at


def test_a_snapshot_says_what_is_planned_and_where_it_ran(folder: Path) -> None:
    with RunStore.open(folder) as store:
        seen = store.snapshot(study="made", where=["activation=elu"])
    assert {line.run_id for line in seen.planned} == {run.run_id for run in PLAN}
    (row,) = seen.rows
    assert (row["activation"], row["seed"], tuple(row)) == ("elu", 0, seen.columns)
    (machine,) = seen.machines
    assert (machine.details, machine.run_ids) == (ENVIRONMENT, (row["run_id"],))
    assert (seen.num_results, seen.num_test_images) == (2, {"digits": 10})
    assert seen.predictions == {}
    assert seen.first_result is not None and seen.first_result < seen.read_at


def test_curves_are_summed_over_the_runs_of_a_label_each_run_once(tmp_path: Path) -> None:
    # Both labels are one network: dropout has no site in it.
    study = made_study(regularization=("bn", "bn+dropout"), activation=("relu",), seeds="0..1")
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        for run in {run.run_id: run for run in made_plan(study)}.values():
            last = 10.0 * (1 + run.spec.seed)
            curve = (made_epoch(1), made_epoch(2, train_accuracy=last))
            store.record(leased(store, run.run_id), made_record(run.run_id, epochs=curve))
        curves = store.snapshot().curves
    assert [point[1:] for point in curves] == [
        ("train_accuracy", 1, 2, 20.0),
        ("train_accuracy", 2, 2, 30.0),
    ]


def test_a_study_or_a_field_that_is_not_there_is_named(folder: Path) -> None:
    with RunStore.open(folder) as store:
        with pytest.raises(UnknownNameError, match="mad"):
            store.snapshot(study="mad")
        with pytest.raises(UnknownNameError, match="position"):
            store.snapshot(where=["position=1"])
        with pytest.raises(SpecError, match="FIELD=VALUE"):
            store.snapshot(where=["activation"])
