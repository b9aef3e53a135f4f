"""What the table of models holds, and a level bound to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from ..errors import SpecError
from ..registry import Level, Parameter, Registry, bind, canonical, parse_level
from ..usercode import code_digest, load_user_object, user_arguments, user_level
from .layers import LayerFactory

KIND = "model"
Build = Callable[..., nn.Module]
"""Called with (layers, input_shape, num_classes, width) and a model's settings by name."""


@dataclass(frozen=True)
class NetworkEntry:
    """One line of the table.

    Attributes:
        name: As written in a level.
        description: What it is, in a few words.
        source: Where it comes from.
        build: Makes the network.
        parameters: What a level may set.
        fixed: What the name sets.
    """

    name: str
    description: str
    source: str
    build: Build
    parameters: tuple[Parameter, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)


MODELS: Registry[NetworkEntry] = Registry(KIND)


def register(
    name: str,
    description: str,
    source: str,
    build: Build,
    *parameters: Parameter,
    **fixed: Any,
) -> None:
    """Add one line to the table."""
    MODELS.add(NetworkEntry(name, description, source, build, parameters, fixed))


@dataclass(frozen=True)
class BoundModel:
    """A level of the factor: a network up to its layers and its sizes.

    Attributes:
        canonical: The one text of the level; ``resnet(depth=20)`` is ``resnet20``.
        code_digest: The digest of the code of a user's own.
    """

    canonical: str
    make: Build
    settings: Mapping[str, Any] = field(default_factory=dict)
    code_digest: str | None = None

    def build(
        self,
        layers: LayerFactory,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        width: float,
    ) -> nn.Module:
        """A new network with torch's own initial weights.

        Raises:
            SpecError: if a user's code makes something else, or a setting makes no network.
        """
        network = self.make(layers, input_shape, num_classes, width, **self.settings)
        if not isinstance(network, nn.Module):
            raise SpecError(
                f"{KIND} {self.canonical} made a {type(network).__name__}; expected an nn.Module"
            )
        return network


def resolve(text: str) -> BoundModel:
    """The model of a level such as ``resnet18(post_add=off)`` or ``package.module:build``.

    Raises:
        SpecError: if there is no such model or it does not take the arguments.
    """
    level = parse_level(text, kind=KIND)
    if level.is_user_code:
        return _bind_user_model(level)
    entry = MODELS[level.name]
    arguments = bind(level, entry.parameters, kind=KIND)
    settings = {**entry.fixed, **arguments}
    return BoundModel(_canonical(entry, settings), entry.build, settings)


def _bind_user_model(level: Level) -> BoundModel:
    digest = code_digest(level, kind=KIND)
    make = load_user_object(level, kind=KIND)
    if not callable(make):
        raise SpecError(f"{KIND} {level} is a {type(make).__name__}; expected a function")
    arguments = user_arguments(make, level, kind=KIND, leading=4)
    return BoundModel(user_level(level, arguments), make, arguments, digest)


def _canonical(entry: NetworkEntry, settings: Mapping[str, Any]) -> str:
    """The name that says most of ``settings``, and the rest as arguments."""
    same = [
        other
        for other in MODELS.values()
        if other.build is entry.build
        and other.fixed.keys() | {p.name for p in other.parameters} == settings.keys()
        and other.fixed.items() <= settings.items()
    ]
    most = max(same, key=lambda other: len(other.fixed))
    return canonical(most.name, settings, most.parameters)
