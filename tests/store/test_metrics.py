"""What users' trainings gave back is kept whole, and damaged bytes are refused."""

import json
import zlib

import pytest

from actwise.errors import StoreError
from actwise.store.records import Metrics, pack_metrics, unpack_metrics

HEAD = pack_metrics({"a": (1.0,)})[: len(b"actwise metrics 1\n")]
METRICS: Metrics = {"accuracy": (None, 1.5, -2e300), "val/loss": (0.1, None, 3.0)}


def packed(value: object) -> bytes:
    return HEAD + zlib.compress(json.dumps(value).encode())


def test_they_come_back_as_they_were() -> None:
    assert unpack_metrics(pack_metrics(METRICS)) == METRICS
    assert list(unpack_metrics(pack_metrics(METRICS))) == list(METRICS)


def test_other_probes_hold_none() -> None:
    assert unpack_metrics(None) == {}
    assert unpack_metrics(b"probes of an observer") == {}


@pytest.mark.parametrize(
    "damaged",
    [
        HEAD,
        HEAD + b"no stream",
        pack_metrics(METRICS)[:-3],
        packed([1.0]),
        packed({}),
        packed({"a": 1.0}),
        packed({"a": []}),
        packed({"a": [1.0], "b": [1.0, 2.0]}),
        packed({"a": ["1"]}),
        packed({"a": [True]}),
        packed({"a": [float("nan")]}),
        packed({"a": [10**400]}),
        packed({"a\n": [1.0]}),
        packed({f"a{n}": [1.0] for n in range(101)}),
        packed("x" * 40_000_000),
        HEAD + zlib.compress(b"[" * 100_000),
    ],
    ids=lambda value: str(len(value)),
)
def test_what_no_training_gave_back_is_refused(damaged: bytes) -> None:
    with pytest.raises(StoreError, match="the numbers of a training are damaged"):
        unpack_metrics(damaged)
