"""Activations without a gradient, that spoil their own, or are called as few are."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actwise.diagnostics import LearnedParameter, SiteSignal, measure
from actwise.errors import SpecError
from actwise.surgery import DoesNotRunError

IMAGES = torch.linspace(-2.0, 2.0, 40, dtype=torch.float64).view(20, 2)
LABELS = torch.arange(20) % 2


class Between(nn.Module):
    """An activation between a layer that gives on what it is given, and one of two classes."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(2, 2), nn.Linear(2, 2)
        for layer in (self.first, self.head):
            nn.init.eye_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.activation(self.first(x)))


def site_of(activation: nn.Module, labels: Tensor | None = LABELS) -> SiteSignal:
    (site,) = measure(Between(activation).double(), IMAGES, labels).sites
    return site


class Untrained(nn.Module):
    """Without a gradient, and with one."""

    def __init__(self, *, has_gradient: bool) -> None:
        super().__init__()
        self.has_gradient = has_gradient

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(self.has_gradient and torch.is_grad_enabled()):
            return torch.tanh(x)


def test_a_function_without_a_gradient_has_the_slope_zero() -> None:
    cut, plain = (site_of(Untrained(has_gradient=k)) for k in (False, True))
    assert (cut.mean, cut.second_moment) == (plain.mean, plain.second_moment)
    assert cut.second_moment == pytest.approx(IMAGES.tanh().square().mean().item())
    assert (cut.slope_second_moment, cut.blocked, cut.blocked_fraction) == (0.0, 2, 1.0)
    assert plain.slope_second_moment is not None and plain.slope_second_moment > 0.1
    assert (plain.blocked, plain.blocked_fraction) == (0, 0.0)
    # Its values move all the same.
    assert (cut.dead, cut.constant, cut.is_bounded) == (0, 0, True)


class Spoilt(nn.Module):
    """Writes to what the gradient of its sigmoid needs."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.sigmoid(x)
        out = y * 1.0
        with torch.no_grad():
            y.mul_(0.5)
        return out


class RaisesBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        raise ValueError("no way back\nnor on")


class OneWay(Between):
    """No gradient comes back to its activation."""

    def forward(self, x: Tensor) -> Tensor:
        return self.head(RaisesBackward.apply(self.activation(self.first(x))))


def test_a_slope_that_its_function_has_spoilt_is_left_out_and_why() -> None:
    report = measure(Between(Spoilt()).double(), IMAGES, LABELS)
    (site,) = report.sites
    assert site.second_moment == pytest.approx(IMAGES.sigmoid().square().mean().item())
    assert site.slope_second_moment is None and site.dead is None
    (why,) = (text for text in report.warnings if text.startswith("activation: "))
    assert why.startswith(
        "activation: its slope cannot be computed: RuntimeError: "
        "a value that its gradient needs was written to ("
    )


def test_gradients_that_cannot_be_computed_are_left_out_and_why() -> None:
    report = measure(OneWay(nn.ReLU()).double(), IMAGES, LABELS)
    (why,) = report.warnings
    assert why.startswith("gradients are left out: ValueError: no way back (")
    assert "test_unusual_functions.py, line " in why and "\n" not in why
    (site,) = report.sites
    assert report.gradient_of is None and site.gradient_norm is None
    rectified = IMAGES.relu()
    assert report.loss == pytest.approx(F.cross_entropy(rectified, LABELS).item())
    assert report.accuracy == 100 * (rectified.argmax(1) == LABELS).double().mean().item()
    assert site.slope_second_moment == 0.5


class Called(nn.Module):
    """PReLU as a function of a parameter of the model, by place and by name."""

    def __init__(self) -> None:
        super().__init__()
        self.slopes = nn.Parameter(torch.tensor([0.25, 0.75]))
        self.other = nn.Parameter(torch.tensor([-0.5]))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        z = F.prelu(x * self.scale, self.slopes)
        z = F.prelu(z * self.scale, weight=self.other)
        return F.elu(z * self.scale, 0.5)


def test_a_parameter_that_a_function_is_given_is_learned_of_its_site() -> None:
    report = measure(Called().double(), IMAGES)
    assert [site.learned for site in report.sites] == [
        (LearnedParameter("slopes", 2, 0.5, 0.25, 0.75),),
        (LearnedParameter("other", 1, -0.5, -0.5, -0.5),),
        (),
    ]


class Wrapped:
    """Numbers that are no tensor, and have their own softmax."""

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def softmax(self, dim: int, **_: Any) -> Tensor:
        return self.values.softmax(dim)


class Chosen(nn.Module):
    """Gives an activation what is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.softmax(Wrapped(torch.relu(self.fc(x))), dim=1)  # type: ignore[arg-type]


def test_a_function_of_what_is_no_tensor_is_no_site_and_no_fault() -> None:
    report = measure(Chosen().double(), IMAGES, LABELS)
    assert [site.activation for site in report.sites] == ["relu"]
    assert report.sites[0].gradient_norm and report.warnings == ()


class Later(nn.Module):
    """Runs for an audit, which leaves it as it was, and on three batches; then raises."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.calls = error, 0
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls > 3:
            raise self.error
        return torch.relu(self.fc(x))


def test_a_refusal_of_ours_within_a_model_keeps_its_sentence() -> None:
    with pytest.raises(SpecError) as caught:
        measure(Later(SpecError("width is 3; expected 4")).double(), IMAGES, batch_size=5)
    assert str(caught.value) == "width is 3; expected 4"
    with pytest.raises(DoesNotRunError) as other:
        measure(Later(ValueError("width is 3")).double(), IMAGES, batch_size=5)
    said = str(other.value)
    assert said.startswith("Later in eval mode raised ValueError: width is 3 (")
    assert said.endswith(" on images 16 to 20")


def test_a_report_has_its_sites_by_name_and_says_which_there_are() -> None:
    layers = (nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2), nn.SiLU())
    report = measure(nn.Sequential(*layers).double(), IMAGES)
    assert [report[name] for name in ("1", "3")] == [*report.sites]
    with pytest.raises(SpecError) as caught:
        report["head"]
    assert str(caught.value) == "no site is named 'head'; known are 1, 3"


class Spreads(nn.Module):
    """Gives more values than it takes, where it takes one a channel."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x) + torch.zeros(1, 1, 2, 2)


def test_what_one_of_two_calls_cannot_tell_is_not_told() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.act = nn.Conv2d(3, 4, 1), Spreads()

        def forward(self, x: Tensor) -> Tensor:
            large = self.first(x)
            small = large.mean((2, 3), keepdim=True)
            return sum(self.act(part) for part in (large, small)).mean((2, 3))

    (site,) = measure(Net(), torch.randn(3, 3, 2, 2)).sites
    assert site.mean_shift is None and math.isnan(site.input_second_moment)
    assert site.second_moment > 0
