"""The scale of the claims: trained networks.

Width 1, all training images, and at least 100 epochs or a plateau schedule. Smaller trainings are
judged with their scale said.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..table.conditions import as_number
from ..table.observations import Cell, Observations

_LEAST_EPOCHS = 100
_NONE = ("", "None", "none", "all", None)
"""How a level or setting says that all images are used."""


def settings_of(observed: Observations, cell: Cell) -> Mapping[str, Any]:
    """What is known of a cell's settings: its levels, and what all runs share."""
    return {**observed.scope, **dict(zip(observed.factors, cell, strict=True))}


def is_trained(observed: Observations, cell: Cell) -> bool | None:
    """Whether a cell is at the scale of the claims; None where width or epochs are unknown."""
    settings = settings_of(observed, cell)
    if settings.get("train.schedule") == "plateau":
        is_long: bool | None = True
    else:
        epochs = settings.get("train.epochs")
        is_long = None if epochs is None else as_number(epochs) >= _LEAST_EPOCHS
    width = settings.get("width")
    is_wide = None if width is None else as_number(width) == 1.0
    uses_all = settings.get("train.train_size") in _NONE
    if is_long is False or is_wide is False or not uses_all:
        return False
    return None if is_long is None or is_wide is None else True


def are_trained(observed: Observations, cells: Iterable[Cell]) -> bool | None:
    """Whether all cells are at the scale of the claims: false if one is not, None if unknown."""
    found = {is_trained(observed, cell) for cell in cells}
    if False in found:
        return False
    return None if None in found or not found else True
