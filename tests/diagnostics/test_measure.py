"""The measurement: any batch size, any model, and nothing of the model is moved."""

from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import actwise as aw
from actwise.diagnostics import SignalReport, measure
from actwise.errors import SpecError
from actwise.models import initial_network
from actwise.rng import global_positions
from actwise.spec import RunSpec


class Net(nn.Module):
    """Modules and calls, one of them in place, a residual block, dropout and batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.act = nn.PReLU(8)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)), inplace=True)
        x = x + self.act(self.conv2(x))
        return self.head(self.drop(torch.tanh(x)).mean((2, 3)))


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return Net().double()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(30, 3, 6, 6, generator=torch.Generator().manual_seed(1)).double()


LABELS = torch.arange(30) % 5


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, int | float):
        yield value
    elif not isinstance(value, str) and value is not None:
        for part in value:
            yield from numbers(part)


@pytest.mark.parametrize("labels", [LABELS, None])
def test_any_batch_size_gives_what_one_batch_gives(
    net: nn.Module, images: Tensor, labels: Tensor | None
) -> None:
    whole = [*numbers(measure(net, images, labels, batch_size=30).to_dict())]
    for size in (1, 7, 29):
        parts = [*numbers(measure(net, images, labels, batch_size=size).to_dict())]
        assert parts == pytest.approx(whole, rel=1e-12, abs=1e-15)


def test_a_loader_gives_what_the_tensors_give(net: nn.Module, images: Tensor) -> None:
    loader = DataLoader(TensorDataset(images, LABELS), batch_size=7)
    whole = [*numbers(measure(net, images, LABELS).to_dict())]
    assert [*numbers(measure(net, loader).to_dict())] == pytest.approx(whole, rel=1e-12, abs=1e-15)


def test_the_model_comes_back_as_it_was(net: nn.Module, images: Tensor) -> None:
    net.train()
    net.drop.eval()
    net.head.weight.grad = torch.ones_like(net.head.weight)
    modes = [module.training for module in net.modules()]
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state, others = torch.get_rng_state(), global_positions()
    measure(net, images, LABELS)
    assert [module.training for module in net.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    grads = {name: p.grad for name, p in net.named_parameters() if p.grad is not None}
    assert [*grads] == ["head.weight"] and grads["head.weight"].eq(1).all()
    assert torch.equal(torch.get_rng_state(), state) and global_positions() == others
    for module in net.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert not module._backward_hooks
    assert images.grad is None and not images.requires_grad


def test_the_gradient_is_that_of_every_images_loss(net: nn.Module, images: Tensor) -> None:
    net.eval()
    z = net.norm(net.conv1(images)).detach().requires_grad_()
    hidden = torch.relu(z)
    out = net.head(torch.tanh(hidden + net.act(net.conv2(hidden))).mean((2, 3)))
    loss = F.cross_entropy(out, LABELS, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, z)
    report = measure(net, images, LABELS)
    expected = gradient.square().sum((1, 2, 3)).mean().sqrt().item()
    assert report.sites[0].gradient_norm == pytest.approx(expected, rel=1e-12)
    assert report.loss == pytest.approx(loss.item() / 30, rel=1e-12)
    assert report.accuracy == pytest.approx(100 * (out.argmax(1) == LABELS).double().mean().item())
    assert report.gradient_of == "cross-entropy"


def test_without_labels_the_gradient_is_of_the_output_and_says_so() -> None:
    network = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4)).double()
    report = measure(network, torch.randn(4000, 6).double() + 9)
    assert report.gradient_of == "random directions of the output"
    assert (report.loss, report.accuracy) == (None, None)
    jacobian = network[2].weight * (network[0](torch.full((1, 6), 9.0).double()) > 0)
    expected = (jacobian.square().sum() / 4).sqrt().item()
    assert report.sites[0].gradient_norm == pytest.approx(expected, rel=0.15)


def test_a_loss_of_ones_own(net: nn.Module, images: Tensor) -> None:
    targets = torch.randn(30, 5).double()
    report = measure(net, images, targets, loss=lambda out, y: (out - y).square().sum(1))
    assert report.gradient_of == "loss" and report.accuracy is None and report.loss is not None


def test_shortcut_and_branch_are_told_apart(net: nn.Module, images: Tensor) -> None:
    (part,) = measure(net, images).sums
    net.eval()
    x = torch.relu(net.norm(net.conv1(images)))
    branch = net.act(net.conv2(x))
    assert part.shortcut_energy == pytest.approx(x.square().mean().item(), rel=1e-12)
    assert part.branch_energy == pytest.approx(branch.square().mean().item(), rel=1e-12)
    assert part.sum_energy == pytest.approx((x + branch).square().mean().item(), rel=1e-12)


def report_of(model: str, **settings: Any) -> SignalReport:
    spec = RunSpec(
        dataset="digits",
        model=model,
        regularization=settings.pop("regularization", "bn"),
        activation=settings.pop("activation", "relu"),
        width=0.1,
        seed=0,
    )
    network = initial_network(spec, input_shape=(1, 32, 32), num_classes=10)
    return measure(network, torch.randn(8, 1, 32, 32))


def test_every_block_of_our_residual_networks_is_an_addition_of_two_ways() -> None:
    report = report_of("resnet20", activation="prelu", regularization="bn+dropout")
    assert [part.name for part in report.sums] == [
        f"res{stage}.{block}" for stage in (1, 2, 3) for block in range(3)
    ]
    assert len(report.norms) == 19 and not any(norm.is_fitted for norm in report.norms)
    assert {part.name for site in report.sites for part in site.learned} == {"weight"}
    assert report_of("plain20").sums == ()


class Depends(nn.Module):
    """Takes another way where an image is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.fc(x))
        return torch.tanh(x - 1) * 2 if x.max() > 5 else x


