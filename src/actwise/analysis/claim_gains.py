"""What augmentation adds to each activation, in the words of the claims: mu(1) - mu(0)."""

from .contrasts import combine
from .inference import Weights
from .wording import Wording


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
