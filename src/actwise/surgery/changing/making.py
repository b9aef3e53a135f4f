"""The module that stands at a site instead: its channels, device, type and effect in place."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...activations import BoundActivation, from_code, mark, resolve
from ...rng import Stochastic, fill_before_forward
from ..audit import Recording
from ..finding import FoundSite

LevelOrCode = str | BoundActivation | nn.Module | type[nn.Module] | Callable[..., Any]


def as_activation(level: LevelOrCode) -> BoundActivation:
    """The activation that a level or an object of the user's stands for.

    Raises:
        SpecError: if it stands for none.
    """
    if isinstance(level, BoundActivation):
        return level
    return resolve(level) if isinstance(level, str) else from_code(level)


class CannotBeMadeError(Exception):
    """Why an activation does not fit a site."""


def make_at(site: FoundSite, bound: BoundActivation, *, recording: Recording) -> nn.Module:
    """A new module for a site, with parameters of its own, in train mode.

    Raises:
        CannotBeMadeError: if the activation draws random numbers for each image, and the site
            sees other batches than the model does.
        SpecError: if the activation cannot be built for the site's shape.
    """
    if _is_stochastic(bound) and site.batches.items() - recording.batches.items():
        raise CannotBeMadeError(
            f"{bound.name} draws for each image, and here a batch is not one of images"
        )
    if not bound.learnable and not _is_stochastic(bound):
        module = bound.build(_shape(site, max(site.channels)))
    else:
        by_size = {size: bound.build(_shape(site, size)) for size in sorted(site.channels)}
        is_single = len(by_size) == 1
        module = next(iter(by_size.values())) if is_single else ByChannels(by_size, site.axis)
        if site.axis != 1:
            module = OnAxis(module, site.axis)
    if site.is_aliased:
        module = InPlace(module)
    mark(module, bound.canonical)
    fill_before_forward(module)
    return module.to(site.device, _dtype(site, recording.dtypes))


class OnAxis(nn.Module):
    """An activation whose channels lie along another axis than the second."""

    def __init__(self, act: nn.Module, axis: int) -> None:
        super().__init__()
        self.act = act
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = self.act(x.movedim(self.axis, 1))
        return value.movedim(1, self.axis)


class ByChannels(nn.Module):
    """Activations for the channel counts that one place in the source has in turn."""

    def __init__(self, by_size: dict[int, nn.Module], axis: int) -> None:
        super().__init__()
        self.by_size = nn.ModuleDict({str(size): act for size, act in by_size.items()})

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = self.by_size[str(x.shape[1])](x)
        return value


class InPlace(nn.Module):
    """Writes into its input, as the call did that it stands for: others read that memory."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        # The copy is what a backward pass may still need of the input.
        return x.copy_(self.act(x.clone()))


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_FLAGS = (
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
)


def hand_on_hooks(old: nn.Module, new: nn.Module) -> None:
    """Let the user's hooks of a module be called for the one that stands in its place too."""
    for name in _HOOKS:
        known = getattr(new, name)
        known.update({k: h for k, h in getattr(old, name).items() if h not in known.values()})
    for name in _FLAGS:
        getattr(new, name).update(getattr(old, name))
    if old._backward_hooks:
        new._is_full_backward_hook = old._is_full_backward_hook


def _shape(site: FoundSite, channels: int) -> tuple[int, ...]:
    """One sample with its channels first."""
    inner = list(site.shape)
    axis = site.axis if site.axis < 0 else site.axis - 1
    if inner and site.axis and axis >= -len(inner):
        inner.pop(axis)
    return (channels, *inner)


def _dtype(site: FoundSite, known: Sequence[torch.dtype]) -> torch.dtype:
    """The input's, where the model has parameters of it: under autocast these are of another."""
    return site.input if site.input in known or not known else known[0]


def _is_stochastic(bound: BoundActivation) -> bool:
    with torch.device("meta"):
        return isinstance(bound.make((1, 1, 1)), Stochastic)
