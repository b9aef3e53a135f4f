"""Every model of the table: its size, its stages, the inputs it takes, a step of training."""

import math
import re

import pytest
import torch
from torch import nn

from actwise import activations, regularization
from actwise.errors import SpecError
from actwise.models import MODELS, LayerFactory, initialise, resolve
from actwise.models.footprint import Footprint, footprint
from actwise.rng import Stochastic

Shape = tuple[int, int, int]
CIFAR: Shape = (3, 32, 32)
EXACT_PARAMETERS = {
    "vgg16": 14_724_042,
    "vgg16-table1": 12_363_722,
    "resnet18": 11_173_962,
    "resnet18-table2": 11_178_186,
    "plain18": 11_000_138,
    "plain18-table2": 11_000_138,
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "resnet(depth=1202)": 19_421_274,
    "plain20": 269_722,
    "plain32": 464_154,
    "plain56": 853_018,
    "plain110": 1_727_962,
    "plain(depth=1202)": 19_421_274,
}
MEGA_MACS = {"resnet18": 555.4, "resnet18-table2": 141.2, "vgg16": 313.2, "vgg16-table1": 303.8}
STAGES = {
    "vgg16-table1": {
        "conv1": (64, 32, 32),
        "pool1": (64, 16, 16),
        "conv2": (128, 16, 16),
        "pool2": (128, 8, 8),
        "conv3": (256, 8, 8),
        "pool3": (256, 4, 4),
        "conv4": (512, 4, 4),
        "pool4": (512, 2, 2),
        "conv5": (512, 2, 2),
        "pool5": (512, 1, 1),
        "fc": (10,),
    },
    "resnet18-table2": {
        "conv1": (64, 32, 32),
        "res1": (64, 16, 16),
        "res2": (128, 8, 8),
        "res3": (256, 4, 4),
        "res4": (512, 2, 2),
        "average": (512,),
        "fc": (10,),
    },
    "resnet18": {"conv1": (64, 32, 32), "res1": (64, 32, 32), "res4": (512, 4, 4)},
    "resnet20": {"conv1": (16, 32, 32), "res1": (16, 32, 32), "res3": (64, 8, 8)},
}
STAGES["vgg16"] = STAGES["vgg16-table1"]
STAGES["plain18-table2"] = STAGES["resnet18-table2"]
STAGES["plain18"] = STAGES["resnet18"]

SHALLOW = [model for model in MODELS if not re.search("32|56|110", model)]
"""One of each kind: deeper ones are more of the same blocks."""


def build(
    model: str,
    *,
    level: str = "bn",
    activation: str = "relu",
    input_shape: Shape = CIFAR,
    width: float = 1.0,
    device: str = "meta",
) -> nn.Module:
    layers = LayerFactory(activations.resolve(activation), regularization.resolve(level))
    with torch.device(device):
        return resolve(model).build(layers, input_shape=input_shape, num_classes=10, width=width)


def cost(model: str) -> Footprint:
    return footprint(build(model), input_shape=CIFAR, batch_size=2)


def fill_masks(network: nn.Module, batch_size: int) -> None:
    generator = torch.Generator().manual_seed(0)

    def draw(count: int) -> torch.Tensor:
        return torch.randint(-(2**15), 2**15, (count,), generator=generator, dtype=torch.int16)

    for module in network.modules():
        if isinstance(module, Stochastic):
            module.fill_mask(draw, batch_size)


def assert_trains(network: nn.Module, *, input_shape: Shape = CIFAR, batch_size: int = 4) -> None:
    initialise(network, seed=0, init="he", gain=1.0)
    network.train()
    fill_masks(network, batch_size)
    x_NCHW = torch.randn(batch_size, *input_shape, generator=torch.Generator().manual_seed(1))
    logits_NK = network(x_NCHW)
    assert logits_NK.shape == (batch_size, 10)
    nn.functional.cross_entropy(logits_NK, torch.arange(batch_size) % 10).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize("model", EXACT_PARAMETERS)
