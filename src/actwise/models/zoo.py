"""Networks of torchvision and timm by their names, with weights of their own making only."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from ..errors import SpecError, UnknownNameError
from ..registry import Level, parse_level
from ..usercode import PACKAGES, import_package

_OF_TRAINED_WEIGHTS = (
    "weights",
    "weights_backbone",
    "pretrained",
    "pretrained_cfg",
    "pretrained_cfg_overlay",
    "checkpoint_path",
    "cache_dir",
)


def is_of_package(level: Level) -> bool:
    """Whether a level begins with a reserved prefix, as ``timm:resnet10t`` does."""
    return _package(level) in PACKAGES


def import_package_of(model: str) -> None:
    """Import the package of a level with a reserved prefix, for all forks of this process.

    Raises:
        SpecError: if the level is none, or its package is not installed.
    """
    level = parse_level(model, kind="model")
    if is_of_package(level):
        import_package(_package(level))


def package_network(level: Level, *, kind: str) -> Callable[..., nn.Module]:
    """What makes the networks of a level; it takes ``num_classes``, of timm ``in_chans`` too.

    The name is looked up in the package's own list of classifiers, never in a hub or a folder.

    Raises:
        SpecError: if the package is not installed, knows no such name, or trained weights are
            asked for.
    """
    package, _, name = level.name.partition(":")
    for argument, _ in level.kwargs:
        if argument in _OF_TRAINED_WEIGHTS:
            raise SpecError(
                f"{kind} {level}: {argument} is refused; a network is trained from its initial "
                "weights, never from pretrained ones"
            )
    module: Any = import_package(package)
    is_timm = package == "timm"
    known = module.list_models() if is_timm else module.models.list_models(module=module.models)
    if name not in known:
        raise UnknownNameError(f"{package} network", name, known)
    return _timm_network(name, module) if is_timm else _torchvision_network(name, module)


def _torchvision_network(name: str, torchvision: Any) -> Callable[..., nn.Module]:
    def make(*, num_classes: int, **settings: Any) -> nn.Module:
        with warnings.catch_warnings():
            # Some announce that one day they will draw their weights otherwise.
            warnings.simplefilter("ignore", FutureWarning)
            build = torchvision.models.get_model
            return _called(build, name, settings, weights=None, num_classes=num_classes)

    return make


def _timm_network(name: str, timm: Any) -> Callable[..., nn.Module]:
    def make(*, num_classes: int, in_chans: int, **settings: Any) -> nn.Module:
        fixed = {"pretrained": False, "num_classes": num_classes, "in_chans": in_chans}
        return _called(timm.create_model, name, settings, **fixed)

    return make


def _called(
    build: Callable[..., nn.Module], name: str, settings: Mapping[str, Any], **fixed: Any
) -> nn.Module:
    """A new network.

    Raises:
        SpecError: if it takes one of the settings not.
    """
    try:
        return build(name, **fixed, **settings)
    except TypeError as error:
        refused = [key for key in settings if f"unexpected keyword argument '{key}'" in str(error)]
        if not refused:
            raise
        raise SpecError(f"network {name} takes no argument {refused[0]}: {error}") from error


def _package(level: Level) -> str:
    return level.name.partition(":")[0]
