"""The statistics of batch norm, estimated anew as the network evaluates: with dropout off."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..errors import SpecError
from ..surgery import DoesNotRunError, call_model, left_as_it_was, refuse_unready
from ..usercode import describe_fault
from .probe_set import ProbeSet
from .units import RunningMoments, by_unit


def reestimate(model: nn.Module, images: Any, *, batch_size: int | None = None) -> nn.Module:
    """A copy of a model whose batch norms have the statistics of ``images`` in evaluation.

    Dropout before a batch norm makes its input's variance larger in training than in evaluation
    (Li et al. 2018, arXiv:1801.05134), so the running statistics fit neither. Here dropout is off,
    each norm normalizes by its batch, and its statistics are those of all values that it is given,
    in every call. A norm that is not called keeps its own.

    Args:
        model: Any ``nn.Module``; not changed. The copy is in evaluation mode.
        images: What it takes, as for :func:`measure`; of the training set, or the accuracy on
            others is theirs; in an order of chance, since batches alike are all normalized alike.
        batch_size: Images of a batch; None: at most 250, fewer of large ones.

    Raises:
        SpecError: if the model has no batch norm with running statistics, cannot be copied, or
            does not run on the images.
    """
    refuse_unready(model)
    name = type(model).__name__
    try:
        other = copy.deepcopy(model).eval()
    except Exception as error:
        raise SpecError(f"{name} cannot be copied: {describe_fault(error)}") from error
    norms = batch_norms(other)
    if not norms:
        raise SpecError(f"{name} has no batch norm with running statistics")
    with left_as_it_was(model), torch.no_grad(), _estimating(norms):
        for batch in ProbeSet(images, None, batch_size):
            try:
                call_model(other, batch.example)
            except Exception as error:
                fault = describe_fault(error)
                raise DoesNotRunError(f"{name} raised {fault} on {batch}") from error
    return other


def batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """Those with running statistics."""
    return [m for m in model.modules() if isinstance(m, _BatchNorm) and m.running_var is not None]


@contextmanager
def _estimating(norms: list[_BatchNorm]) -> Iterator[None]:
    """These norms alone train; at the end they have the statistics of all that they were given."""
    seen = {norm: RunningMoments() for norm in norms}

    def add(norm: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        seen[cast("_BatchNorm", norm)].add(by_unit((*args, *named.values())[0], 1))

    hooks = [norm.register_forward_pre_hook(add, with_kwargs=True) for norm in norms]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
        norm.training = True  # of itself: others may lie in it
    try:
        yield
    finally:
        for norm, momentum, hook in zip(norms, momenta, hooks, strict=True):
            norm.momentum = momentum
            norm.training = False
            hook.remove()
    for norm, moments in seen.items():
        variance_C = moments.squares / max(1, moments.num_values - 1)
        for running, found_C in (
            (norm.running_mean, moments.mean_C),
            (norm.running_var, variance_C),
        ):
            if running is not None and moments.num_values:
                running.copy_(found_C)
