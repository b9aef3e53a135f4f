"""A run gives back its memory when it returns, not when Python's cyclic collector comes."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.engine import Checkpoints
from small_runs import make_dataset, make_model, make_spec, train_small

EVERYTHING = "bn+dropout(0.1)+dropconnect(0.1)+flip+crop(1)+cutout(2)+mixup(0.5)+smooth"


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, "finished"),
        ({"regularization": EVERYTHING, "activation": "rrelu"}, "finished"),
        ({"activation": "prelu", "optimizer": "adamw", "learning_rate": 0.01}, "finished"),
        ({"learning_rate": 1e30, "regularization": "none"}, "diverged"),
    ],
)
def test_model_and_data_are_freed_with_their_run(
    settings: dict[str, Any], status: str, tmp_path: Path
) -> None:
    spec = make_spec(**({"epochs": 2} | settings))
    dataset = make_dataset()
    model = make_model(spec, dataset)
    tensors = {
        "model": weakref.ref(model),
        "weights": weakref.ref(next(model.parameters())),
        "images": weakref.ref(dataset.train_images_NCHW),
    }
    checkpoints = Checkpoints(tmp_path, "run", 1, {}, interval_seconds=0.0)
    result = train_small(spec, model=model, dataset=dataset, checkpoints=checkpoints)
    assert result.status == status
    del model, dataset, checkpoints
    assert [name for name, tensor in tensors.items() if tensor() is not None] == []
