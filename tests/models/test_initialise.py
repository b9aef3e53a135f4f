"""Initial weights: functions of seed and name, equal wherever two networks share a parameter."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from actwise import activations
from actwise.models import build_network, initialise
from actwise.spec import RunSpec

SOURCE = """
import torch
from torch import nn


def bump(x):
    return x * torch.exp(-x * x)


class Noisy(nn.Module):
    def __init__(self, num_features, num_classes):
        super().__init__()
        self.scales = nn.Parameter(torch.randn(num_features))
        self.norm = nn.LayerNorm(num_features)
        self.head = nn.Linear(num_features, num_classes)

    def forward(self, x_NCHW):
        return self.head(self.norm(x_NCHW.flatten(1)) * self.scales)


def build(layers, input_shape, num_classes, width):
    return Noisy(input_shape[0] * input_shape[1] * input_shape[2], num_classes)
"""


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "users_initial_weights"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def network_of(
    model: str,
    *,
    activation: str = "relu",
    regularization: str = "bn",
    seed: int = 0,
    init: Literal["he", "gain"] = "he",
    width: float = 0.25,
) -> nn.Module:
    spec = RunSpec(
        dataset="cifar10",
        model=model,
        regularization=regularization,
        activation=activation,
        width=width,
        seed=seed,
    )
    network = build_network(spec, input_shape=(3, 32, 32), num_classes=10)
    initialise(network, seed=seed, init=init, gain=activations.gain(activation))
    return network


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    kinds = (nn.Conv2d, nn.Linear)
    return {n: m.weight.detach() for n, m in network.named_modules() if isinstance(m, kinds)}


def assert_shared(one: nn.Module, other: nn.Module, *, num_shared: int) -> None:
    first, second = weights_of(one), weights_of(other)
    shared = first.keys() & second.keys()
    assert len(shared) == num_shared
    for name in shared:
        assert torch.equal(first[name], second[name]), name


def test_a_residual_network_and_its_plain_one_start_equal() -> None:
    assert_shared(network_of("resnet18"), network_of("plain18"), num_shared=18)
    assert_shared(network_of("resnet20"), network_of("plain20"), num_shared=20)


def test_networks_of_different_depth_share_the_layers_that_both_have() -> None:
    assert_shared(network_of("vgg16"), network_of("vgg16-table1"), num_shared=13)


@pytest.mark.parametrize("activation", ["elu", "prelu", "rrelu"])
def test_activations_share_their_initial_weights(activation: str) -> None:
    one, other = network_of("vgg16-table1"), network_of("vgg16-table1", activation=activation)
    assert_shared(one, other, num_shared=13)


def test_a_users_activation_shares_the_initial_weights(user_module: str) -> None:
    other = network_of("resnet18", activation=f"{user_module}:bump")
    assert_shared(network_of("resnet18"), other, num_shared=21)


@pytest.mark.parametrize("level", ["none", "gn+dropout", "dropconnect(0.5)+flip"])
def test_regularizations_share_their_initial_weights(level: str) -> None:
    one, other = network_of("vgg16-table1"), network_of("vgg16-table1", regularization=level)
    assert_shared(one, other, num_shared=13)


def test_seeds_and_layers_have_weights_of_their_own() -> None:
    first, second = weights_of(network_of("resnet18")), weights_of(network_of("resnet18", seed=1))
    assert all(not torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["res1.0.conv1"], first["res1.0.conv2"])


def test_weights_do_not_depend_on_memory_format_or_global_generator() -> None:
    torch.manual_seed(1)
    one = network_of("convnet")
    torch.manual_seed(2)
    other = network_of("convnet")
    other.to(memory_format=torch.channels_last)
    initialise(other, seed=0, init="he", gain=1.0)
    assert_shared(one, other, num_shared=4)


def test_building_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    network_of("convnet")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("init", "activation", "gain"),
    [("he", "elu", math.sqrt(2)), ("gain", "elu", 1.2452), ("gain", "relu", math.sqrt(2))],
)
def test_the_standard_deviation_is_gain_over_root_fan_in(
    init: Literal["he", "gain"], activation: str, gain: float
) -> None:
    network = network_of("vgg16", activation=activation, init=init, width=0.5)
    for weight in weights_of(network).values():
        if weight.numel() > 100_000:
            expected = gain / math.sqrt(weight[0].numel())
            assert weight.std().item() == pytest.approx(expected, rel=0.01)
            assert abs(weight.mean().item()) < 0.01 * expected + 1e-3


def test_biases_are_zero_and_norms_are_the_identity() -> None:
    for level in ("none", "bn", "gn"):
        for name, parameter in network_of("convnet", regularization=level).named_parameters():
            if name.endswith("bias"):
                assert not parameter.any()
            elif "norm" in name:
                assert torch.all(parameter == 1)


def test_what_a_users_model_draws_itself_follows_the_seed(user_module: str) -> None:
    model = f"{user_module}:build"
    torch.manual_seed(5)
    first = network_of(model)
    torch.manual_seed(6)
    again, other = network_of(model), network_of(model, seed=1)
    assert torch.equal(first.get_parameter("scales"), again.get_parameter("scales"))
    assert not torch.equal(first.get_parameter("scales"), other.get_parameter("scales"))
    assert_shared(first, again, num_shared=1)
