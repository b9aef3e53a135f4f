"""What the table of models holds, and a level bound to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import nn

from ..errors import SpecError, UnknownNameError
from ..registry import Level, Parameter, Registry, bind, canonical, parse_level
from ..regularization import OWN, Regularization
from ..usercode import code_digest, load_user_object, user_arguments, user_level
from .layers import LayerFactory
from .own import OFFERED, OwnNetwork, is_builder
from .zoo import is_of_package, package_network

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
        code_digest: The digest of the code of a user's own, or of a package.
    """

    canonical: str
    make: Build
    settings: Mapping[str, Any] = field(default_factory=dict)
    code_digest: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether the network brings its own layers, in which activations are swapped."""
        return isinstance(self.make, OwnNetwork)

    def regularized(self, level: Regularization) -> Regularization:
        """The level as this model has it: a network that brings its own layers keeps them.

        Raises:
            SpecError: if it is the other kind of network that could have this level.
        """
        if not self.is_own and level.is_own:
            raise SpecError(
                f"regularization {level.canonical}: {OWN} means the norms and dropout of a network "
                f"that brings its own layers; {KIND} {self.canonical} is built of ours: write "
                "none, bn, bn+dropout ..."
            )
        layered = [part.canonical for part in level.parts if part.is_in_layers]
        if self.is_own and layered:
            raise SpecError(
                f"regularization {level.canonical}: {KIND} {self.canonical} brings its own layers, "
                f"which {' and '.join(layered)} would change; write {OWN}, with parts that act on "
                f"images and labels if you like ({OWN}+aug)"
            )
        return replace(level, is_own=self.is_own)

    def bare(
        self,
        layers: LayerFactory,
        *,
        input_shape: tuple[int, int, int],
        num_classes: int,
        width: float,
    ) -> nn.Module:
        """As :meth:`build`, but a network with its own layers keeps its own activations too."""
        if isinstance(self.make, OwnNetwork):
            return self.make.bare(input_shape, num_classes, width, **self.settings)
        return self.build(layers, input_shape=input_shape, num_classes=num_classes, width=width)

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
    """The model of a level: ``resnet18(post_add=off)``, ``package.module:Name``, ``timm:NAME``.

    Raises:
        SpecError: if there is no such model or it does not take the arguments.
    """
    level = parse_level(text, kind=KIND)
    if level.is_user_code:
        return _bind_user_model(level)
    if level.name not in MODELS:
        module, _, name = level.name.rpartition(".")
        hint = f"did you mean {module}:{name}?" if module else f"such as my_file:{name}"
        other = f"one of your own is written with its module, module:Name, {hint}"
        raise UnknownNameError(KIND, level.name, MODELS, other=other)
    entry = MODELS[level.name]
    arguments = bind(level, entry.parameters, kind=KIND)
    settings = {**entry.fixed, **arguments}
    return BoundModel(_canonical(entry, settings), entry.build, settings)


def _bind_user_model(level: Level) -> BoundModel:
    if is_of_package(level):
        return _own(package_network(level, kind=KIND), level)
    make = load_user_object(level, kind=KIND)
    if isinstance(make, nn.Module):
        raise SpecError(
            f"{KIND} {level} is one network, and every run needs a new one; name its class, or a "
            "function that makes it"
        )
    if not callable(make):
        raise SpecError(f"{KIND} {level} is a {type(make).__name__}; expected a function or class")
    if not is_builder(make, level):
        return _own(make, level)
    arguments = user_arguments(make, level, kind=KIND, leading=4)
    digest = code_digest(level, kind=KIND)
    return BoundModel(user_level(level, arguments), make, arguments, digest)


def _own(make: Callable[..., Any], level: Level) -> BoundModel:
    arguments = user_arguments(make, level, kind=KIND, reserved=OFFERED)
    name = user_level(level, arguments)
    return BoundModel(name, OwnNetwork(name, make), arguments, code_digest(level, kind=KIND))


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
