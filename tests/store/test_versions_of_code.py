"""Runs of two versions of users' code under one label: which are outdated, and how that is told."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.spec import PlannedRun
from actwise.store import Outdated, RunStore, StoredRun, mixtures
from actwise.store.exchange import export_table
from made.runs import finish, leased, made_plan, made_record, made_study

OLD, NEW = "a1" * 32, "b2" * 32
STUDY = made_study(activation=["relu", "elu"], seeds="0..2")
AGAIN = made_study(activation=["relu"], seeds="0")


def with_code(plan: list[PlannedRun], digest: str) -> list[PlannedRun]:
    """The runs of one label with users' code of that digest; those of ``NEW`` have other ids."""
    code = {"code": [["mine:act", digest]], "code_modules": {digest: {"zmine": digest}}}

    def changed(run: PlannedRun) -> PlannedRun:
        if run.spec.activation != "relu":
            return run
        hashes = {name: getattr(run, name) for name in ("run_id", "spec_hash", "cell_hash")}
        ids = hashes if digest == OLD else {name: text[::-1] for name, text in hashes.items()}
        return replace(run, **ids, settings={**run.settings, **code})

    return [*map(changed, plan)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Six runs finished; then one label was started at seed 0 with newer code, and finished too."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        for study, digest in ((STUDY, OLD), (AGAIN, NEW)):
            plan = with_code(made_plan(study), digest)
            store.add_study(study, plan)
            finish(store, plan)
        yield store


def forget_starts(store: RunStore) -> None:
    """As if the store came from before starts were noted."""
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE study_runs SET asked_at = NULL, asked_cell = NULL")


def levels(lines: tuple[StoredRun, ...] | list[StoredRun]) -> list[tuple[str, int]]:
    return [(line.activation, line.seed) for line in lines]


def test_runs_of_the_older_code_are_outdated_and_no_others(store: RunStore) -> None:
    planned = store.planned()
    assert levels([line for line in planned if line.is_outdated]) == [("relu", 1), ("relu", 2)]
    assert sorted(levels(planned)) == [(name, s) for name in ("elu", "relu") for s in range(3)]
    seen = store.snapshot()
    rows = [(row["activation"], row["seed"]) for row in seen.rows]
    assert sorted(rows) == [("elu", 0), ("elu", 1), ("elu", 2), ("relu", 0)]
    assert seen.outdated == (Outdated(("zmine",), (OLD,), num_runs=2),)
    assert (seen.mixtures, "outdated" in seen.columns) == ((), False)
    assert sorted(levels(seen.planned)) == sorted(levels(planned))


def test_only_chosen_runs_are_told_to_be_left_out(store: RunStore) -> None:
    (change,) = store.snapshot(where=["seed=2"]).outdated
    assert change.num_runs == 1
    assert store.snapshot(where=["activation=elu"]).outdated == ()
    assert store.snapshot(where=["seed=0"]).outdated == ()


def test_the_table_of_runs_has_a_third_column_that_tells_them(store: RunStore) -> None:
    table = export_table(store, "runs")
    assert table.column_names[:4] == ["run_id", "aliased", "outdated", "spec_hash"]
    told = {
        (row["activation"], row["seed"]): row["outdated"]
        for row in table.select(["activation", "seed", "outdated"]).to_pylist()
    }
    assert {line for line, is_outdated in told.items() if is_outdated} == {("relu", 1), ("relu", 2)}
    chosen = export_table(store, "runs", where=["outdated=true"])
    assert chosen["seed"].to_pylist() == [1, 2]
    assert export_table(store, "runs", where=["outdated=off"]).num_rows == 4
    assert export_table(store, "epochs").column_names[:2] == ["run_id", "outdated"]


def test_without_notes_of_starts_all_count_and_the_mixture_is_told(store: RunStore) -> None:
    forget_starts(store)
    seen = store.snapshot()
    assert (len(seen.rows), seen.outdated) == (6, ())
    assert not any(line.is_outdated for line in store.planned())
    sentence = (
        "runs of more than one version of the code: 2 runs of older code of zmine count with the "
        "others, since the store does not say what was accepted (the next start does, with "
        "--accept-code-digest a1a1a1a1 to keep them)"
    )
    assert seen.mixtures == (sentence,)
    planned = store.planned()
    assert mixtures(store, "made", planned) == (sentence,)
    older = [line for line in planned if levels([line])[0] in (("relu", 1), ("relu", 0))]
    assert mixtures(store, None, older) == (sentence.replace("2 runs", "1 run"),)
    assert mixtures(store, None, [line for line in planned if line.activation == "elu"]) == ()
    assert mixtures(store, None, older[:1]) == mixtures(store, None, older[1:]) == ()


def test_a_study_that_is_started_again_takes_back_what_it_means(store: RunStore) -> None:
    plan = with_code(made_plan(made_study(activation=["relu"], seeds="1")), OLD)
    store.add_study(made_study(activation=["relu"], seeds="1"), plan)
    outdated = [line for line in store.planned() if line.is_outdated]
    assert levels(outdated) == [("relu", 0)]
    (change,) = store.snapshot().outdated
    assert change == Outdated(("zmine",), (NEW,))


def test_of_several_studies_the_newest_start_counts_where_all_are_read(store: RunStore) -> None:
    other = made_study("other", activation=["relu"], seeds="0..1")
    plan = with_code(made_plan(other), OLD)
    store.add_study(other, plan)
    assert {line.study for line in store.planned() if line.is_outdated} == {"made"}
    seen = store.snapshot()
    relu = [(row["study"], row["seed"]) for row in seen.rows if row["activation"] == "relu"]
    assert relu == [("other", 0), ("other", 1)]
    # A run that one of them counts is told to be left out for none.
    assert seen.outdated == (
        Outdated(("zmine",), (OLD,)),
        Outdated(("zmine",), (NEW,), study="made"),
    )
    alone = store.snapshot(study="other")
    assert (len(alone.rows), alone.outdated) == (2, ())


def changes(store: RunStore, **settings: Any) -> Mapping[str, str]:
    """Statuses of the runs of a label after a start with other data."""
    plan = made_plan(made_study(activation=["elu"], seeds="1"))
    moved = [
        replace(
            run,
            run_id=run.run_id[::-1],
            cell_hash=run.cell_hash[::-1],
            spec_hash=run.spec_hash[::-1],
            settings={**run.settings, **settings},
        )
        for run in plan
    ]
    store.add_study(made_study(activation=["elu"], seeds="1"), moved)
    return {run: state.status for run, state in store.states().items()}


def test_a_run_that_is_not_trained_yet_outdates_the_others_and_has_no_row(store: RunStore) -> None:
    statuses = changes(store, data="1" * 64)
    assert sorted(statuses.values()).count("pending") == 1
    seen = store.snapshot(where=["activation=elu"])
    assert seen.rows == ()
    assert seen.outdated == (Outdated((), (), has_other_data=True, num_runs=2),)
    outdated = [line for line in store.planned() if line.is_outdated]
    assert levels(outdated) == [("relu", 1), ("relu", 2), ("elu", 0), ("elu", 2)]
    pending = [run for run, status in statuses.items() if status == "pending"]
    store.record(leased(store, pending[0]), made_record(pending[0]))
    assert [row["seed"] for row in store.snapshot(where=["activation=elu"]).rows] == [1]
