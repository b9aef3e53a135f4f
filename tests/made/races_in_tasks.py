"""Trainings and activations that a race meets."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from actwise import TaskActivation


def scores(
    activation: TaskActivation, seed: int, epochs: int, fold: int
) -> Iterator[dict[str, float]]:
    """What the fold and the length decide."""
    better = {"relu": 0.0, "elu": 3.0}[str(activation)]
    for epoch in range(epochs):
        yield {"accuracy": 50.0 + epoch + better + fold + seed / 10}


def errors(activation: TaskActivation, seed: int, epochs: int) -> float:
    """An error rate; it takes no fold."""
    return {"relu": 30.0, "elu": 20.0}[str(activation)] + 5.0 / epochs


def raises(activation: TaskActivation, seed: int, epochs: int) -> float:
    """Code that is wrong."""
    raise ValueError("on purpose")


class Explodes(nn.Module):
    """Its loss is no number."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x * 1e4)


def lost(activation: TaskActivation, seed: int, epochs: int, fold: int) -> float:
    """An accuracy, of which one activation has none."""
    return {"relu": 0.0, "elu": 60.0}[str(activation)]


def all_wrong(activation: TaskActivation, seed: int, epochs: int) -> float:
    """An error rate, the highest of all for one activation."""
    return {"relu": 99.5, "elu": 40.0}[str(activation)]


def fractions(activation: TaskActivation, seed: int, epochs: int) -> float:
    """An accuracy that is no percentage."""
    return {"relu": 0.93, "elu": 0.95}[str(activation)]


def now_and_then_fractions(activation: TaskActivation, seed: int, epochs: int) -> float:
    """An accuracy that is a fraction of one activation, and a percentage of the other."""
    return {"relu": 90.0, "elu": 0.91}[str(activation)]


def wrong_fractions(activation: TaskActivation, seed: int, epochs: int) -> float:
    """An error rate that is no percentage."""
    return {"relu": 0.09, "elu": 0.07}[str(activation)]


def points(activation: TaskActivation, seed: int, epochs: int) -> float:
    """More than there are percents."""
    return 250.0


def below(activation: TaskActivation, seed: int, epochs: int) -> float:
    """Less than nothing."""
    return -3.0


def says_more(activation: TaskActivation, seed: int, epochs: int) -> float:
    """Code that is wrong, and whose complaint has lines."""
    raise ValueError("too large\nhint: none")


def too_large(activation: TaskActivation, seed: int, epochs: int) -> float:
    """Never finds the memory that it needs."""
    raise MemoryError


def at_first_too_large(activation: TaskActivation, seed: int, epochs: int) -> float:
    """Finds the memory that it needs when it is tried again in the same folder."""
    if _is_first(activation, seed, epochs):
        raise MemoryError
    return {"relu": 50.0, "elu": 60.0}[str(activation)]


def at_first_wrong(activation: TaskActivation, seed: int, epochs: int) -> float:
    """Code that is put right after each try of a training in this folder."""
    if _is_first(activation, seed, epochs):
        raise ValueError("on purpose")
    return {"relu": 50.0, "elu": 60.0}[str(activation)]


def _is_first(*training: object) -> bool:
    marker = Path("-".join(map(str, ("tried", *training))))
    is_first = not marker.exists()
    marker.touch()
    return is_first
