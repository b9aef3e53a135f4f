"""The activation that a training function is given works in plain PyTorch."""

import copy
import io
from functools import partial

import pytest
import torch
from torch import Tensor, nn

import actwise as aw
from actwise.activations import ACTIVATIONS
from actwise.errors import SpecError

X_NCHW = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_trains_in_a_plain_network(name: str) -> None:
    activation = aw.TaskActivation(name)
    model = nn.Sequential(activation(channels=3), nn.Flatten(), nn.Linear(75, 2))
    model(X_NCHW).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model = copy.deepcopy(model).eval()
    assert torch.equal(model(X_NCHW), model(X_NCHW))
    torch.save(model, io.BytesIO())
    # Neither the number of images nor their size is fixed.
    activation(channels=3)(torch.randn(2, 3, 7, 7))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_channels_are_asked_for_where_parameters_need_them(name: str) -> None:
    activation = aw.TaskActivation(name)
    shapes = [[p.shape for p in activation(channels=c).parameters()] for c in (1, 2)]
    if shapes[0] == shapes[1]:
        for made in (activation(), aw.activation(name)):
            assert [p.shape for p in made.parameters()] == shapes[0]
        return
    for make in (activation, partial(aw.activation, name)):
        with pytest.raises(SpecError, match=r"call it with channels=N"):
            make()


def test_every_call_makes_a_module_of_its_own() -> None:
    activation = aw.TaskActivation("prelu")
    assert activation(channels=2) is not activation(channels=2)


def test_its_text_is_the_level() -> None:
    activation = aw.TaskActivation("elu(0.5)")
    assert [str(activation), f"{activation:>9}"] == ["elu(0.5)", " elu(0.5)"]


@pytest.mark.parametrize("channels", [0, -1, True])
def test_channels_that_are_none_are_refused(channels: int) -> None:
    with pytest.raises(SpecError, match="channels="):
        aw.TaskActivation("relu")(channels=channels)


@pytest.mark.parametrize("is_training", [True, False])
def test_rrelu_takes_its_input_by_name(is_training: bool) -> None:
    module = aw.TaskActivation("rrelu")().train(is_training)
    x = torch.full((3, 5), -1.0)
    torch.manual_seed(0)
    by_name = module(x=x)
    torch.manual_seed(0)
    assert torch.equal(by_name, module(x))
    with pytest.raises(TypeError, match="missing 1 required"):
        module()


def test_rrelu_draws_from_torchs_generator_in_training_alone() -> None:
    module = aw.TaskActivation("rrelu")()
    torch.manual_seed(0)
    first, second = module(-X_NCHW.abs()), module(-X_NCHW.abs())
    torch.manual_seed(0)
    again = module(-X_NCHW.abs())
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert torch.equal(module.eval()(X_NCHW), module(X_NCHW))


class DrawsItsSlope(nn.Module):
    """A user's activation whose constructor draws."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.rand(1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.slope


def test_a_module_that_draws_draws_once_for_a_place() -> None:
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    module = aw.TaskActivation(f"{__name__}:DrawsItsSlope")()
    assert torch.equal(torch.cat([*module.parameters(), torch.rand(1)]), expected)
