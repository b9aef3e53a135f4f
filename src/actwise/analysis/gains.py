"""What augmentation adds to each activation: the mean over data sets and networks of r=1 - r=0."""

from dataclasses import dataclass

from .contrasts import combine
from .estimate import Estimate
from .evidence import Evidence
from .inference import Weights
from .wording import Wording


@dataclass(frozen=True)
class Gain:
    """The mean gain of one activation, in points, under the shown model."""

    activation: str
    estimate: Estimate


def augmentation_gains(evidence: Evidence) -> tuple[Gain, ...]:
    """Gains of all activations that were run at every pair of conditions; empty without pairs."""
    wording = Wording(evidence.model.factors, evidence.model.cells)
    if not wording.can_be_read or not gain_pairs(wording):
        return ()
    place = wording.factors.index("activation")
    rows = []
    for activation in dict.fromkeys(cell[place] for cell in wording.cells):
        weights = mean_gain(wording, activation)
        if not evidence.model.missing(weights):
            name = f"gain of {activation}"
            rows.append(Gain(activation, evidence.model.contrast(weights, name=name)))
    return tuple(rows)


def gain_pairs(wording: Wording) -> list[tuple[str, str]]:
    """(data set, network) that the study has with or without augmentation, one of V and S."""
    return list(dict.fromkeys((group.dataset, group.network) for group in wording.groups()))


def gain(wording: Wording, dataset: str, network: str, activation: str) -> Weights:
    """mu(1) - mu(0) of one activation in one (data set, network)."""
    augmented = wording.mu(dataset, network, 1, activation)
    return combine((1.0, augmented), (-1.0, wording.mu(dataset, network, 0, activation)))


def mean_gain(wording: Wording, activation: str) -> Weights:
    """A(a): the mean gain over the pairs."""
    pairs = gain_pairs(wording)
    return combine(*((1 / len(pairs), gain(wording, *pair, activation)) for pair in pairs))
