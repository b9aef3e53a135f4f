"""Which networks the zoo holds: all classifiers of torchvision, one architecture of each of timm's.

They are built as these packages build them, with weights of their own drawing and never trained
ones.
"""

import warnings
from typing import NamedTuple

import torch
from torch import nn

from actwise.usercode import import_package

_SMALL = ("atto", "femto", "pico", "nano", "xxs", "xxtiny", "tiny", "mini", "xs", "small")


class Entry(NamedTuple):
    """A network by its package and its name, such as ``timm`` and ``resnet10t``."""

    package: str
    name: str

    def __str__(self) -> str:
        return f"{self.package}:{self.name}"


def classifiers() -> list[Entry]:
    """Every classifier of torchvision that is not quantized."""
    models = import_package("torchvision").models
    return [Entry("torchvision", name) for name in models.list_models(module=models)]


def families() -> list[Entry]:
    """One architecture of each module of timm's: the first of those that call themselves small."""
    timm = import_package("timm")
    found = []
    for family in timm.list_modules():
        names = [name for name in timm.list_models(module=family) if not name.startswith("test_")]
        if names:
            found.append(Entry("timm", min(names, key=lambda name: (_rank(name), name))))
    return found


def build(entry: Entry, *, device: str) -> tuple[nn.Module, int]:
    """A new network and the side of the images that it takes."""
    module = import_package(entry.package)
    with warnings.catch_warnings(), torch.device(device):
        warnings.simplefilter("ignore")  # of weights that are drawn otherwise some day
        if entry.package == "torchvision":
            return module.models.get_model(entry.name, weights=None), 224
        network = module.create_model(entry.name, pretrained=False)
    return network, network.default_cfg["input_size"][-1]


def _rank(name: str) -> int:
    parts = name.split("_")
    return next((k for k, word in enumerate(_SMALL) if word in parts), len(_SMALL))
