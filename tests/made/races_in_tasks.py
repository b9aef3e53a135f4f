"""Trainings and activations that a race meets."""

from collections.abc import Iterator

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


def explodes(x: Tensor) -> Tensor:
    return torch.exp(x.abs() * 1e4)
