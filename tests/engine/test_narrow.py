"""Convolutions whose gradients oneDNN writes past their end, on processors without AVX-512."""

import platform

import pytest

from made.forks import run_forked

AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "1"}
"""What a processor without AVX-512 has; one that has it is told to compute as they do."""

TRAIN = """
import torch
from torch import nn
from actwise.engine import Device
from small_runs import make_dataset, make_spec, train_small

class Network(nn.Module):
    def __init__(self, channels, features):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.BatchNorm2d(channels))
        self.narrow = nn.Conv2d(channels, features, 1, stride=2, bias=False)
        self.last = nn.Linear(features, 10)

    def forward(self, x):
        return self.last(self.narrow(self.first(x).relu()).mean((2, 3)))

data = make_dataset(num_train=64, num_test=8, side=16)
spec = make_spec(epochs=3, batch_size=32)
for channels in range(1, 9):
    for features in (4, 8, 12):
        assert train_small(spec, model=Network(channels, features), dataset=data).weights_sha256
print("trained")
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other kernels than those of AVX2")
def test_a_narrow_strided_convolution_trains_without_avx512() -> None:
    done = run_forked(TRAIN, environment=AVX2)
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
