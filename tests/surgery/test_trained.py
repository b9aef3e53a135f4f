"""A swap under weights that look trained is no neutral change, and says by what they look so."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn

import actwise as aw
from actwise.errors import ModelWarning

X = torch.randn(2, 40, generator=torch.Generator().manual_seed(0))


def made() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Linear(40, 40), nn.LayerNorm(40), nn.ReLU(), nn.Linear(40, 40), nn.Linear(40, 40)]
    return nn.Sequential(*layers)


def has_gradients(model: nn.Sequential) -> None:
    model(X).sum().backward()


def has_scales(model: nn.Sequential) -> None:
    with torch.no_grad():
        model[1].weight[0] = 1.5


def has_heavy_tails(model: nn.Sequential, *, layers: tuple[int, ...] = (0, 4)) -> None:
    with torch.no_grad():
        for number in layers:
            model[number].weight.pow_(5)


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        (has_gradients, "parameters have gradients"),
        (has_scales, "the scales of 1 differ"),
        (has_heavy_tails, "most layers have weights with heavy tails"),
    ],
)
def test_each_sign_of_training_is_said(change: Callable[[nn.Sequential], None], sign: str) -> None:
    model = made()
    change(model)
    said = (
        f"the weights look trained ({sign}); they were fitted to the old activations, so train on "
        "or start from new weights before comparing"
    )
    with pytest.warns(ModelWarning) as caught:
        report = aw.swap(model, "elu", example=X)
    assert report.warnings == (said,)
    assert [str(warning.message) for warning in caught] == [said]


@pytest.mark.parametrize(
    "change",
    [
        lambda model: None,
        lambda model: has_heavy_tails(model, layers=(0,)),
        lambda model: nn.init.constant_(model[1].weight, 0.5),
        lambda model: nn.init.zeros_(model[4].weight),
    ],
    ids=["new", "one heavy layer", "one scale for all", "a layer of zeros"],
)
def test_new_weights_look_new(change: Callable[[nn.Sequential], object]) -> None:
    model = made()
    change(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert aw.swap(model, "elu", example=X).warnings == ()


def test_weights_without_values_show_no_sign() -> None:
    model = made()
    has_gradients(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert aw.swap(model.to("meta"), "elu", example=X.to("meta")).warnings == ()
