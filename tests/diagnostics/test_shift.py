"""Batch norm that evaluates at other variances than it has learned: found, and repaired."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import actwise as aw
from actwise.diagnostics import SignalReport
from actwise.errors import SpecError
from actwise.report.words import finding_lines

K = 4


def made(*, dropout: float) -> tuple[nn.Module, Tensor, Tensor]:
    """A trained network with dropout before batch norm, and what it was trained on."""
    torch.manual_seed(0)
    labels = torch.arange(400) % K
    images = torch.randn(400, 20) + 2 * torch.eye(20)[labels]
    layers: list[nn.Module] = []
    for size in (20, 64, 64):
        layers += [nn.Linear(size, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(dropout)]
    network = nn.Sequential(*layers, nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU())
    network.append(nn.Linear(64, K))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    for _ in range(12):
        for part in torch.randperm(400).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[part]), labels[part]).backward()
            optimizer.step()
    return network, images, labels


@pytest.fixture(scope="module")
def dropped() -> tuple[nn.Module, Tensor, Tensor]:
    return made(dropout=0.9)


@pytest.fixture(scope="module")
def found(dropped: tuple[nn.Module, Tensor, Tensor]) -> SignalReport:
    return aw.diagnose(*dropped)


def test_the_finding_fires_behind_strong_dropout_and_is_tested(found: SignalReport) -> None:
    assert found.is_shifted and found.shift is not None and found.shift[1] < 0.3
    assert [f.code for f in found.findings if f.code == "shift"] == ["shift"]
    assert found.accuracy is not None and found.reestimated_accuracy is not None
    assert found.reestimated_accuracy != found.accuracy


def test_it_does_not_fire_without_dropout() -> None:
    report = aw.diagnose(*made(dropout=0.0))
    assert report.shift is not None and report.shift[0] > 0.5 and not report.is_shifted
    assert report.reestimated_accuracy is None


def test_the_ratio_is_the_variance_over_the_running_one(
    dropped: tuple[nn.Module, Tensor, Tensor], found: SignalReport
) -> None:
    network, images, _ = dropped
    with torch.no_grad():
        x = copy.deepcopy(network).eval()[:9](images)
    norm = network[9]
    assert isinstance(norm, nn.BatchNorm1d) and norm.running_var is not None
    ratio = (x.double().var(0, correction=0) + norm.eps) / (norm.running_var.double() + norm.eps)
    row = next(row for row in found.norms if row.name == "9")
    assert row.variance_ratio == pytest.approx(ratio.log().mean().exp().item(), rel=1e-4)


def test_reestimation_gives_the_statistics_of_evaluation_and_leaves_the_model(
    dropped: tuple[nn.Module, Tensor, Tensor],
) -> None:
    network, images, labels = dropped
    before = {name: value.clone() for name, value in network.state_dict().items()}
    other = aw.reestimate(network, images, batch_size=400)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module.training for module in other.modules())
    norm = other[1]
    assert isinstance(norm, nn.BatchNorm1d) and norm.running_mean is not None
    torch.testing.assert_close(norm.running_mean, network[0](images).mean(0).detach())
    assert norm.momentum == 0.1
    assert not aw.diagnose(other, images, labels).is_shifted


def test_batches_of_unequal_size_are_weighed_by_their_images(
    dropped: tuple[nn.Module, Tensor, Tensor],
) -> None:
    network, images, _ = dropped
    parts = aw.reestimate(network, _Parts(images))
    norm = parts[1]
    assert isinstance(norm, nn.BatchNorm1d) and norm.running_mean is not None
    torch.testing.assert_close(norm.running_mean, network[0](images).mean(0).detach())


class _Parts:
    """Two batches, of 300 and 100 images."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.images[:300], self.images[300:]))


def test_what_cannot_be_reestimated_gets_a_sentence() -> None:
    with pytest.raises(SpecError, match="Sequential has no batch norm with running statistics"):
        aw.reestimate(nn.Sequential(nn.Linear(2, 2)), torch.zeros(4, 2))
    with pytest.raises(SpecError, match=r"expected a torch\.nn\.Module"):
        aw.reestimate("resnet18", torch.zeros(4, 2))  # type: ignore[arg-type]


