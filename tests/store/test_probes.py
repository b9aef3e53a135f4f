"""Probes as a store keeps them: packed small, read back whole, the denser ones kept."""

import json
import math
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import StoreError
from actwise.spec import ProbesSpec
from actwise.store import Owner, RunStore
from actwise.store.exchange import export_table
from actwise.store.records import (
    RunRecord,
    observed_probes,
    pack_metrics,
    pack_probes,
    probes_of,
    problem_of_probes,
    unpack_probes,
)
from made.runs import PROBES, leased, made_plan, made_probe, made_record, made_study

ROWS = (
    made_probe(0, gradient_norm=0.123456789, learned_mean=math.inf),
    made_probe(0, "norm", place="norm", function=None, variance_ratio=0.25),
    made_probe(2, "résidu", place="sum", branch_energy=1e-300, mean=math.nan),
)
HEAD = b"actwise probes 1\n"


def changed(**columns: Any) -> bytes:
    """Packed rows of which some columns are others; None leaves one out."""
    found = json.loads(zlib.decompress(pack_probes(ROWS).removeprefix(HEAD)))
    found = {name: values for name, values in {**found, **columns}.items() if values is not None}
    return HEAD + zlib.compress(json.dumps(found).encode())


def test_probes_come_back_to_seven_digits() -> None:
    kept = [
        replace(ROWS[0], gradient_norm=0.1234568, learned_mean=None),
        ROWS[1],
        replace(ROWS[2], mean=None),
    ]
    assert list(unpack_probes(pack_probes(ROWS))) == kept
    assert pack_probes(kept) == pack_probes(ROWS)
    assert unpack_probes(pack_probes([])) == ()


@pytest.mark.parametrize("other", [None, pack_metrics({"accuracy": (1.0,)}), b"p"])
def test_what_are_no_probes_are_none(other: bytes | None) -> None:
    assert unpack_probes(other) == ()


@pytest.mark.parametrize(
    "packed",
    [
        HEAD,
        HEAD + b"no zlib",
        pack_probes(ROWS)[:-3],
        HEAD + zlib.compress(b"[]"),
        HEAD + zlib.compress(b"{}"),
        HEAD + zlib.compress(b"[" * 100_000),
        changed(epoch=None),
        changed(colour=[1, 2, 3]),
        changed(epoch=[0, 0]),
        changed(epoch=[0, 0, -1]),
        changed(epoch=[0, 0, None]),
        changed(epoch=[0, 0, True]),
        changed(dead=[0.5, None, None]),
        changed(units=[10**400, None, None]),
        changed(mean=["a", None, None]),
        changed(mean=[math.inf, None, None]),
        changed(place=["site", "norm", "elsewhere"]),
        changed(name=["a", 1, "b"]),
    ],
)
def test_damaged_probes_are_refused(packed: bytes) -> None:
    with pytest.raises(StoreError, match="the probes of a training are damaged"):
        unpack_probes(packed)


def test_a_record_says_how_densely_it_was_probed() -> None:
    for spec in (PROBES, ProbesSpec(), ProbesSpec(every=7, images=2, forced=True)):
        assert probes_of(("test_curve", observed_probes(spec))) == spec
    others = ("probes", "probes()", "probes(every=0, images=5)", "probes(every=05, images=5)")
    assert probes_of(others) is None


@pytest.mark.parametrize(
    ("epochs", "asked", "num_epochs", "problem"),
    [
        ([0, 2, 3], PROBES, 3, ""),
        ([0, 2], PROBES, 2, ""),
        ([0, 2], PROBES, 3, ""),  # diverged in its fourth epoch
        ([], PROBES, 3, ""),  # nothing can be measured
        ([0, 3], PROBES, 3, "not the probes of its 3 epochs"),
        ([0, 1, 2, 3], PROBES, 3, "not the probes of its 3 epochs"),
        ([0, 2, 4], PROBES, 3, "not the probes of its 3 epochs"),
        ([2, 0, 3], PROBES, 3, "not the probes of its 3 epochs"),
        ([0, 2, 2, 3], PROBES, 3, "two probes of one place"),
        ([0, 5], ProbesSpec(images=99), 5, "more than 99 images"),
        ([0], None, 0, "did not observe"),
    ],
)
def test_probes_fit_their_run(
    epochs: list[int], asked: ProbesSpec | None, num_epochs: int, problem: str
) -> None:
    packed = pack_probes([made_probe(epoch) for epoch in epochs])
    found = problem_of_probes(packed, asked, num_epochs)
    assert problem in found and bool(problem) == bool(found)
    assert not problem_of_probes(None, None, num_epochs)
    assert "not there" in problem_of_probes(None, PROBES, num_epochs)


def probed(run_id: str, spec: ProbesSpec | None, **values: Any) -> RunRecord:
    """A result with these probes; their name tells which they are."""
    if spec is not None:
        rows = [made_probe(0, str(spec.every), images=spec.images)]
        values |= {"probes": pack_probes(rows), "observed": (observed_probes(spec),)}
    return made_record(run_id, **values)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (None, ProbesSpec(), 5),
        (ProbesSpec(), None, 5),
        (ProbesSpec(), ProbesSpec(every=1), 1),
        (ProbesSpec(every=1), ProbesSpec(), 1),
        (ProbesSpec(every=2), ProbesSpec(every=3), 3),
    ],
)
def test_of_two_probes_of_a_run_the_denser_stay(
    tmp_path: Path, old: ProbesSpec | None, new: ProbesSpec | None, kept: int
) -> None:
    study = made_study(seeds="0", activation=["relu"])
    with RunStore.open(tmp_path, create=True) as store:
        store.add_study(study, made_plan(study))
        (run,) = (planned.run_id for planned in store.planned())
        store.record(leased(store, run), probed(run, old, reestimated_accuracy=21.0))
        lease = store.lease(run, Owner.here(), again=True)
        assert lease is not None
        store.record(lease, probed(run, new))
        found = store.result(run)
    assert found is not None
    assert [row.name for row in unpack_probes(found.probes)] == [str(kept)]
    names = [name for name in found.observed if name.startswith("probes")]
    assert names == [observed_probes(ProbesSpec(every=kept))]
    assert found.reestimated_accuracy == 21.0


def test_probes_are_a_row_an_epoch_and_a_place_behind_the_labels(tmp_path: Path) -> None:
    study = made_study(regularization=["bn", "bn+dropout"])  # one network
    with RunStore.open(tmp_path, create=True) as store:
        store.add_study(study, made_plan(study))
        table, second = probes_table(store)
    found = [
        (row["run_id"], row["activation"], row["epoch"], row["name"], row["dead"])
        for row in table.to_pylist()
    ]
    assert found == 2 * [(second, "elu", 0, "act1", 3), (second, "elu", 3, "act2", 0)]
    assert table["effective_rank"].to_pylist() == 2 * [None, 2.5]


def probes_table(store: RunStore) -> tuple[Any, str]:
    """What is exported of three runs, and the id of the one that was probed."""
    first, other, second = (planned.run_id for planned in store.planned()[:3])
    probed = [made_probe(0, dead=3), made_probe(3, "act2", effective_rank=2.5)]
    task = pack_metrics({"accuracy": (1.0,)})
    store.record(leased(store, first), made_record(first, probes=task))
    store.record(leased(store, second), made_record(second, probes=pack_probes(probed)))
    store.record(leased(store, other), made_record(other))
    return export_table(store, "probes"), second
