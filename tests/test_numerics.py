"""Golden values: a refactoring leaves them bit-identical (docs: CONTRIBUTING).

Streams are exact everywhere. Trainings are exact on machines whose numerics fingerprint stands in
data/golden_numerics.json; elsewhere their first three losses agree within 1e-4 and the entry to
add is shown as the reason of a skip. To write the entry of this machine (after a change that is
meant to change the numbers, which also raises ENGINE_VERSION)::

    .venv/bin/python tests/test_numerics.py
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise import regularization
from actwise.engine import Progress, memory_format_for, set_process_numerics, split_images
from actwise.rng import stream
from actwise.spec import RunSpec
from actwise.store.records import fingerprint, fingerprint_id
from small_runs import make_dataset, make_model, make_spec, train_small

GOLDEN_FILE = Path(__file__).parent / "data" / "golden_numerics.json"
GOLDEN: dict[str, Any] = json.loads(GOLDEN_FILE.read_text(encoding="utf-8"))
DATASET = make_dataset(num_train=100, num_test=40, side=32)
NUM_COMPARED_STEPS = 3

COMMON: dict[str, Any] = {"width": 1 / 16, "epochs": 2, "batch_size": 32, "learning_rate": 0.02}
VGG16: dict[str, Any] = {
    "model": "vgg16-table1",
    "regularization": "bn+dropout(0.1)+aug",
    **COMMON,
}
RESNET18: dict[str, Any] = {"model": "resnet18-table2", "regularization": "bn+aug", **COMMON}
CELLS = {
    "vgg16": make_spec(**VGG16),
    "resnet18": make_spec(activation="elu", **RESNET18),
    # The activations with kernels of their own.
    "prelu": make_spec(activation="prelu", **RESNET18),
    "mish": make_spec(activation="mish", **VGG16),
    "aria2": make_spec(activation="aria2", **RESNET18),
    "everything": make_spec(
        model="plain20",
        regularization="gn(4)+dropconnect(0.1)+cutout(8)+mixup(0.5)+smooth(0.1)+crop(2)",
        activation="rrelu",
        optimizer="adamw",
        schedule="onecycle",
        gradient_clip=1.0,
        validation_fraction=0.2,
        train_size=70,
        **COMMON | {"width": 0.5},
    ),
}


def train_golden(spec: RunSpec) -> dict[str, Any]:
    """The running losses of every step, and the hash of the weights at the end."""
    losses: list[float] = []

    def on_progress(progress: Progress) -> None:
        assert progress.loss is not None
        losses.append(progress.loss)

    set_process_numerics(1)
    result = train_small(spec, dataset=DATASET, on_progress=on_progress)
    return {"losses": losses, "weights_sha256": result.weights_sha256}


def this_machine() -> dict[str, str]:
    set_process_numerics(1)
    layout = memory_format_for("vgg16-table1", 1 / 16)
    return fingerprint(device="cpu", threads=1, memory_format=layout)


@pytest.mark.parametrize("cell", CELLS)
def test_a_training_repeats_to_the_bit(cell: str) -> None:
    trained = train_golden(CELLS[cell])
    known = GOLDEN["machines"].get(fingerprint_id(this_machine()))
    if known is not None:
        assert trained == known["cells"][cell]
        return
    for machine in GOLDEN["machines"].values():
        golden = machine["cells"][cell]["losses"][:NUM_COMPARED_STEPS]
        assert trained["losses"][:NUM_COMPARED_STEPS] == pytest.approx(golden, rel=1e-4)
    pytest.skip(
        f"NUMERICS NOT PINNED ON THIS MACHINE: its fingerprint {fingerprint_id(this_machine())} "
        f"is not in {GOLDEN_FILE.name}; three steps agreed within 1e-4. Run `python "
        f'tests/test_numerics.py` there to add "{cell}": {json.dumps(trained)}'
    )


def golden_streams() -> dict[str, Any]:
    """First draws of every kind; small numbers as they are, many by their hash."""
    flips, crops, cuts = (
        part.draw(stream(0, "augment", part.name, 1), 100, (3, 32, 32))
        for level in ("flip", "crop(4)", "cutout(16)")
        for part in regularization.resolve(level).parts
    )
    model = make_model(CELLS["resnet18"], DATASET)
    split = split_images(
        DATASET.train_labels_N.numpy(), seed=7, validation_fraction=0.2, train_size=50
    )
    return {
        "order": stream(0, "order", "", 1).permutation(50_000)[:5].tolist(),
        "flip": digest(flips),
        "crop": digest(crops),
        "cutout": digest(cuts),
        "mixup": digest(stream(0, "augment", "mixup", 1).beta(0.5, 0.5, size=3).round(12)),
        "mask": digest(stream(0, "mask", "conv1.drop1.dropout", 1).bit_generator.random_raw(1000)),
        "weights": {
            name: digest(parameter.detach().numpy())
            for name, parameter in model.named_parameters()
            if parameter.dim() > 1
        },
        "validation": split.validation_indices_N.tolist(),
        "subset": split.train_indices_N.tolist(),
    }


def digest(values: np.ndarray | None) -> str:
    assert values is not None
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def test_streams_are_the_same_everywhere() -> None:
    assert golden_streams() == GOLDEN["streams"]


def main() -> None:
    """Write the streams, and this machine's trainings beside those of others."""
    here = this_machine()
    entry = {
        "fingerprint": here,
        "cells": {name: train_golden(spec) for name, spec in CELLS.items()},
    }
    machines = GOLDEN["machines"] | {fingerprint_id(here): entry}
    content = {"streams": golden_streams(), "machines": machines}
    GOLDEN_FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
