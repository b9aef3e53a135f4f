"""What augmentation adds to each activation: with minus without, all else equal."""

from dataclasses import dataclass

from ..model import Estimate, Model, Weights
from ..table import Cell, is_augmented, without_augmentation


@dataclass(frozen=True)
class Gain:
    """The mean gain of one activation, on the scale of the model."""

    activation: str
    estimate: Estimate


def augmentation_gains(model: Model) -> tuple[Gain, ...]:
    """Gains of the activations that were run in every pair of settings; empty without pairs.

    A pair is settings that differ in augmentation alone; the mean over all pairs with equal
    weights, whatever the data sets and networks.
    """
    if not {"regularization", "activation"} <= set(model.factors):
        return ()
    place = model.factors.index("activation")
    settings = _signed_settings(model)
    rows = []
    for activation in model.observed.levels_of("activation"):
        weights: Weights = {
            (*setting[:place], activation, *setting[place + 1 :]): weight
            for setting, weight in settings.items()
        }
        if weights and not model.missing(weights):
            rows.append(Gain(activation, model.contrast(weights, name=f"gain of {activation}")))
    return tuple(rows)


def _signed_settings(model: Model) -> dict[Cell, float]:
    """Weights of the settings of all pairs; the activation is left open ("")."""
    groups: dict[Cell, dict[bool, dict[Cell, None]]] = {}
    for cell in model.cells:
        levels = dict(zip(model.factors, cell, strict=True)) | {"activation": ""}
        level = levels["regularization"]
        alike = tuple((levels | {"regularization": without_augmentation(level)}).values())
        sides = groups.setdefault(alike, {True: {}, False: {}})
        sides[is_augmented(level)][tuple(levels.values())] = None
    pairs = [sides for sides in groups.values() if all(sides.values())]
    return {
        setting: (1.0 if augmented else -1.0) / len(side) / len(pairs)
        for sides in pairs
        for augmented, side in sides.items()
        for setting in side
    }
