"""How images come to a model, in how many batches, and what counts as right of their labels."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from actwise.diagnostics import measure
from actwise.errors import SpecError


class Seen(nn.Module):
    """Notes the sizes of its batches outside of itself."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.note = lambda x: sizes.append(len(x))

    def forward(self, x: Tensor) -> Tensor:
        self.note(x)
        return torch.tanh(x[:, :2])


@pytest.mark.parametrize(
    ("number", "values", "settings", "expected"),
    [
        (250, 2, {}, [250]),
        (251, 2, {}, [125, 126]),
        (5, 250_000, {}, [2, 3]),
        (4, 250_000, {}, [4]),
        (2, 1_000_001, {}, [1, 1]),
        (10, 2, {"batch_size": 4}, [3, 3, 4]),
        (3, 2, {"batch_size": 1}, [1, 1, 1]),
        (300, 2, {"batch_size": 300}, [300]),
    ],
)
def test_batches_are_of_nearly_the_same_size_and_bounded(
    number: int, values: int, settings: dict[str, int], expected: list[int]
) -> None:
    sizes: list[int] = []
    report = measure(Seen(sizes), torch.zeros(number, values), **settings)
    # Before come the two passes of an audit.
    assert sizes[2:] == expected
    assert report.images == number


class Weighted(nn.Module):
    """Takes an image with a scale and a table that are those of all."""

    def forward(self, x: Tensor, scale: Tensor, table: Tensor) -> Tensor:
        return torch.tanh(x * scale + table[1])


def test_what_is_no_tensor_of_all_images_comes_whole_with_every_batch() -> None:
    x = torch.linspace(-1, 1, 24, dtype=torch.float64).view(12, 2)
    given = {"x": x, "scale": torch.tensor(3.0), "table": torch.tensor([9.0, 0.5, 9.0])}
    report = measure(Weighted(), given, batch_size=5)
    expected = (3 * x + 0.5).tanh().square().mean().item()
    assert report.images == 12
    assert report.sites[0].second_moment == pytest.approx(expected, rel=1e-6)


def test_a_loader_of_two_inputs_of_floats_gives_both_to_the_model() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return torch.tanh(x - y)

    x, y = torch.randn(2, 9, 3).double().unbind(0)
    report = measure(Two(), DataLoader(TensorDataset(x, y), batch_size=4))
    assert report.loss is None and report.images == 9
    assert report.sites[0].second_moment == pytest.approx((x - y).tanh().square().mean().item())


class Same(nn.Module):
    """Scores of classes as they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x * self.scale)


def test_a_row_with_nan_is_wrong_whatever_its_class() -> None:
    class Spoilt(Same):
        def forward(self, x: Tensor) -> Tensor:
            y = super().forward(x)
            return torch.where(x[:, :1] > 5, torch.nan, y)

    x = torch.tensor([[9.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    report = measure(Spoilt(), x, [0, 0, 1, 1])
    assert report.accuracy == 50.0
    assert (report.outputs, report.nonfinite_outputs) == (8, 2)


def test_labels_of_every_token_are_counted_and_their_losses_summed_by_image() -> None:
    x = torch.rand(4, 3, 5).double()
    labels = x.argmax(2)
    labels[0, 1] = (labels[0, 1] + 1) % 5
    labels[2] = (labels[2] + 1) % 5
    for size in (4, 3, 1):
        report = measure(Same().double(), x, labels, batch_size=size)
        assert report.accuracy == pytest.approx(100 * 8 / 12)
        expected = F.cross_entropy(x.flatten(0, 1), labels.flatten(), reduction="sum").item() / 4
        assert report.loss == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "wrong"), [([0, -1, 1], "-1"), ([0, 2, 3], "2"), ([0.0, 0.5, 1.0], "0.5")]
)
def test_a_label_that_is_no_class_is_named(labels: list[Any], wrong: str) -> None:
    with pytest.raises(SpecError) as refusal:
        measure(Same(), torch.rand(3, 2), labels)
    said = f"label {wrong} is no class from 0 to 1; for other labels give a loss=... of your own"
    assert str(refusal.value) == said


def test_labels_may_be_whole_numbers_as_floats() -> None:
    x = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    report = measure(Same(), x, torch.tensor([1.0, 1.0]))
    assert report.accuracy == 50.0 and report == measure(Same(), x, [1, 1])


@pytest.mark.parametrize(
    ("out", "given"),
    [(lambda y: y[:, 0], r"shape \(3,\)"), (lambda y: y > 0, "no tensor of floats")],
)
def test_an_output_that_does_not_fit_the_labels_is_told(out: Any, given: str) -> None:
    class Made(Same):
        def forward(self, x: Tensor) -> Any:
            return out(super().forward(x))

    with pytest.raises(
        SpecError, match=rf"^labels have shape \(3,\) and the model returns {given}"
    ):
        measure(Made(), torch.rand(3, 2), [0, 1, 0])