class Fails(nn.Module):
    """Runs on two batches, then raises."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.calls = nn.BatchNorm1d(2), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls > 2:
            raise ValueError("no more")
        return self.norm(x)


def test_a_model_that_fails_while_it_is_reestimated_says_on_which_images() -> None:
    network = Fails()
    with pytest.raises(SpecError) as caught:
        aw.reestimate(network, torch.randn(20, 2), batch_size=4)
    said = str(caught.value)
    assert said.startswith("Fails raised ValueError: no more (")
    assert said.endswith(") on images 9 to 12")
    assert isinstance(caught.value.__cause__, ValueError)
    assert network.calls == 0 and network.norm.running_mean.eq(0).all()  # type: ignore[union-attr]


def test_norms_that_never_trained_are_no_finding() -> None:
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
    report = aw.diagnose(network, torch.randn(50, 4) * 0.01)
    assert report.norms[0].variance_ratio < 0.3 and report.shift is None


@pytest.mark.parametrize("number", [1, 2, 3, 15])
def test_the_variance_of_a_few_values_is_no_shift(number: int) -> None:
    network, images, labels = made(dropout=0.0)
    report = aw.diagnose(network, images[:number], labels[:number])
    assert report.shift is None and not report.is_shifted
    assert "the shift of batch norm: it takes 16 values a channel" in report.warnings


def test_what_was_measured_is_kept_where_no_copy_can_be_made(
    dropped: tuple[nn.Module, Tensor, Tensor], found: SignalReport
) -> None:
    class Uncopied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.drawn = dropped[0], (k for k in range(3))

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    report = aw.diagnose(Uncopied(), *dropped[1:])
    assert report.accuracy == found.accuracy and report.reestimated_accuracy is None
    assert report.is_shifted and report.is_shift_confirmed is None
    (why,) = report.warnings
    assert "re-estimated statistics: Uncopied cannot be copied: TypeError: cannot pickle" in why


def test_the_shift_names_a_norm_that_was_trained() -> None:
    network, images, labels = made(dropout=0.0)
    late, last = network[9], network[13]
    assert isinstance(late, nn.BatchNorm1d) and isinstance(last, nn.BatchNorm1d)
    last.reset_running_stats()
    late.running_var *= 50  # type: ignore[operator]
    with torch.no_grad():
        network[12].weight *= 1e-3  # type: ignore[operator]
    report = aw.diagnose(network, images, labels)
    assert min(report.norms, key=lambda norm: norm.variance_ratio).name == "13"
    assert [f.name for f in report.findings if f.code == "shift"] == ["9"]


def said(report: SignalReport) -> str:
    return dict(finding_lines(report, is_full=True))["shift"]


def test_a_shift_that_costs_no_accuracy_is_not_confirmed(found: SignalReport) -> None:
    assert found.is_shift_confirmed
    assert "not confirmed" not in said(found)
    network, images, labels = made(dropout=0.0)
    for norm in (network[1], network[5], network[9]):
        assert isinstance(norm, nn.BatchNorm1d)
        with torch.no_grad():
            # The same function: what is divided by more is multiplied by more.
            norm.weight *= (
                (9 * norm.running_var + norm.eps) / (norm.running_var + norm.eps)
            ).sqrt()
            norm.running_var *= 9
    report = aw.diagnose(network, images, labels)
    assert report.is_shifted and report.is_shift_confirmed is False
    assert "not confirmed" in said(report) and "dropout" not in said(report)


def test_sorted_images_vary_between_batches_too(
    dropped: tuple[nn.Module, Tensor, Tensor],
) -> None:
    network, images, labels = dropped
    ordered = images[labels.argsort()] + 3 * labels.sort().values[:, None]
    norm = aw.reestimate(network, ordered, batch_size=50)[1]
    with torch.no_grad():
        x = network[0](ordered)
    torch.testing.assert_close(norm.running_mean, x.mean(0))
    torch.testing.assert_close(norm.running_var, x.var(0))


def test_a_norm_that_is_called_twice_has_the_statistics_of_both_calls() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.unused = nn.BatchNorm1d(6), nn.BatchNorm1d(6)
            self.unused.running_var.mul_(7)  # type: ignore[union-attr,operator]

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(x) + self.norm(input=5 * x + 3)

    x = torch.randn(90, 6)
    other = aw.reestimate(Twice(), x, batch_size=30)
    both = torch.cat([x, 5 * x + 3])
    torch.testing.assert_close(other.norm.running_mean, both.mean(0))
    torch.testing.assert_close(other.norm.running_var, both.var(0))
    assert other.unused.running_var.eq(7).all()  # type: ignore[union-attr,operator]
