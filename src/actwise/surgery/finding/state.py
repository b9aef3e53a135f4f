"""Running a model without leaving a trace in it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ...rng import global_positions, move_global_to


@contextmanager
def left_as_it_was(model: nn.Module) -> Iterator[None]:
    """Modes, buffers and all generators of random numbers are put back at the end.

    Buffers come back as the objects they were, with their values. Gradients are off, so
    parameters cannot have moved. What a model keeps in plain attributes is its own affair.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [
        (module, dict(module._buffers))
        for module in model.modules()
        if not isinstance(module, torch.jit.ScriptModule)  # its buffers have no other objects
    ]
    values = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    positions = global_positions()
    devices = {p.device.index for p in model.parameters() if p.device.type == "cuda"}
    with torch.random.fork_rng(devices=[index for index in devices if index is not None]):
        try:
            yield
        finally:
            _put_back(modes, buffers, values)
            move_global_to(positions)


@torch.no_grad()
def _put_back(
    modes: list[tuple[nn.Module, bool]],
    buffers: list[tuple[nn.Module, dict[str, Tensor | None]]],
    values: list[tuple[Tensor, Tensor]],
) -> None:
    for module, is_training in modes:
        module.training = is_training
    for module, named in buffers:
        module._buffers.clear()
        module._buffers.update(named)
    for buffer, value in values:
        buffer.copy_(value)
