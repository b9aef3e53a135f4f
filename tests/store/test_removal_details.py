"""What of a store goes and what stays when runs are removed or garbage is collected."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore, collect_garbage, remove
from actwise.store.exchange import export_table
from made.runs import ENVIRONMENT, finish, leased, look_at, made_plan, made_record, made_study

ONE, TWO = made_study("one"), made_study("two", activation=["elu", "selu"])
THERE = {"host": "there", "fingerprint": {}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Studies ``one`` (relu, elu) and ``two`` (elu, selu) of two seeds, finished here and there."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        for study, environment in ((ONE, ENVIRONMENT), (TWO, THERE)):
            store.add_study(study, made_plan(study))
            finish(store, made_plan(study), environment=environment)
        yield store


def runs_of(store: RunStore, study: str, *activations: str) -> list[str]:
    return [run.run_id for run in store.planned(study) if run.activation in activations]


def hosts(store: RunStore) -> list[str]:
    details = export_table(store, "environments")["details"].to_pylist()
    return sorted(json.loads(text)["host"] for text in details)


def test_what_was_removed_is_listed_by_id(store: RunStore) -> None:
    relu, elu = runs_of(store, "one", "relu"), runs_of(store, "one", "elu")
    for run in (*relu, *elu):
        for folder, end in ((store.weights, "safetensors"), (store.logs, "log")):
            (folder / f"{run}.{end}").write_bytes(b"content")
    removed = remove(store, "one")
    assert removed.num_labels == 4
    assert removed.run_ids == tuple(sorted(relu))
    assert removed.shared_run_ids == tuple(sorted(elu))
    assert sorted(path.name for path in removed.files) == sorted(
        f"{run}.{end}" for run in relu for end in ("log", "safetensors")
    )
    left = [path.name for folder in (store.weights, store.logs) for path in folder.iterdir()]
    assert sorted(left) == sorted(f"{run}.{end}" for run in elu for end in ("log", "safetensors"))


def test_runs_of_a_study_are_removed_from_that_study_alone(store: RunStore) -> None:
    relu, elu = runs_of(store, "one", "relu"), runs_of(store, "one", "elu")
    removed = remove(store, "one", [relu[1], elu[0]])
    assert (removed.num_labels, removed.run_ids) == (2, (relu[1],))
    assert removed.shared_run_ids == (elu[0],)
    assert [run.run_id for run in store.planned("one")] == [relu[0], elu[1]]
    assert runs_of(store, "two", "elu") == elu
    assert [stored.study for stored in store.studies()] == ["one", "two"]
    assert store.result(relu[0]) == made_record(relu[0], environment=ENVIRONMENT)


def test_machines_go_with_the_last_run_that_they_trained(store: RunStore) -> None:
    assert hosts(store) == ["here", "there"]
    remove(store, "two", runs_of(store, "two", "selu")[:1])
    assert hosts(store) == ["here", "there"]
    remove(store, "two")
    assert hosts(store) == ["here"]
    assert {state.status for state in store.states().values()} == {"finished"}


def test_looks_stay_when_their_study_goes(store: RunStore) -> None:
    look_at(store, study="two", num_seeds=2)
    remove(store, "two")
    assert [look.study for look in store.looks()] == ["two"]


def test_an_unknown_run_is_named_and_nothing_goes(store: RunStore) -> None:
    before = store.planned()
    unknown = sorted(runs_of(store, "two", "selu"))
    with pytest.raises(StoreError, match=rf"^run {unknown[0]} is not in study 'one'$"):
        remove(store, "one", [*unknown[::-1], *runs_of(store, "one", "relu")])
    assert store.planned() == before


def test_who_trains_a_run_is_named(store: RunStore) -> None:
    study = made_study("new", activation=["tanh", "gelu"], seeds="0")
    store.add_study(study, made_plan(study))
    run = runs_of(store, "new", "gelu")[0]
    owner = leased(store, run).owner
    sentence = f"run {run} is being trained by {owner}; stop it before removing it"
    with pytest.raises(StoreError, match=f"^{re.escape(sentence)}$"):
        remove(store, "new")
    # The other one is not held.
    assert remove(store, "new", runs_of(store, "new", "tanh")).num_labels == 1


def orphan(store: RunStore) -> list[str]:
    """Let no study ask for the runs of ``selu`` any more."""
    orphans = sorted(runs_of(store, "two", "selu"))
    with store.database.writing() as connection:
        for run in orphans:
            connection.exec_driver_sql(f"DELETE FROM study_runs WHERE run_id = '{run}'")
    return orphans


def test_runs_that_no_study_asks_for_are_listed_and_only_then_deleted(store: RunStore) -> None:
    orphans = orphan(store)
    file = store.weights / f"{orphans[0]}.safetensors"
    file.write_bytes(b"12345")
    listed = collect_garbage(store, dry_run=True)
    assert (listed.run_ids, listed.files, listed.num_bytes, listed.freed_bytes) == (
        tuple(orphans),
        (file,),
        5,
        0,
    )
    assert set(orphans) <= set(store.states())
    assert file.exists()
    assert collect_garbage(store).run_ids == tuple(orphans)
    assert not set(orphans) & set(store.states())
    assert len(store.states()) == 4
    assert not file.exists()
    assert collect_garbage(store).run_ids == ()


def test_an_orphan_that_is_observed_again_is_no_garbage(store: RunStore) -> None:
    first, second = orphan(store)
    leased(store, first, again=True)
    assert collect_garbage(store, dry_run=True).run_ids == (second,)
    assert collect_garbage(store).run_ids == (second,)
    assert first in store.states()


def test_many_files_are_all_deleted(store: RunStore) -> None:
    (run, *_) = runs_of(store, "one", "relu")
    files = {store.checkpoints / f"{run}.1.{number}.ckpt" for number in range(210)}
    for size, path in enumerate(sorted(files)):
        path.write_bytes(b"x" * (size % 2))
    found = collect_garbage(store)
    assert (set(found.files), found.num_bytes) == (files, 105)
    assert not any(path.exists() for path in files)
    assert all(state.status == "finished" for state in store.states().values())