def test_parameters_are_those_of_the_published_networks(model: str) -> None:
    assert sum(p.numel() for p in build(model).parameters()) == EXACT_PARAMETERS[model]


@pytest.mark.parametrize("model", MEGA_MACS)
def test_macs_are_those_of_the_papers_networks(model: str) -> None:
    assert round(cost(model).macs / 1e6, 1) == MEGA_MACS[model]


@pytest.mark.parametrize("model", STAGES)
def test_output_sizes_are_those_of_the_papers_tables(model: str) -> None:
    network = build(model)
    sizes: dict[str, tuple[int, ...]] = {}
    x = torch.empty(2, *CIFAR, device="meta")
    for name, stage in network.named_children():
        x = stage(x)
        sizes[name] = tuple(x.shape[1:])
    assert STAGES[model].items() <= sizes.items()


@pytest.mark.parametrize("model", ["vgg16-table1", "vgg16"])
def test_vgg_drops_between_convolutions_but_not_before_a_pool(model: str) -> None:
    network = build(model, level="bn+dropout")
    kinds = [type(m).__name__ for m in network.modules() if not list(m.children())]
    text = " ".join(kinds)
    assert text.count("Conv2d BatchNorm2d ReLU Dropout") == text.count("Conv2d") - 5
    assert text.count("Conv2d BatchNorm2d ReLU MaxPool2d") == 5
    assert text.endswith("MaxPool2d GlobalAverage Dropout Linear")
    rates = [m.rate for m in network.modules() if isinstance(m, regularization.Dropout)]
    assert set(rates[:-1]) == {0.4}
    assert rates[-1] == 0.5


@pytest.mark.parametrize("model", [m for m in MODELS if "resnet" in m or "plain" in m])
def test_residual_and_plain_networks_have_no_dropout_site(model: str) -> None:
    layers = LayerFactory(activations.resolve("relu"), regularization.resolve("dropout"))
    with torch.device("meta"):
        resolve(model).build(layers, input_shape=CIFAR, num_classes=10, width=0.25)
    assert layers.sites == {"norm", "weights"}


@pytest.mark.parametrize(
    ("residual", "plain"),
    [("resnet18", "plain18"), ("resnet18-table2", "plain18-table2"), ("resnet56", "plain56")],
)
def test_plain_networks_have_the_same_convolutions_under_the_same_names(
    residual: str, plain: str
) -> None:
    def shapes(model: str) -> dict[str, torch.Size]:
        return {name: p.shape for name, p in build(model).named_parameters()}

    extra = shapes(residual).items() - shapes(plain).items()
    assert shapes(plain).items() <= shapes(residual).items()
    assert all(".shortcut." in name for name, _ in extra)
    assert bool(extra) == ("18" in residual)


def test_without_post_add_no_activation_follows_an_addition() -> None:
    def num_activations(model: str) -> int:
        return sum(isinstance(m, nn.ReLU) for m in build(model).modules())

    assert num_activations("resnet18") == 1 + 2 * 8
    assert num_activations("resnet18(post_add=off)") == 1 + 8
    assert num_activations("resnet20(post_add=off)") == 1 + 9


@pytest.mark.parametrize("model", list(MODELS))
def test_convolutions_have_a_bias_exactly_where_no_norm_follows(model: str) -> None:
    for level, has_bias in (("bn", False), ("gn", False), ("none", True)):
        network = build(model, level=level, width=0.25)
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        assert all((m.bias is not None) == has_bias for m in convolutions)


@pytest.mark.parametrize("model", SHALLOW)
def test_every_size_of_input_is_taken(model: str) -> None:
    # Both sides of what halves without a rest once, twice ... and five times.
    shapes = [(3, side, side) for side in (28, 31, 32, 33, 47, 48, 63, 64)]
    for shape in [*shapes, (1, 37, 37), (3, 28, 64), (1, 50, 33)]:
        network = build(model, level="dropout", input_shape=shape, width=0.05)
        assert footprint(network, input_shape=shape, batch_size=2).num_outputs == 10


