"""Taking studies out of a store, collecting garbage, and copying a store while it is used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.errors import OutputError, SpecError, StoreError, UnknownNameError
from actwise.store import Owner, RunStore, StaleLeaseError, collect_garbage, remove
from actwise.store.exchange import WHAT, copy_store, export_table
from made.runs import failed_record, finish, leased, made_plan, made_record, made_study


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Studies ``one`` (relu, elu) and ``two`` (elu, selu), which share elu; all finished."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        for name, activation in (("one", ["relu", "elu"]), ("two", ["elu", "selu"])):
            study = made_study(name, activation=activation, seeds="0")
            store.add_study(study, made_plan(study))
            finish(store, made_plan(study))
        yield store


def run_of(store: RunStore, activation: str) -> str:
    return next(run.run_id for run in store.planned() if run.activation == activation)


def write_files(store: RunStore, run: str) -> set[Path]:
    files = {
        store.weights / f"{run}.safetensors",
        store.logs / f"{run}.log",
        store.checkpoints / f"{run}.1.2.ckpt",
    }
    for path in files:
        path.write_bytes(b"content")
    return files


def test_removing_a_study_keeps_the_runs_that_another_asks_for(store: RunStore) -> None:
    relu, elu = run_of(store, "relu"), run_of(store, "elu")
    files = write_files(store, relu)
    kept = write_files(store, elu)
    removed = remove(store, "one")
    assert (removed.num_labels, removed.run_ids, removed.shared_run_ids) == (2, (relu,), (elu,))
    assert set(removed.files) == files
    assert not any(path.exists() for path in files)
    assert all(path.exists() for path in kept)
    assert [stored.study for stored in store.studies()] == ["two"]
    assert relu not in store.states()
    assert store.result(elu) == made_record(elu)


def test_removing_runs_of_a_study_leaves_the_others(store: RunStore) -> None:
    relu = run_of(store, "relu")
    remove(store, "one", [relu])
    assert [run.activation for run in store.planned("one")] == ["elu"]
    study = made_study("one", seeds="0")
    store.add_study(study, made_plan(study))
    assert store.states([relu])[relu].status == "pending"
    assert len(store.planned("one")) == 2


def test_removing_an_alias_takes_its_mark_from_the_other(store: RunStore) -> None:
    study = made_study("three", regularization=["bn", "none"], activation=["relu"], seeds="0")
    aliased = made_study("three", regularization=["bn+dropout"], activation=["relu"], seeds="1")
    for asked in (study, aliased):
        store.add_study(asked, made_plan(asked))
    marks = [(run.regularization, run.is_aliased) for run in store.planned("three")]
    assert marks == [("bn", True), ("none", False), ("bn+dropout", True)]
    remove(store, "three", [store.planned("three")[2].run_id])
    assert [run.is_aliased for run in store.planned("three")] == [False, False]


def test_a_removed_run_starts_with_a_greater_token(store: RunStore) -> None:
    study = made_study("new", activation=["tanh"], seeds="0")
    store.add_study(study, made_plan(study))
    run = run_of(store, "tanh")
    lost = leased(store, run, Owner("elsewhere", "boot", 1, "1"))
    with store.database.without_transaction() as connection:
        connection.execute("UPDATE leases SET heartbeat = 0")
    remove(store, "new")
    store.add_study(study, made_plan(study))
    taken = leased(store, run)
    assert (taken.token > lost.token, taken.attempt) == (True, 1)
    with pytest.raises(StaleLeaseError):
        store.record(lost, made_record(run))


def test_what_cannot_be_removed_is_named_and_stays(store: RunStore) -> None:
    study = made_study("three", activation=["tanh", "selu"], seeds="0")
    store.add_study(study, made_plan(study))
    leased(store, run_of(store, "tanh"))
    before = store.planned()
    with pytest.raises(StoreError, match="is being trained by process"):
        remove(store, "three")
    with pytest.raises(StoreError, match="is not in study 'one'"):
        remove(store, "one", [run_of(store, "selu"), run_of(store, "relu")])
    with pytest.raises(UnknownNameError, match="did you mean three"):
        remove(store, "tree")
    assert store.planned() == before


def test_garbage_is_what_nobody_needs(store: RunStore) -> None:
    study = made_study("more", activation=["tanh", "mish", "gelu"], seeds="0")
    store.add_study(study, made_plan(study))
    finished, pending, running, failed = (
        run_of(store, name) for name in ("relu", "tanh", "mish", "gelu")
    )
    leased(store, running)
    store.record(leased(store, failed), failed_record(failed))
    files = [write_files(store, run) for run in (finished, pending, running, failed, "f" * 20)]
    half = store.weights / f"{finished}.safetensors.tmp"
    lost = store.weights / f"{finished}.7.safetensors"
    notes = store.weights / "notes.txt"
    for path in (half, lost, notes):
        path.write_bytes(b"content")
    garbage = {
        store.checkpoints / f"{finished}.1.2.ckpt",
        half,
        lost,
        store.weights / f"{pending}.safetensors",
        store.checkpoints / f"{failed}.1.2.ckpt",
        store.weights / f"{failed}.safetensors",
        *files[4],
    }
    listed = collect_garbage(store, dry_run=True)
    assert (set(listed.files), listed.num_bytes) == (garbage, 7 * len(garbage))
    assert all(path.exists() for path in garbage)
    assert set(collect_garbage(store).files) == garbage
    assert not any(path.exists() for path in garbage)
    assert all(path.exists() for path in {*set.union(*files), notes} - garbage)
    assert collect_garbage(store).files == ()


def test_runs_that_no_study_asks_for_are_garbage_and_their_space_is_given_back(
    store: RunStore,
) -> None:
    study = made_study("big", activation=["tanh"], seeds="0..20")
    store.add_study(study, made_plan(study))
    finish(store, made_plan(study), probes=bytes(range(256)) * 400)
    with store.database.without_transaction() as connection:
        connection.execute("DELETE FROM study_runs WHERE study = 'big'")
    garbage = collect_garbage(store)
    assert len(garbage.run_ids) == 21
    assert garbage.freed_bytes > 21 * 100_000
    assert len(store.states()) == 3


def test_a_copy_holds_what_was_finished(store: RunStore, tmp_path: Path) -> None:
    study = made_study("more", activation=["tanh"], seeds="0")
    store.add_study(study, made_plan(study))
    finished, running = run_of(store, "relu"), run_of(store, "tanh")
    claim = leased(store, running)
    for run in (finished, running):
        write_files(store, run)
    copied = copy_store(store, tmp_path / "copies" / "copy")
    assert (copied.num_results, copied.num_files, copied.num_bytes) == (3, 2, 14)
    with RunStore.open(tmp_path / "copies" / "copy", create=True) as copy:
        for what in WHAT:
            assert export_table(copy, what).equals(export_table(store, what))
        assert copy.studies() == store.studies()
        assert copy.states([running])[running].status == "pending"
        assert (copy.weights / f"{finished}.safetensors").read_bytes() == b"content"
        assert not list(copy.checkpoints.iterdir())
        assert leased(copy, running).token > claim.token
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["copy"]
    store.record(claim, made_record(running))


def test_a_store_behind_a_url_is_copied_into_a_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    with RunStore.open(url, create=True, artifacts=tmp_path / "files") as store:
        study = made_study(seeds="0")
        store.add_study(study, made_plan(study))
        finish(store, made_plan(study))
        assert copy_store(store, tmp_path / "copy").num_results == 2
    with RunStore.open(tmp_path / "copy") as copy:
        assert [run.study for run in copy.planned()] == ["made", "made"]


def test_a_copy_overwrites_nothing(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for place in (tmp_path / "full", tmp_path / "full" / "mine", tmp_path / "store"):
        with pytest.raises(SpecError, match="exists already"):
            copy_store(store, place)
    with pytest.raises(OutputError, match="cannot be written"):
        copy_store(store, tmp_path / "full" / "mine" / "copy")
    (tmp_path / "empty").mkdir()
    assert copy_store(store, tmp_path / "empty").num_results == 3
