"""A level of the factor under the eyes of surgery: which activations its network comes with."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from .. import activations, regularization
from ..errors import ActwiseError, ModelWarning, SpecError
from ..registry import parse_level
from ..surgery import Audit, DoesNotRunError, SwapReport, audit, swap
from ..usercode import describe_fault
from .entry import BoundModel, resolve
from .layers import LayerFactory
from .zoo import is_of_package

_Shape = tuple[int, int, int]

NUM_CLASSES = 10
SHAPE = (3, 32, 32)
PACKAGES_SHAPE = (3, 224, 224)
"""What most networks of torchvision and timm are made for."""

TRIAL = "prelu"
"""Has parameters to place, and so finds all that may stand in the way of a swap."""


@dataclass(frozen=True)
class LevelAudit:
    """What is in a network, and what a swap to :data:`TRIAL` makes of it.

    Attributes:
        audit: Its sites.
        trial: What was replaced and what missed; None if no swap runs.
        fault: Why none does.
    """

    audit: Audit
    trial: SwapReport | None
    fault: str = ""


_Found = TypeVar("_Found", LevelAudit, SwapReport)


def audit_level(model: str, *, shape: _Shape | None = None) -> LevelAudit:
    """The sites of a new network of ``model``, on images of ``shape``, and a swap tried on it.

    Without a shape they are of 3 x 32 x 32; for a network of torchvision or timm of the size that
    it is made for. A network of ours, or of a builder, has ``relu`` and ``bn``.

    Raises:
        SpecError: if there is no such model, or it does not run on such images.
    """
    return _looked_at(model, shape, lambda network, x: _audited(network, x, model))


def swap_level(model: str, activation: str, *, shape: _Shape | None = None) -> SwapReport:
    """What a swap makes of a new network of ``model``; as :func:`audit_level`.

    Raises:
        SpecError: also if the activation is none, or does not run in this network.
    """
    bound = activations.resolve(activation)
    report = _looked_at(model, shape, lambda network, x: _swapped(network, x, bound))
    return replace(report, audit=replace(report.audit, model=model))


def image_shape(model: str, shape: _Shape | None = None) -> _Shape:
    """The shape of the images that a network of ``model`` is looked at with, if none is asked for.

    Raises:
        SpecError: if there is no such model.
    """
    if shape is not None or not is_of_package(parse_level(model, kind="model")):
        return shape or SHAPE
    with torch.device("meta"):
        return _made_for(_bare(resolve(model), PACKAGES_SHAPE)) or PACKAGES_SHAPE


def images_given(shape: _Shape) -> str:
    """For what a network that does not run was given, and how it is given other images."""
    given = ",".join(map(str, shape))
    return f"images of {given}; --shape C,H,W (channels, height, width) gives others"


def _looked_at(
    model: str, shape: _Shape | None, look: Callable[[nn.Module, Tensor], _Found]
) -> _Found:
    bound, level = resolve(model), parse_level(model, kind="model")
    is_packages = is_of_package(level)
    # Only what is not a user's needs no numbers; and a user's network may come with trained ones.
    is_users = level.is_user_code and not is_packages
    try:
        with torch.device("cpu" if is_users else "meta"):
            default = PACKAGES_SHAPE if is_packages else SHAPE
            network = _bare(bound, shape or default)
            size = shape or _made_for(network) or default
            return look(network, torch.zeros(2, *size))
    except DoesNotRunError as error:
        raise SpecError(f"{error}: {images_given(size)}") from error
    except ActwiseError:
        raise
    except (Exception, SystemExit) as error:
        raise SpecError(f"model {model} failed: {describe_fault(error)}") from error


def _audited(network: nn.Module, example: Tensor, model: str) -> LevelAudit:
    found = replace(audit(network, example), model=model)
    try:
        trial = _swapped(network, example, activations.resolve(TRIAL))
    except SpecError as error:
        return LevelAudit(found, None, str(error))
    trial.undo()
    return LevelAudit(found, trial)


def _swapped(network: nn.Module, example: Tensor, bound: activations.BoundActivation) -> SwapReport:
    """A swap whose report alone has the warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return swap(network, bound, example=example)


def _bare(model: BoundModel, shape: _Shape) -> nn.Module:
    layers = LayerFactory(activations.resolve("relu"), regularization.resolve("bn"))
    return model.bare(layers, input_shape=shape, num_classes=NUM_CLASSES, width=1.0)


def _made_for(network: nn.Module) -> _Shape | None:
    """Where timm has noted it, the shape of the images that a network is made for."""
    noted = getattr(network, "default_cfg", None)
    size = noted.get("input_size") if isinstance(noted, dict) else None
    return (size[0], size[1], size[2]) if size else None