@pytest.mark.parametrize("model", SHALLOW)
@pytest.mark.parametrize("size", [28, 61])
def test_activations_are_built_for_the_shape_that_they_meet(model: str, size: int) -> None:
    shape = (3, size, size)
    network = build(model, activation="prelu-element", input_shape=shape, width=0.05)
    assert footprint(network, input_shape=shape, batch_size=2).num_outputs == 10


@pytest.mark.parametrize("model", SHALLOW)
@pytest.mark.parametrize("level", ["none", "bn+dropout", "gn+dropconnect(0.1)"])
def test_every_model_takes_a_training_step(model: str, level: str) -> None:
    assert_trains(build(model, level=level, activation="prelu", width=0.1, device="cpu"))


@pytest.mark.parametrize("part", list(regularization.PARTS))
@pytest.mark.parametrize("model", ["vgg16-table1", "resnet8", "mlp"])
def test_every_part_goes_with_every_kind_of_model(model: str, part: str) -> None:
    model = model.replace("resnet8", "resnet(depth=8)")
    shape = (1, 28, 28)
    assert_trains(
        build(model, level=part, input_shape=shape, width=0.1, device="cpu"), input_shape=shape
    )


@pytest.mark.parametrize("model", ["vgg16-table1", "resnet18", "resnet20"])
def test_memory_formats_agree(model: str) -> None:
    network = build(model, width=0.25, device="cpu").eval()
    initialise(network, seed=0, init="he", gain=1.0)
    x_NCHW = torch.randn(2, *CIFAR, generator=torch.Generator().manual_seed(0))
    expected = network(x_NCHW)
    network.to(memory_format=torch.channels_last)
    found = network(x_NCHW.to(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", list(MODELS))
def test_width_multiplies_the_channels_and_leaves_at_least_one(model: str) -> None:
    def first_channels(width: float) -> int:
        return next(len(p) for p in build(model, width=width).parameters())

    full = first_channels(1.0)
    assert first_channels(0.5) == full // 2
    assert first_channels(2.0) == full * 2
    assert first_channels(1e-6) == 1


@pytest.mark.slow
def test_a_depth_of_1202_takes_a_training_step() -> None:
    assert_trains(build("resnet(depth=1202)", device="cpu"), batch_size=2)


@pytest.mark.slow
def test_gradients_explode_without_identity_mapping_at_a_depth_of_1202() -> None:
    # With batch norm and ReLU by about 1.2 a layer (Yang et al. 2019): no float holds 1.2^1201.
    network = build("plain(depth=1202)", device="cpu")
    initialise(network, seed=0, init="he", gain=1.0)
    logits_NK = network(torch.randn(2, *CIFAR, generator=torch.Generator().manual_seed(1)))
    assert torch.isfinite(logits_NK).all()
    nn.functional.cross_entropy(logits_NK, torch.arange(2)).backward()
    head, first = network.get_parameter("fc.weight"), network.get_parameter("conv1.conv.weight")
    assert head.grad is not None
    assert first.grad is not None
    assert torch.isfinite(head.grad).all()
    assert not torch.isfinite(first.grad).any()


@pytest.mark.parametrize(("depth", "near"), [(21, 20), (24, 26), (9, 8)])
def test_a_depth_that_is_not_6n_plus_2_is_refused(depth: int, near: int) -> None:
    with pytest.raises(SpecError, match=f"depth={depth} must be 6n . 2; the nearest is {near}"):
        build(f"resnet(depth={depth})")


def test_he_initial_weights_keep_the_signal_of_relu() -> None:
    network = build("vgg16", level="none", width=0.5, device="cpu").eval()
    initialise(network, seed=0, init="he", gain=1.0)
    x = torch.randn(8, *CIFAR, generator=torch.Generator().manual_seed(0))
    seconds = [x.square().mean().item()]
    for stage in list(network.children())[:4]:
        x = stage(x)
        seconds.append(x.square().mean().item())
    assert all(math.isfinite(second) and 0.05 < second < 50 for second in seconds)
