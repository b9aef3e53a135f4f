"""The estimate of memory against what training processes really need."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from actwise.models import describe
from small_runs import DATASET, make_spec

TRAIN = """
import sys
from actwise.engine import prepare_device, set_process_numerics, train
from actwise.regularization import resolve
from actwise.sweep.process_state import peak_memory_bytes
from small_runs import make_dataset, make_model, make_spec

model, width = sys.argv[1], float(sys.argv[2])
set_process_numerics(1)
level = "bn+dropout+aug"
spec = make_spec(model=model, width=width, regularization=level, epochs=1, batch_size=128)
dataset = make_dataset(num_train=256, num_test=40, side=32)
train(
    make_model(spec, dataset),
    dataset,
    spec,
    regularization=resolve(spec.regularization),
    device=prepare_device("cpu", threads=1, model=model, width=width),
)
# Not getrusage: there a child begins with the peak of the process that started it.
print(peak_memory_bytes())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.skipif(torch.version.cuda is not None, reason="a CUDA build is larger by itself")
@pytest.mark.parametrize(("model", "width"), [("vgg16-table1", 1.0), ("resnet18-table2", 0.25)])
def test_the_estimate_is_within_a_quarter_of_the_measured_peak(model: str, width: float) -> None:
    output = subprocess.run(
        [sys.executable, "-c", TRAIN, model, str(width)],
        cwd=Path(__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    spec = make_spec(model=model, width=width, regularization="bn+dropout+aug", batch_size=128)
    info = replace(DATASET.info, input_shape=(3, 32, 32), num_train=256, num_test=40)
    assert describe(spec, info).memory_bytes == pytest.approx(int(output), rel=0.25)
