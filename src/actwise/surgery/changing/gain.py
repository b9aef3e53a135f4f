"""Weights that feed a replaced activation, rescaled from the old one's gain to the new one's."""

import copy
import math
from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor, nn

from ...activations import BoundActivation, gain
from ...activations.moments import normal_moments
from ...activations.pointwise import Function
from ...errors import SpecError
from ..finding import FoundSite, Recorder
from .report import Undo


@torch.no_grad()
def rescale(
    recording: Recorder, replaced: Iterable[FoundSite], bound: BoundActivation, undo: Undo
) -> list[str]:
    """Multiply the weights that feed replaced sites, and nothing else, by the ratio of gains.

    Returns:
        Sentences on what was left as it is for want of a gain.

    Raises:
        SpecError: if the new activation has no gain that weights can have.
    """
    new = bound.weight_gain
    factors: dict[nn.Parameter, set[float]] = {}
    unknown: dict[str, None] = {}
    others = set(recording.other_uses)
    known: dict[int, float] = {}
    mine = set(replaced)
    for found in recording.found.values():
        old = _gain(found, known) if found in mine else 0.0
        if found in mine and not old:
            unknown[found.activation] = None
        for weight in found.weights - {None}:
            assert weight is not None
            if old:
                factors.setdefault(weight, set()).add(new / old)
            else:
                others.add(weight)
    for weight, ratios in factors.items():
        if weight not in others and len(ratios) == 1 and ratios != {1.0}:
            _multiply(weight, ratios.pop(), undo)
    return [f"weights before {name} keep their scale: it has no gain" for name in unknown]


def _multiply(weight: nn.Parameter, factor: float, undo: Undo) -> None:
    before = weight.detach().clone()
    weight.mul_(factor)
    undo.add(partial(_put_back, weight, before, weight.detach().clone()))


@torch.no_grad()
def _put_back(weight: Tensor, before: Tensor, scaled: Tensor) -> None:
    """Weights that were trained meanwhile stay."""
    if weight.is_meta or torch.equal(weight, scaled.to(weight.device)):
        weight.copy_(before)


def _gain(found: FoundSite, known: dict[int, float]) -> float:
    """The gain of what a site computed before, or 0.0."""
    key = id(found.module or found.function)
    if key not in known:
        known[key] = _gain_of_itself(found) or _gain_by_name(found.activation)
    return known[key]


def _gain_of_itself(found: FoundSite) -> float:
    """From the module or function with the arguments that it was called with."""
    if found.module is not None:
        if any(parameter.is_meta for parameter in found.module.parameters()):
            return 0.0
        old = copy.deepcopy(found.module).cpu().double().eval()
    else:
        kwargs = {k: v for k, v in found.kwargs.items() if k != "inplace"}
        function = found.function
        assert function is not None
        old = Function(lambda x: function(x.clone(), *found.args, **kwargs))
    try:
        second = normal_moments(old).second
    except (SpecError, RuntimeError, TypeError):  # one that takes several channels, say
        return 0.0
    return 1.0 / math.sqrt(second) if 0.0 < second < math.inf else 0.0


def _gain_by_name(name: str) -> float:
    try:
        found = gain(name)
    except SpecError:
        return 0.0
    return found if math.isfinite(found) else 0.0
