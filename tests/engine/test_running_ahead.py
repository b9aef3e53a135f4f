"""What is told of a run on CUDA, where the host runs ahead; the CPU stands in for the device."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from actwise.engine import Device
from made.runs import made_epoch
from small_runs import CPU, make_spec, make_training

SPEC = make_spec()
BATCHES = 3


class Ahead(Device):
    """A device that is said to be CUDA."""

    @property
    def is_cuda(self) -> bool:
        return True


class States:
    """The generator and the queue of a CUDA device, with every device that they were asked of."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.state = torch.arange(16, dtype=torch.uint8)
        self.asked: list[tuple[str, torch.device]] = []
        patch.setattr(torch.cuda, "get_rng_state", self.get)
        patch.setattr(torch.cuda, "set_rng_state", self.set)
        patch.setattr(torch.cuda, "synchronize", lambda device: self.note("waits", device))

    def note(self, what: str, device: torch.device) -> None:
        self.asked.append((what, device))

    def get(self, device: torch.device) -> Tensor:
        self.note("get", device)
        return self.state.clone()

    def set(self, state: Tensor, device: torch.device) -> None:
        self.note("set", device)
        self.state = state.clone()


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    return States(monkeypatch)


@pytest.fixture
def ahead() -> Device:
    return Ahead(CPU.torch_device, threads=1, memory_format="channels_last")


def test_loss_and_speed_are_those_of_the_last_epoch(ahead: Device, states: States) -> None:
    training = make_training(SPEC, ahead)
    training.train_batch()
    assert (training.running_loss, training.images_per_second) == (None, None)
    training.end_epoch(replace(made_epoch(1), train_loss=0.75, seconds=4.0))
    training.train_batch()
    assert training.running_loss == 0.75
    assert training.images_per_second == BATCHES * SPEC.train.batch_size / 4.0
    assert states.asked == []


def test_on_the_cpu_they_are_those_of_the_batches_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 12.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    training = make_training(SPEC)
    assert training.running_loss is None
    training.train_batch()
    first = training.running_loss
    training.train_batch()
    assert training.images_per_second == 2 * SPEC.train.batch_size / 2.0
    assert first is not None and training.running_loss not in (None, first)


def test_the_devices_generator_goes_with_the_state(ahead: Device, states: States) -> None:
    training = make_training(SPEC, ahead)
    training.train_batch()
    state = training.state()
    assert torch.equal(state.tensors["torch/cuda"], torch.arange(16, dtype=torch.uint8))
    states.state = torch.zeros(16, dtype=torch.uint8)
    other = make_training(SPEC, ahead)
    other.restore(state)
    assert torch.equal(states.state, torch.arange(16, dtype=torch.uint8))
    device = CPU.torch_device
    assert states.asked == [("get", device), ("set", device)]
    assert other.batch == 1
    assert "torch/cuda" not in make_training(SPEC).state().tensors


@pytest.mark.parametrize(("kind", "waits"), [("cpu", 0), ("cuda", 1)])
def test_a_device_is_waited_for_where_it_computes_for_itself(
    kind: str, waits: int, states: States
) -> None:
    device = Device(torch.device(kind), threads=1, memory_format="contiguous")
    device.synchronize()
    assert states.asked == [("waits", torch.device(kind))] * waits


def test_the_sums_of_an_epoch_wait_for_the_device(ahead: Device, states: States) -> None:
    training = make_training(SPEC, ahead)
    for _ in range(BATCHES):
        training.train_batch()
    assert states.asked == []
    assert training.sums().loss > 0
    assert states.asked == [("waits", CPU.torch_device)]