def test_a_site_that_few_images_reach_has_their_number() -> None:
    network = Depends()
    images = torch.zeros(30, 4)
    images[20:] = 50.0
    report = measure(network, images, batch_size=10)
    assert [site.images for site in report.sites] == [30, 10]
    assert ("not-reached", 10) in [(f.code, f.count) for f in report.findings]


def test_one_line_with_several_channel_counts_counts_all_units() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 6), nn.Linear(6, 5)])

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = F.relu(layer(x))
            return x

    (site,) = measure(Loop(), torch.randn(10, 4)).sites
    assert (site.units, site.values, site.calls) == (11, 110, 2)


def test_transformers_and_tuples_and_dicts_of_inputs() -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, activation="gelu")
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    x, mask = torch.randn(12, 5, 16), torch.zeros(12, 5, dtype=torch.bool)
    report = measure(encoder, {"src": x, "src_key_padding_mask": mask}, batch_size=5)
    assert [(s.activation, s.units, s.values) for s in report.sites] == [("gelu", 32, 1920)] * 2
    assert [part.name for part in report.sums] == [
        "layers.0",
        "layers.0+2",
        "layers.1",
        "layers.1+2",
    ]
    assert measure(encoder, (x, None, mask)).sites[0].images == 12
    named = namedtuple("named", "src mask src_key_padding_mask")(x, None, mask)
    assert measure(encoder, named, batch_size=5).sites == report.sites


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_frozen_inference_and_checkpointed_models() -> None:
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).requires_grad_(False)
    norms = [site.gradient_norm for site in measure(network, torch.randn(6, 4)).sites]
    assert norms[0] is not None and norms[0] > 0
    with torch.inference_mode():
        assert measure(network, torch.randn(6, 4)).gradient_of is not None

    class Refusing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

        def forward(self, x: Tensor) -> Tensor:
            return torch.utils.checkpoint.checkpoint(self.inner, x, use_reentrant=True)

    report = measure(Refusing(), torch.randn(6, 4), torch.arange(6) % 4)
    assert report.gradient_of is None and report.sites[0].gradient_norm is None
    assert report.loss is not None
    assert report.warnings


class Wrong(nn.Module):
    def __init__(self, what: str) -> None:
        super().__init__()
        self.fc = nn.LazyLinear(4) if what == "lazy" else nn.Linear(4, 4)
        self.what = what
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        self.calls += 1
        if self.what == "raises" or (self.what == "later" and self.calls > 3):
            raise RuntimeError("no more")
        if self.what == "complex":
            return torch.tanh(torch.complex(x, x)).real
        return x if self.what == "deaf" else torch.relu(x)


MALFORMED: list[tuple[Any, Any, dict[str, Any], str]] = [
    (Wrong("deaf"), torch.zeros(4, 4), {}, "computes no activation that can be measured"),
    (Wrong("lazy"), torch.zeros(4, 4), {}, "has no shape yet"),
    (Wrong("raises"), torch.zeros(4, 4), {}, "raised RuntimeError: no more"),
    (Wrong("later"), torch.zeros(9, 4), {"batch_size": 2}, "on images 6 to 7"),
    (Wrong(""), torch.zeros(4, 7), {}, "mat1 and mat2"),
    (Wrong(""), torch.zeros(4, 4, dtype=torch.complex64), {}, "images are complex64"),
    (Wrong("complex"), torch.zeros(4, 4), {}, "it computes on complex64"),
    (Wrong(""), torch.zeros(0, 4), {}, "there are no images"),
    (Wrong(""), np.zeros((4, 4)), {}, "images is a ndarray"),
    (Wrong(""), iter([torch.zeros(4, 4)]), {}, "images is a list_iterator"),
    (Wrong(""), torch.zeros(4, 4), {"labels": torch.zeros(3)}, "3 labels for 4 images"),
    (Wrong(""), torch.zeros(4, 4), {"labels": torch.full((4,), 4)}, "label 4 is no class"),
    (Wrong(""), torch.zeros(4, 4), {"labels": torch.zeros(4, 2)}, "labels have shape (4, 2)"),
    (Wrong(""), torch.zeros(4, 4), {"batch_size": 0}, "batch_size=0"),
    (Wrong(""), torch.zeros(4, 4), {"batch_size": "3"}, "batch_size='3'; expected a whole number"),
    (Wrong(""), torch.zeros(4, 4), {"batch_size": 2.5}, "batch_size=2.5"),
    (
        Wrong(""),
        [(torch.zeros(99, 4), [torch.zeros(99)])],
        {},
        "of (shape (2, 4), (shape (2,)))",
    ),
    (
        nn.Sequential(nn.LazyBatchNorm1d(affine=False)),
        torch.zeros(4, 4),
        {},
        "0.running_mean has no",
    ),
    (Wrong(""), torch.zeros(4, 4), {"loss": F.mse_loss}, "loss is given without labels"),
    (Wrong("").to("meta"), torch.zeros(4, 4), {}, "meta device"),
    (Wrong, torch.zeros(4, 4), {}, "expected a network of it"),
]


@pytest.mark.parametrize("case", range(len(MALFORMED)))
def test_malformed_models_and_images_get_a_sentence(case: int) -> None:
    model, images, settings, said = MALFORMED[case]
    with pytest.raises(SpecError) as caught:
        aw.diagnose(model, images, **settings)
    assert said in str(caught.value) and "\n" not in str(caught.value)
