"""Looking at a network that a plan names: it is built and run on zeros, and trained no step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import nn

from .. import activations, regularization
from ..errors import ActwiseError, SpecError
from ..registry import parse_level
from ..usercode import describe_fault
from .entry import resolve
from .footprint import Footprint, footprint
from .layers import LayerFactory


@dataclass(frozen=True)
class NetworkSettings:
    """All that decides a network's shapes; ``regularization`` without parts for images."""

    model: str
    regularization: str
    activation: str
    width: float
    input_shape: tuple[int, int, int]
    num_classes: int
    batch_size: int

    def __str__(self) -> str:
        return f"model {self.model} with {self.activation} and {self.regularization}"

    @property
    def is_ours(self) -> bool:
        """Whether no level is users' code."""
        levels = (self.model, self.regularization, self.activation)
        return not any(":" in level for level in levels)


@dataclass(frozen=True)
class Examined:
    """What a network costs, in how many places its activation stands, and which sites it has."""

    cost: Footprint
    num_activations: int
    sites: frozenset[str]
    notes: tuple[str, ...]


_REGULARIZES = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.modules.dropout._DropoutNd,
)


def examine(network: NetworkSettings) -> Examined:
    """Build a network and run it on zeros: on the meta device, or where it needs numbers the CPU.

    Raises:
        SpecError: if a level is not known, or users' code fails or makes no network for a study.
    """
    if network.is_ours:
        return _pass(network, "meta")
    try:
        return _pass(network, "meta")
    except Exception as error:
        # What a swap says of a network without numbers may not hold with them.
        if isinstance(error, ActwiseError) and not resolve(network.model).is_own:
            raise
        # Users' code may need numbers. On the CPU it gets zeros.
        try:
            return _pass(network, "cpu")
        except ActwiseError:
            raise
        except Exception as error:
            raise SpecError(f"{network} failed on zeros: {describe_fault(error)}") from error


def _pass(network: NetworkSettings, device: str) -> Examined:
    module, layers = _build(network, device)
    if not network.is_ours:
        _refuse_shared(network, module, _build(network, device, is_second=True)[0])
    cost = footprint(
        module,
        input_shape=network.input_shape,
        batch_size=network.batch_size,
        device=device,
        is_ours=network.is_ours,
        activations=layers.activations,
    )
    if cost.num_outputs != network.num_classes:
        raise SpecError(_misshapen(network, module, cost.num_outputs))
    if not cost.num_activations:
        raise SpecError(_deaf(network, module))
    return Examined(
        cost,
        len(layers.swapped) or cost.num_activations,
        frozenset(layers.sites),
        (*layers.notes, *_kept_layers(network, module)),
    )


def _misshapen(network: NetworkSettings, module: nn.Module, num_outputs: int | None) -> str:
    """Why a network is refused that does not give one row of values for each image."""
    needed = f"one row of {network.num_classes} values for each image"
    if num_outputs is None:
        return (
            f"model {network.model} must return {needed}, in training too, and nothing else"
            f"{_without_second_output(network, module)}"
        )
    return (
        f"model {network.model} must return {needed}, not of {num_outputs}; the number of classes "
        "is passed as num_classes"
    )


def _without_second_output(network: NetworkSettings, module: nn.Module) -> str:
    """The option that takes the second output away, where torchvision's networks have one."""
    if not getattr(module, "aux_logits", False):
        return ""
    level = parse_level(network.model, kind="model")
    other = replace(level, kwargs=(*level.kwargs, ("aux_logits", False)))
    return f"; {other} has one output"


def _kept_layers(network: NetworkSettings, module: nn.Module) -> Iterator[str]:
    """A sentence where ``none`` was asked of a network whose own norms and dropout stay."""
    if network.regularization == "none" and resolve(network.model).is_own:
        kinds = {type(part).__name__ for part in module.modules() if isinstance(part, _REGULARIZES)}
        if kinds:
            yield (
                f"model {network.model} keeps its own {', '.join(sorted(kinds))}: regularization "
                "none means own here"
            )


def _deaf(network: NetworkSettings, module: nn.Module) -> str:
    """Why a network in which no activation was seen to run is refused."""
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        return (
            f"model {network.model} is compiled by TorchScript, in which no activation can be seen "
            "to run; return the module itself (train.compile = true compiles a whole step)"
        )
    return (
        f"model {network.model} runs no activation that it is given, so that every level of "
        "activation would train the same network; call layers.act(shape) in its constructor "
        "and what that returns in its forward"
    )


def _build(
    network: NetworkSettings, device: str, *, is_second: bool = False
) -> tuple[nn.Module, LayerFactory]:
    """A new network; the second one, which is only looked at, takes no swap without need."""
    model = resolve(network.model)
    build = model.bare if is_second and ":" not in network.activation else model.build
    layers = LayerFactory(
        activations.resolve(network.activation), regularization.resolve(network.regularization)
    )
    with torch.device(device):
        module = build(
            layers,
            input_shape=network.input_shape,
            num_classes=network.num_classes,
            width=network.width,
        )
    return module, layers


def _refuse_shared(network: NetworkSettings, first: nn.Module, second: nn.Module) -> None:
    """What two builds share would carry what one run has learned to the next."""
    known = {_storage(parameter) for parameter in first.parameters() if parameter.numel()}
    for name, parameter in second.named_parameters():
        if _storage(parameter) in known:
            raise SpecError(
                f"{network}: any two builds of it share the parameter {name}, which would carry "
                "what one run has learned to the next; make it anew in every constructor"
            )


def _storage(tensor: torch.Tensor) -> int:
    """Names the place of a tensor's values, on the meta device too."""
    return int(tensor.untyped_storage()._cdata)
