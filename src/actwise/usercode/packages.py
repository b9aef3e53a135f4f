"""Packages whose networks are levels by their names: ``torchvision:resnet18``, ``timm:resnet10t``.

Their names are reserved as prefixes. What enters a run's id is the package's version, not the
statements of its thousand files.
"""

import importlib
import sys
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

from ..errors import SpecError

PACKAGES = ("torchvision", "timm")

_NAMES_OF_MISSING_OPERATIONS = ("nms", "qnms")
_BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# Kept alive: the declarations end with it.
_declared: list[object] = []


def package_version(name: str) -> str:
    """The version of an installed package, without the name of a build such as ``+cpu``.

    Raises:
        SpecError: if it is not installed.
    """
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        raise SpecError(
            f"{name} is not installed; pip install 'actwise[zoo]' (by itself pip may replace torch)"
        ) from None


def import_package(name: str) -> ModuleType:
    """The module of one of :data:`PACKAGES`; torch comes with it.

    Raises:
        SpecError: if it is not installed.
    """
    package_version(name)
    # timm imports torchvision.
    _import_torchvision()
    return importlib.import_module(name)


def _import_torchvision() -> None:
    """Import torchvision, also beside a torch for which its compiled part was not built.

    It then stumbles over two operations of its own on boxes that nobody has declared. No classifier
    uses them.
    """
    try:
        importlib.import_module("torchvision")
        return
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for module in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[module]
    import torch

    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in _NAMES_OF_MISSING_OPERATIONS:
        library.define(f"{name}{_BOXES}")
    _declared.append(library)
    importlib.import_module("torchvision")
