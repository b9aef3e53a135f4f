"""Models that write in place, call one site in several ways, checkpoint, or keep state."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

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
