"""A network that brings its own layers: built as it is, then its activations are swapped.

Legend: N images, C channels, H height, W width.
"""

import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..errors import ModelWarning, SpecError
from ..registry import Level
from ..surgery import SwapReport, swap
from ..usercode import BY_NAME, parameters_of
from .layers import LayerFactory

OFFERED = ("num_classes", "in_channels", "in_chans", "width")
"""What a class or function is given of, where it has a parameter of that name."""

_MOST_NAMED = 3
_BUILDER = ("layers", "input_shape", "num_classes", "width")
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def is_builder(make: Callable[..., Any], level: Level) -> bool:
    """Whether it takes (layers, input_shape, num_classes, width), as what builds with ours does.

    It says so by a first parameter that is annotated ``LayerFactory``, or by these very names.
    Else it makes a network if :data:`OFFERED` and the level give all that it requires, and builds
    if it requires four positional parameters, or ``layers`` first and then others of any name.

    Raises:
        SpecError: if it can be read as neither.
    """
    positional = [p for p in parameters_of(make) if p.kind in _POSITIONAL]
    required = [p for p in positional if p.default is p.empty]
    first = next(iter(positional), None)
    takes_four = len(positional) >= len(_BUILDER) or any(
        p.kind is p.VAR_POSITIONAL for p in parameters_of(make)
    )
    if _is_of_factory(first) or tuple(p.name for p in positional[:4]) == _BUILDER:
        if not takes_four:
            raise SpecError(_neither(level, [p.name for p in required]))
        return True
    missing = _missing_of_network(make, level)
    if not missing or len(required) >= len(_BUILDER):
        return bool(missing)
    is_layers = first is not None and first.name == "layers" and _is_of_any_type(first)
    if is_layers and takes_four and len(missing) > 1:
        return True
    raise SpecError(_neither(level, missing))


def _is_of_factory(parameter: inspect.Parameter | None) -> bool:
    # The annotation is text where the module imports annotations from __future__.
    return parameter is not None and (
        parameter.annotation is LayerFactory
        or str(parameter.annotation).rpartition(".")[2] == LayerFactory.__name__
    )


def _is_of_any_type(parameter: inspect.Parameter) -> bool:
    annotation = parameter.annotation
    return annotation is parameter.empty or annotation in (Any, "Any", "typing.Any")


def _missing_of_network(make: Callable[..., Any], level: Level) -> list[str]:
    """What a class or function requires that neither a study nor its level gives by name."""
    free = [p for p in parameters_of(make) if p.kind in BY_NAME and p.name not in OFFERED]
    given = {p.name for p in free[: len(level.args)]} | {name for name, _ in level.kwargs}
    return [p.name for p in free if p.default is p.empty and p.name not in given]


def _neither(level: Level, missing: Sequence[str]) -> str:
    """Why a callable is refused that may be meant as either."""
    return (
        f"model {level}: nothing fills {', '.join(missing)}: a network is given "
        f"{', '.join(OFFERED)} by name and the rest by its level; a builder is given "
        f"({', '.join(_BUILDER)}) by position, and calls the first layers or annotates it "
        "LayerFactory" + ("; a function of a tensor is a level of activation" * (len(missing) == 1))
    )


@dataclass(frozen=True)
class OwnNetwork:
    """Calls a class or function that gives a network; a model as the table's builders are.

    Attributes:
        level: For messages.
        make: The class or function, which takes any of :data:`OFFERED` by name.
    """

    level: str
    make: Callable[..., Any]

    def __call__(
        self,
        layers: LayerFactory,
        input_shape: tuple[int, int, int],
        num_classes: int,
        width: float,
        **settings: Any,
    ) -> nn.Module:
        """A new network with the factory's activation at every place where it had one.

        Raises:
            SpecError: if it has none, or ``width`` is another than 1 and it takes none.
        """
        network = self.bare(input_shape, num_classes, width, **settings)
        with warnings.catch_warnings():
            # They are noted.
            warnings.simplefilter("ignore", ModelWarning)
            report = swap(
                network,
                layers.activation,
                example=torch.zeros(2, *input_shape),
                init="gain" if layers.scales_weights else "keep",
            )
        if not report.replaced:
            raise SpecError(self._refusal(report))
        layers.swapped.extend(site.name for site in report.replaced)
        notes = (*map(str, report.missed), *report.warnings)
        layers.notes.extend(f"model {self.level}: {note}" for note in notes)
        return network

    def bare(
        self, input_shape: tuple[int, int, int], num_classes: int, width: float, **settings: Any
    ) -> nn.Module:
        """A new network as it is made, on torch's default device.

        Grey images come to it as three equal channels if it takes no number of channels and does
        not run on one.
        """
        takes = {p.name for p in parameters_of(self.make) if p.kind in BY_NAME}
        if width != 1 and "width" not in takes:
            raise SpecError(
                f"width={width:g}: model {self.level} takes no width; leave it out, or give the "
                "network a parameter `width` that multiplies its channels"
            )
        channels = input_shape[0]
        values = (num_classes, channels, channels, width)
        offered = dict(zip(OFFERED, values, strict=True))
        network = self.make(**{name: offered[name] for name in takes & offered.keys()}, **settings)
        if not isinstance(network, nn.Module):
            raise SpecError(
                f"model {self.level} made a {type(network).__name__}; expected an nn.Module"
            )
        example_NCHW = torch.zeros(2, *input_shape)
        is_fixed = takes.isdisjoint(("in_channels", "in_chans"))
        # What runs on neither number of channels says why on the images that it is given.
        needs_three = is_fixed and channels == 1 and not _runs(network, example_NCHW)
        if needs_three and _runs(network, example_NCHW.expand(-1, 3, -1, -1)):
            network.register_forward_pre_hook(in_three_channels)
        if any(is_lazy(value) for value in network.parameters()):
            _evaluate(network, example_NCHW)
        return network

    def _refusal(self, report: SwapReport) -> str:
        """Why a network is refused in which the activation asked for would stand nowhere."""
        why = "; ".join(map(str, report.missed[:_MOST_NAMED])) or (
            f"`actwise audit {self.level}` lists what was seen to run"
        )
        return (
            f"model {self.level} has no activation that {report.level} could replace, so that all "
            f"levels of activation would train the same network: {why}"
        )


def in_three_channels(network: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    """A hook that repeats grey images: (N, 1, H, W) -> (N, 3, H, W)."""
    return inputs[0].expand(-1, 3, -1, -1)


def _runs(network: nn.Module, example_NCHW: Tensor) -> bool:
    try:
        _evaluate(network, example_NCHW)
    except Exception:  # of a user's network, whatever it is
        return False
    return True


@torch.no_grad()
def _evaluate(network: nn.Module, example_NCHW: Tensor) -> None:
    """A forward pass in evaluation mode, which changes no running statistics."""
    modes = {module: module.training for module in network.modules()}
    try:
        network.eval()(example_NCHW)
    finally:
        for module, mode in modes.items():
            module.training = mode
