"""Records and their parts at their limits: bytes, numbers of trainings, and probes."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from actwise.errors import StoreError
from actwise.spec import ProbesSpec
from actwise.store.records import (
    MOST_METRICS,
    Answers,
    ProbeRow,
    RunRecord,
    hash_predictions,
    is_shifted,
    observed_probes,
    pack_metrics,
    pack_predictions,
    pack_probes,
    probes_of,
    problem_of_probes,
    unpack_metrics,
    unpack_predictions,
    unpack_probes,
)
from made.runs import ANSWERS, PROBES, answered_record, failed_record, made_probe

RUN = "0123456789abcdef0123"


@pytest.mark.parametrize(
    ("ratios", "is_so"),
    [
        ([], False),
        ([1.0], False),
        ([0.5, 0.5, 0.5], False),
        ([0.49, 0.49, 2.0], True),
        ([0.49, 1.0, 2.0], False),
        ([0.3, 1.0, 1.0], False),
        ([0.29, 1.0, 1.0], True),
        ([1.0, 1.0, 0.29], True),
    ],
)
def test_batch_norm_is_shifted_by_its_median_or_its_least(ratios: list[float], is_so: bool) -> None:
    assert is_shifted(ratios) is is_so


@pytest.mark.parametrize(
    "classes", [[], [0], [65535, 0, 1], list(range(300))], ids=lambda classes: str(len(classes))
)
def test_classes_come_back_and_have_one_hash(classes: list[int]) -> None:
    classes_N = np.array(classes, dtype=np.int64)
    found = unpack_predictions(pack_predictions(classes_N))
    assert (found.dtype, found.tolist()) == (np.int64, classes)
    assert hash_predictions(found) == hash_predictions(classes_N.astype(np.uint16))
    assert hash_predictions(classes_N) != hash_predictions(np.array([*classes, 1]))


def test_answers_are_the_same_with_equal_classes_of_as_many() -> None:
    for other, is_so in (
        (Answers.of(np.arange(10), 10), True),
        (Answers.of(np.arange(10), 11), False),
        (Answers.of(np.arange(9), 10), False),
        (Answers.of(np.arange(10)[::-1], 10), False),
    ):
        assert ANSWERS.says_the_same(other) is is_so


@pytest.mark.parametrize(
    "record",
    [
        answered_record(RUN, probes=pack_probes([made_probe(0)]), observed=("a", "b")),
        answered_record(RUN, answers=None, predictions=None),
        failed_record(RUN),
    ],
    ids=["whole", "without blobs", "failed"],
)
def test_a_record_comes_back_from_json(record: RunRecord) -> None:
    values = json.loads(json.dumps(record.to_json()))
    assert RunRecord.from_json(values) == record
    # What another version says beside it is passed over, and what it lacks has its default.
    assert RunRecord.from_json({**values, "colour": "red"}) == record
    assert RunRecord.from_json({"run_id": RUN, "status": "failed"}) == RunRecord(
        run_id=RUN, status="failed"
    )


def test_a_record_tells_signal_flow_or_numbers() -> None:
    rows = (made_probe(0, dead=3), made_probe(2))
    probed = answered_record(RUN, probes=pack_probes(rows))
    assert (probed.signal, probed.metrics) == (rows, {})
    own = answered_record(RUN, probes=pack_metrics({"a": (1.0, None)}))
    assert (own.signal, own.metrics) == ((), {"a": (1.0, None)})


def test_as_many_numbers_as_there_may_be_come_back() -> None:
    metrics = {f"a{number}": (float(number),) for number in range(MOST_METRICS)}
    assert unpack_metrics(pack_metrics(metrics)) == metrics
    whole = unpack_metrics(pack_metrics({"a": (1, 2)}))
    assert [type(value) for value in whole["a"]] == [float, float]


@pytest.mark.parametrize(("value", "kept"), [(math.nan, None), (math.inf, None), (-1e-9, -1e-9)])
def test_probes_keep_what_is_finite(value: float, kept: float | None) -> None:
    (row,) = unpack_probes(pack_probes([made_probe(1, mean=value, dead=0)]))
    assert (row.mean, row.dead, row.epoch) == (kept, 0, 1)


def test_whole_numbers_of_probes_that_are_measured_come_back_as_such() -> None:
    (row,) = unpack_probes(pack_probes([made_probe(1, mean=2, units=2**53 - 1)]))
    assert (type(row.mean), row.units) == (float, 2**53 - 1)
    with pytest.raises(StoreError, match="damaged"):
        unpack_probes(pack_probes([made_probe(1, units=2**53)]))


def problem(rows: list[ProbeRow], *, asked: ProbesSpec = PROBES, num_epochs: int = 3) -> str:
    return problem_of_probes(pack_probes(rows), asked, num_epochs)


def test_probes_that_no_training_leaves_behind_are_told() -> None:
    whole = [made_probe(0), made_probe(2), made_probe(3)]
    assert problem(whole) == ""
    assert problem([*whole, made_probe(3, "act2")]) == ""
    assert problem([*whole, made_probe(3)]) == "has two probes of one place"
    assert problem([*whole, made_probe(3, place="norm")]) == ""
    assert problem(whole[1:]) == "has not the probes of its 3 epochs"
    many = [replace(row, images=101) for row in whole]
    assert problem([*whole[:2], many[2]]) == "has probes of more than 100 images"
    assert problem([replace(row, images=1) for row in whole]) == ""
    assert problem(whole, num_epochs=2) == "has not the probes of its 2 epochs"
    assert (
        problem_of_probes(b"", None, 3)
        == problem_of_probes(None, PROBES, 3)
        == ("observed probes that are not there, or has probes that it did not observe")
    )
    damaged = pack_probes(whole)[:-2]
    assert problem_of_probes(damaged, PROBES, 3) == "the probes of a training are damaged"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"every": 2, "images": 100}, "probes(every=2, images=100)"),
        ({"every": 1, "images": 9, "forced": True}, "probes(every=1, images=9, forced)"),
    ],
)
def test_how_densely_a_run_was_probed_is_noted_in_words(values: dict[str, Any], said: str) -> None:
    spec = ProbesSpec(**values)
    assert observed_probes(spec) == said
    assert probes_of(["test_curve", said, "keep_weights"]) == spec
    assert probes_of([said.replace("probes", "probe"), f"{said} ", "test_curve"]) is None
