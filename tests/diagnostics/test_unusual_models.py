"""Models that write in place, call one site in several ways, checkpoint, or keep state."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from actwise.diagnostics import measure

IMAGES = torch.randn(20, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
LABELS = torch.arange(20) % 4
VIEWS: dict[str, Callable[[Tensor], Tensor]] = {
    "flatten": lambda y: y.flatten(1),
    "permute": lambda y: y.permute(0, 2, 3, 1),
    "slice": lambda y: y[:, 2:7, ::2],
    "view of a view": lambda y: y[:, 1:].transpose(1, 2)[..., 3],
}


class Written(nn.Module):
    """Activations of what ``seen`` shows of a convolution's output, which has their values then."""

    def __init__(self, seen: Callable[[Tensor], Tensor], *, is_inplace: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.seen, self.is_inplace = seen, is_inplace
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)
        self.act = nn.Sequential(nn.SiLU(is_inplace), nn.ReLU(is_inplace))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        out = self.act(self.seen(y))
        if not self.is_inplace:
            y = y.clone()
            self.seen(y).copy_(out)
        return self.head(y.mean((2, 3)))


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_written_into_a_view_has_the_gradient_of_what_is_not(view: str) -> None:
    plain, written = (
        measure(Written(VIEWS[view], is_inplace=k).double(), IMAGES, LABELS) for k in (False, True)
    )
    assert len(plain.sites) == 2
    for one, other in zip(plain.sites, written.sites, strict=True):
        assert one.gradient_norm and other.gradient_norm == pytest.approx(one.gradient_norm, 1e-12)
    assert "no-gradient" not in [finding.code for finding in written.findings]


class Shared(nn.Module):
    """One tanh at one line for a convolution, a linear layer and tokens, eight channels each."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.inner, self.head = nn.Conv2d(3, 8, 1), nn.Linear(8, 8), nn.Linear(8, 4)
        self.tanh = nn.Tanh()
        self.seen: list[Tensor] = []

    def act(self, z: Tensor) -> Tensor:
        self.seen.append(z)
        return self.tanh(z)

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(5 * self.conv(x))
        flat = self.act(30 * self.inner(y.mean((2, 3))))
        last = self.act(9 * self.inner(y.permute(0, 2, 3, 1)))
        return self.head(flat + last.mean((1, 2)))


def test_one_site_that_is_called_with_several_shapes_has_the_shares_of_all_values() -> None:
    network = Shared().double()
    (site,) = measure(network, IMAGES, LABELS).sites
    network.seen.clear()
    network(IMAGES)
    z = torch.cat([z.flatten() for z in network.seen])
    at_limit = (z.tanh().abs() >= 0.98) & (1 - z.tanh().square() < 0.1)
    assert (site.calls, site.values) == (3, len(z))
    assert site.saturated_fraction == pytest.approx(at_limit.double().mean().item(), abs=1e-12)
    # The image is as wide as there are channels: it is the channels that are counted.
    with torch.no_grad():
        network.conv.weight[:2], network.conv.bias[:2] = 0, 100  # type: ignore[index]
        network.inner.weight[:3], network.inner.bias[:3] = 0, 100
    assert (measure(network, IMAGES).sites[0].dead, site.units) == (2 + 3 + 3, 24)


def test_a_model_may_keep_nothing_for_its_backward_pass() -> None:
    class Kept(nn.Module):
        def __init__(self, *, is_checkpointed: bool) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.is_checkpointed = is_checkpointed
            self.inner = nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU(), nn.Flatten(), nn.Tanh())
            self.head = nn.Linear(288, 4)

        def forward(self, x: Tensor) -> Tensor:
            if self.is_checkpointed:
                return self.head(checkpoint(self.inner, x, use_reentrant=False))
            return self.head(self.inner(x))

    plain, kept = (measure(Kept(is_checkpointed=k).double(), IMAGES, LABELS) for k in (False, True))
    assert not kept.warnings and plain.sites == kept.sites


class Mixed(nn.Module):
    """Adds complex tensors and cannot be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            raise ValueError("no training")
        x = self.conv(x)
        waves = torch.fft.fft2(torch.relu(x)) + torch.fft.fft2(x)
        return self.head(waves.abs().mean((2, 3)))


def test_complex_sums_are_none_of_two_ways_and_a_mode_that_raises_is_told() -> None:
    report = measure(Mixed().double(), IMAGES, LABELS)
    assert report.sums == () and report.sites[0].gradient_norm
    (told,) = report.warnings
    assert told.startswith("in train mode the model raised ValueError: no training")


class Logarithm(nn.Module):
    """Of both signs, without a limit."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * x.abs().log1p()


class Softsign(nn.Module):
    """Goes to its limits slowly."""

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + x.abs())


@pytest.mark.parametrize(("kind", "is_bounded"), [(Logarithm, False), (Softsign, True)])
def test_what_grows_without_end_has_no_limit_however_slowly(
    kind: type[nn.Module], is_bounded: bool
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), kind()).double()
    (site,) = measure(network, IMAGES).sites
    assert site.is_bounded == is_bounded and (site.saturated_fraction is not None) == is_bounded
    # What a model returns through a bounded function is no activation of a layer.
    assert site.role == ("output" if is_bounded else "activation")


class Stateful(nn.Module):
    """Keeps a generator, a counter, a list and what it saw last; what it gives depends on them."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.calls = torch.Generator().manual_seed(1), 0
        self.seen: list[int] = []
        self.open = (k for k in range(3))  # has no copy

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.seen.append(len(x))
        self.last = x
        noise = torch.randn(x.shape, generator=self.generator, dtype=x.dtype)
        return torch.relu(x * min(1, self.calls / 10) + noise * self.training)


def test_what_a_model_keeps_of_its_own_is_left() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), Stateful(), nn.Linear(8, 4)).double()
    part = network[2]
    assert isinstance(part, Stateful)
    before, state = dict(vars(part)), part.generator.get_state()
    measure(network, IMAGES, LABELS)
    assert dict(vars(part)) == before and (part.calls, part.seen) == (0, [])
    assert torch.equal(part.generator.get_state(), state)


def test_layers_that_are_made_at_the_first_call_stay() -> None:
    class Built(nn.Module):
        is_built = False

        def forward(self, x: Tensor) -> Tensor:
            if not self.is_built:
                self.inner, self.is_built = nn.Linear(192, 4).double(), True
            return self.inner(torch.relu(x.flatten(1)))

    network = Built()
    measure(network, IMAGES, LABELS)
    assert network.is_built and [*network.state_dict()] == ["inner.weight", "inner.bias"]
