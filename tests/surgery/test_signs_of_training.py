"""From where on weights look trained, and which of several signs of it is said."""

import warnings

import pytest
import torch
from torch import nn

import actwise as aw
from actwise.errors import ModelWarning

X = torch.randn(2, 40, generator=torch.Generator().manual_seed(0))


def made(rows: int = 25) -> nn.Sequential:
    """Layers of 40 times so many weights."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(40, rows), nn.ReLU(), nn.Linear(rows, 40))


def with_kurtosis(layer: nn.Linear, excess: float) -> None:
    """Weights of 0, of 1 and of -1, of which so many are not 0 as give that excess."""
    with torch.no_grad():
        weight = layer.weight.view(-1)
        number = round(len(weight) / (excess + 3) / 2) * 2
        weight.zero_()
        weight[: number // 2], weight[number // 2 : number] = 1.0, -1.0


def signs(model: nn.Module) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        said = aw.swap(model, "elu", example=X).warnings
    return [text.partition("(")[2].partition(")")[0] for text in said]


HEAVY = ["most layers have weights with heavy tails"]


@pytest.mark.parametrize(("excess", "found"), [(0.8, []), (0.95, []), (1.05, HEAVY), (1.3, HEAVY)])
def test_tails_are_heavy_above_an_excess_kurtosis_of_one(excess: float, found: list[str]) -> None:
    model = made()
    for layer in (model[0], model[2]):
        assert isinstance(layer, nn.Linear)
        with_kurtosis(layer, excess)
    assert signs(model) == found


@pytest.mark.parametrize(("rows", "found"), [(24, []), (25, HEAVY)])
def test_layers_of_a_thousand_weights_count(rows: int, found: list[str]) -> None:
    model = made(rows)
    for layer in (model[0], model[2]):
        assert isinstance(layer, nn.Linear)
        with_kurtosis(layer, 3.0)
    assert signs(model) == found


def test_layers_of_a_mean_apart_from_zero_are_no_sign_of_their_own() -> None:
    model = made()
    with torch.no_grad():
        for layer in (model[0], model[2]):
            layer.weight += 50.0  # type: ignore[operator]
    assert signs(model) == []


def test_convolutions_count_like_linear_layers() -> None:
    model = nn.Sequential(nn.Unflatten(1, (10, 2, 2)), nn.Conv2d(10, 100, 1), nn.ReLU())
    with torch.no_grad():
        weight = model[1].weight.view(-1)  # type: ignore[operator]
        weight.zero_()
        weight[:50] = 1.0
    assert signs(model) == HEAVY


def test_the_first_sign_is_said_alone() -> None:
    layers = (nn.Linear(40, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.LayerNorm(40))
    model = nn.Sequential(*layers, nn.Linear(40, 40))
    with torch.no_grad():
        model[3].weight[0] = 2.0  # type: ignore[operator,index]
    assert signs(model) == ["the scales of 3 differ"]
    model[1].running_mean[5] = 0.1  # type: ignore[operator,index]
    assert signs(model) == ["1 has running statistics"]
    model[4].bias.grad = torch.zeros(40)  # type: ignore[union-attr]
    assert signs(model) == ["parameters have gradients"]
