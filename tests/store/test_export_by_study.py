"""Tables of one study, beside others in the store: nothing of the others is in them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.store import RunStore
from actwise.store.exchange import export_table
from actwise.store.records import fingerprint_id
from made.runs import ENVIRONMENT, FINGERPRINT, leased, look_at, made_plan, made_record, made_study

THERE = {"host": "there", "fingerprint": FINGERPRINT | {"threads": "2"}}
NOWHERE = {"host": "nowhere"}
COLUMNS = {
    "environments": ["environment", "environment_id", "device", "details"],
    "looks": ["looked_at", "study", "what", "num_seeds", "num_runs", "nominal_level"],
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Studies ``one``, ``two`` and ``both``, each trained elsewhere; a look at each and at all."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        trained = {"relu": ENVIRONMENT, "elu": THERE, "tanh": NOWHERE}
        studies = {"one": ["relu"], "two": ["elu"], "both": ["relu", "elu"], "three": ["tanh"]}
        for name, activation in studies.items():
            study = made_study(name, activation=activation, seeds="0")
            store.add_study(study, made_plan(study))
        for run in {run.run_id: run for run in store.planned()}.values():
            record = made_record(run.run_id, environment=trained[run.activation])
            store.record(leased(store, run.run_id), record)
        for place, name in enumerate(("one", "two", None)):
            look_at(store, study=name, num_seeds=place + 1)
        yield store


@pytest.mark.parametrize("what", COLUMNS)
def test_columns_stand_in_this_order(what: str, store: RunStore) -> None:
    assert export_table(store, what).column_names == COLUMNS[what]


def test_machines_of_one_fingerprint_stand_together(store: RunStore) -> None:
    study = made_study("more", activation=["selu"], seeds="0..5")
    store.add_study(study, made_plan(study))
    for place, run in enumerate(store.planned("more")):
        fingerprint = FINGERPRINT | {"threads": str(3 + place % 2)}
        record = made_record(
            run.run_id, environment={"host": f"h{place}", "fingerprint": fingerprint}
        )
        store.record(leased(store, run.run_id), record)
    keys = [(r["environment"], r["environment_id"]) for r in rows(store, "environments", "more")]
    assert (keys, len(keys)) == (sorted(keys), 6)


def rows(store: RunStore, what: str, study: str | None) -> list[dict[str, Any]]:
    return export_table(store, what, study=study).to_pylist()


@pytest.mark.parametrize(
    ("study", "hosts"),
    [
        ("one", ["here"]),
        ("two", ["there"]),
        ("both", ["here", "there"]),
        ("three", ["nowhere"]),
        (None, ["here", "nowhere", "there"]),
    ],
)
def test_machines_are_those_that_trained_its_runs(
    study: str | None, hosts: list[str], store: RunStore
) -> None:
    found = rows(store, "environments", study)
    machines = [json.loads(row["details"]) for row in found]
    assert sorted(machine["host"] for machine in machines) == hosts
    fingerprints = [machine.get("fingerprint", {}) for machine in machines]
    assert [row["environment"] for row in found] == [fingerprint_id(f) for f in fingerprints]
    assert [row["environment"] for row in found] == sorted(row["environment"] for row in found)
    assert [row["device"] for row in found] == [f.get("device") for f in fingerprints]


@pytest.mark.parametrize(
    ("study", "looks"),
    [
        ("one", [("one", 1), (None, 3)]),
        ("two", [("two", 2), (None, 3)]),
        ("both", [(None, 3)]),
        (None, [("one", 1), ("two", 2), (None, 3)]),
    ],
)
def test_looks_are_those_at_it_and_those_at_all(
    study: str | None, looks: list[tuple[str | None, int]], store: RunStore
) -> None:
    assert [(row["study"], row["num_seeds"]) for row in rows(store, "looks", study)] == looks


@pytest.mark.parametrize("study", ["one", "two", "both", None])
def test_runs_curves_and_predictions_are_those_of_its_plan(
    study: str | None, store: RunStore
) -> None:
    planned = [(run.study, run.run_id) for run in store.planned(study)]
    assert [(row["study"], row["run_id"]) for row in rows(store, "runs", study)] == planned
    curves = [(row["study"], row["run_id"], row["epoch"]) for row in rows(store, "epochs", study)]
    assert curves == [(*run, epoch) for run in planned for epoch in (1, 2, 3)]
    runs = {run_id for _, run_id in planned}
    assert sorted(row["run_id"] for row in rows(store, "predictions", study)) == sorted(runs)
