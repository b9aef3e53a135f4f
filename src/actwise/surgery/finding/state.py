"""Running a model without leaving a trace in it."""

import copy
import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...rng import global_positions, move_global_to
from .nested import with_parts

_OF_TORCH = frozenset(vars(nn.Module()))
_RANDOM = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
_WRITABLE = (set, deque, Tensor, np.ndarray, *_RANDOM)


@contextmanager
def left_as_it_was(model: nn.Module) -> Iterator[None]:
    """Modes, buffers, attributes and all generators of random numbers are put back at the end.

    Buffers come back as the objects they were, with their values. Parameters cannot have moved,
    since nobody steps. Attributes of modules that are numbers, tensors, generators, or lists, dicts
    and sets of them are copied for the time being; users' objects are not.
    """
    modes = [(module, module.training) for module in model.modules()]
    # A ScriptModule has no other objects for its buffers.
    modules = [m for m in model.modules() if not isinstance(m, torch.jit.ScriptModule)]
    buffers = [(module, dict(module._buffers)) for module in modules]
    values = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    positions = global_positions()
    devices = {p.device.index for p in model.parameters() if p.device.type == "cuda"}
    with torch.random.fork_rng(devices=[index for index in devices if index is not None]):
        try:
            with _attributes_copied(model, modules):
                yield
        finally:
            _put_back(modes, buffers, values)
            move_global_to(positions)


@contextmanager
def _attributes_copied(model: nn.Module, modules: list[nn.Module]) -> Iterator[None]:
    """Modules use copies of their attributes, unless they are built meanwhile."""
    own = [{k: v for k, v in vars(m).items() if k not in _OF_TORCH} for m in modules]
    parts = [_parts(module) for module in modules]
    known = {id(x): x for x in (*modules, *model.parameters(), *model.buffers())}
    copies = [{name: _copied(v, known) for name, v in named.items()} for named in own]
    for module, named in zip(modules, copies, strict=True):
        vars(module).update(named)
    try:
        yield
    finally:
        for module, named, before in zip(modules, own, parts, strict=True):
            if _parts(module) == before:
                for name in vars(module).keys() - named.keys() - _OF_TORCH:
                    del vars(module)[name]
                vars(module).update(named)


def _parts(module: nn.Module) -> tuple[list[str], list[str]]:
    """What it consists of; a module may make its layers when it is first called."""
    return [*module._modules], [*module._parameters]


def _copied(value: Any, known: dict[int, Any]) -> Any:
    """A copy of what may be written to; of other objects nobody knows what hangs on them.

    ``known`` has what stands for an object, by its id, and gets more.
    """
    if id(value) in known:
        return known[id(value)]
    try:
        if isinstance(value, tuple):
            return with_parts(value, [_copied(part, known) for part in value])
        if isinstance(value, list | dict):
            new = known[id(value)] = copy.copy(value)
            for place in [*value] if isinstance(value, dict) else range(len(value)):
                new[place] = _copied(value[place], known)
            return new
        if isinstance(value, _WRITABLE):
            known[id(value)] = copy.deepcopy(value)
    except Exception:  # as of a tensor with a history
        return value
    return known.get(id(value), value)


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
