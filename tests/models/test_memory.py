"""The estimate of memory against what training processes really need."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from actwise import activations, regularization
from actwise.engine.evaluate import BATCH_SIZE
from actwise.models import describe
from actwise.models.entry import resolve
from actwise.models.footprint import EVALUATION_BATCH_SIZE, MOST_PASS_BYTES, footprint
from actwise.models.layers import LayerFactory
from made.forks import run_forked
from small_runs import DATASET, make_spec

TRAIN = """
import sys
from itertools import count
from actwise.engine import prepare_device, set_process_numerics, train
from actwise.regularization import resolve
from actwise.sweep.worker import peak_memory_bytes
from small_runs import make_dataset, make_model, make_spec

model, width = sys.argv[1], float(sys.argv[2])
set_process_numerics(1)
spec = make_spec(
    model=model,
    width=width,
    regularization="bn+dropout+aug",
    epochs=1,
    batch_size=128,
    validation_fraction=0.1,
)
dataset = make_dataset(num_train=int(sys.argv[3]), num_test=40, side=32)
batches = count()
train(
    make_model(spec, dataset),
    dataset,
    spec,
    regularization=resolve(spec.regularization),
    device=prepare_device("cpu", threads=1, model=model, width=width),
    should_stop=lambda: next(batches) == 2,
)
# Not getrusage: there a child begins with the peak of the process that started it.
print(peak_memory_bytes())
"""

STATISTICS = """
import torch
from actwise.datasets import channel_statistics
from actwise.sweep.worker import peak_memory_bytes

images_NCHW = torch.zeros(50_000, 3, 32, 32, dtype=torch.uint8)
channel_statistics(images_NCHW)
before = peak_memory_bytes()
channel_statistics(images_NCHW, torch.arange(45_000))
print(peak_memory_bytes() - before)
"""

CHECKPOINT = """
import tempfile
from dataclasses import replace
from pathlib import Path
import torch
from actwise.sweep.worker import peak_memory_bytes
from made.checkpoints import make_checkpoints, make_state

state = replace(make_state(), tensors={f"model/{n}": torch.ones(2_500_000) for n in range(10)})
before = peak_memory_bytes()
with tempfile.TemporaryDirectory() as folder:
    make_checkpoints(Path(folder)).save(state)
print(peak_memory_bytes() - before)
"""


def printed_number(script: str, *words: str) -> int:
    """Of a process that is no fork: a fork's memory has what its parent imported."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_to_look_at_all_images_copies_few_of_them() -> None:
    assert int(run_forked(STATISTICS).stdout) < 20 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_to_keep_a_state_takes_two_copies_of_it_and_not_four() -> None:
    assert 1.5 * 100e6 < int(run_forked(CHECKPOINT).stdout) < 2.5 * 100e6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.skipif(torch.version.cuda is not None, reason="a CUDA build is larger by itself")
@pytest.mark.parametrize(
    ("model", "width", "num_train"),
    [("vgg16-table1", 0.5, 512), ("resnet18-table2", 0.25, 512), ("convnet", 0.25, 50_000)],
)
def test_the_estimate_is_within_a_quarter_of_the_measured_peak(
    model: str, width: float, num_train: int
) -> None:
    measured = printed_number(TRAIN, model, str(width), str(num_train))
    spec = make_spec(model=model, width=width, regularization="bn+dropout+aug", batch_size=128)
    info = replace(DATASET.info, input_shape=(3, 32, 32), num_train=num_train, num_test=40)
    assert describe(spec, info).memory_bytes == pytest.approx(measured, rel=0.25)


@pytest.mark.parametrize(("side", "stays"), [(32, False), (512, True)])
def test_figures_do_not_depend_on_where_a_network_is_looked_at(*, side: int, stays: bool) -> None:
    shape = (3, side, side)

    def build() -> torch.nn.Module:
        level = regularization.resolve("bn+dropconnect(0.1)")
        layers = LayerFactory(activations.resolve("rrelu"), level)
        with torch.device("meta"):
            return resolve("resnet18").build(layers, input_shape=shape, num_classes=10, width=1.0)

    ours = build()
    found = footprint(ours, input_shape=shape, batch_size=128, is_ours=True)
    assert found == footprint(build(), input_shape=shape, batch_size=128)
    assert all(p.is_meta == stays for p in (*ours.parameters(), *ours.buffers()))
    assert stays == (found.parameter_bytes + found.saved_bytes * 3 / 128 > MOST_PASS_BYTES)


def test_the_estimate_knows_how_many_images_are_evaluated_at_once() -> None:
    assert EVALUATION_BATCH_SIZE == BATCH_SIZE


def test_small_batches_do_not_hide_the_memory_of_an_evaluation() -> None:
    spec = make_spec(model="vgg16-table1", width=1.0, batch_size=2)
    info = replace(DATASET.info, input_shape=(3, 32, 32), num_train=50_000, num_test=10_000)
    found = describe(spec, info)
    # Weights, gradients, momentum; four times 250 images of 64 channels of 32 x 32 values.
    least = 4 * (3 * found.parameters + 4 * 250 * 64 * 32 * 32)
    assert found.memory_bytes > 375 * 2**20 + 60_000 * 3 * 32 * 32 + least - 1000
