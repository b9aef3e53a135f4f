"""What a loss may be, and how images and labels come."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import actwise as aw
from actwise.diagnostics import measure
from actwise.errors import SpecError

LABELS = torch.arange(30) % 5


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 8), nn.SiLU())
    return nn.Sequential(*layers, nn.Linear(8, 5)).double()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(30, 6, generator=torch.Generator().manual_seed(1)).double()


def test_a_list_of_pairs_of_images_and_labels_is_one_of_batches(
    net: nn.Module, images: Tensor
) -> None:
    pairs = [(images[:15], LABELS[:15]), (images[15:], LABELS[15:])]
    assert measure(net, pairs) == measure(net, images, LABELS, batch_size=15)


def test_labels_of_a_loader_may_be_anything_if_there_is_a_loss(
    net: nn.Module, images: Tensor
) -> None:
    targets = torch.randn(30, 5).double()
    loader = DataLoader(TensorDataset(images, targets), batch_size=7)
    report = measure(net, loader, loss=F.mse_loss)
    assert report.loss == pytest.approx(F.mse_loss(net.eval()(images), targets).item(), rel=1e-12)


def test_a_loader_draws_no_random_number_that_is_missed(net: nn.Module, images: Tensor) -> None:
    loader = DataLoader(TensorDataset(images, LABELS), batch_size=7, shuffle=True)
    state = torch.get_rng_state()
    measure(net, loader)
    aw.reestimate(net, loader)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("loss", [F.cross_entropy, nn.CrossEntropyLoss(reduction="none")])
def test_a_loss_is_a_mean_or_one_value_an_image(net: nn.Module, images: Tensor, loss: Any) -> None:
    own = measure(net, images, LABELS)
    for size in (7, 30):
        report = measure(net, images, LABELS, loss=loss, batch_size=size)
        assert report.loss == pytest.approx(own.loss, rel=1e-12)
        for one, other in zip(report.sites, own.sites, strict=True):
            assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (
            lambda out, y: F.nll_loss(out, y[:3]),
            "loss raised ValueError: Expected input batch_size",
        ),
        (lambda out, y: 1.0, "loss gives a float; expected a tensor of floats"),
        (lambda out, y: y, "loss gives a torch.int64"),
        (lambda out, y: out[0], "loss gives shape (5,) of 30 images; expected their mean, or one"),
    ],
)
def test_a_loss_that_cannot_be_used_gets_a_sentence(
    net: nn.Module, images: Tensor, loss: Any, said: str
) -> None:
    for batches in ((images, LABELS), (DataLoader(TensorDataset(images, LABELS), batch_size=30),)):
        with pytest.raises(SpecError) as caught:
            measure(net, *batches, loss=loss)
        assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_loss_needs_labels_of_a_loader_too(net: nn.Module, images: Tensor) -> None:
    with pytest.raises(SpecError, match="loss is given without labels"):
        measure(net, DataLoader(images, batch_size=10), loss=F.cross_entropy)


def test_images_that_hold_nan_are_no_fault_of_the_model(net: nn.Module, images: Tensor) -> None:
    images = images.clone()
    images[5] = torch.nan
    with pytest.raises(SpecError, match=r"^images 4 to 7 hold NaN: it would come out of any model"):
        aw.diagnose(net, images, batch_size=4)


def test_arrays_get_the_remedy(net: nn.Module, images: Tensor) -> None:
    with pytest.raises(
        SpecError, match=r"images is a ndarray; expected torch\.as_tensor\(images\)"
    ):
        aw.diagnose(net, images.numpy())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_batches_without_an_image_are_passed_over(
    net: nn.Module, images: Tensor, place: int
) -> None:
    batches = [(images[:15], LABELS[:15]), (images[15:], LABELS[15:])]
    whole = measure(net, batches)
    batches.insert(place, (images[:0], LABELS[:0]))
    assert measure(net, batches) == whole
    images[20] = torch.nan
    with pytest.raises(SpecError, match=r"^images 16 to 30 hold NaN: it would come out of any mo"):
        measure(net, batches)


def test_labels_beside_batches_are_refused(net: nn.Module, images: Tensor) -> None:
    for batches in (DataLoader(images), DataLoader(TensorDataset(images, LABELS))):
        with pytest.raises(SpecError) as caught:
            measure(net, batches, LABELS)
        assert str(caught.value) == "labels are given twice over; batches bring their own"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("a" * 30, "labels are a str; expected classes"),
        (["cat"] * 30, "labels are a list; expected classes"),
        ({"cat": 1}, "labels are a dict; expected classes"),
        ([0, 1, 2], "3 labels for 30 images"),
        (7, "1 label for 30 images"),
    ],
)
def test_labels_that_are_no_classes_get_a_sentence(
    net: nn.Module, images: Tensor, labels: Any, said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        measure(net, images, labels)
    assert str(caught.value) == said


def test_labels_may_be_a_list(net: nn.Module, images: Tensor) -> None:
    assert measure(net, images, LABELS.tolist()) == measure(net, images, LABELS)
