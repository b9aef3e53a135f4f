"""An activation of your own, with a parameter that is learned and an argument of its level."""

import torch
from torch import Tensor, nn


class Hinge(nn.Module):
    """max(x, a_c x) + b_c, with a_c and b_c learned for each channel."""

    def __init__(self, channels: int, slope: float = 0.1) -> None:
        super().__init__()
        self.slope_C = nn.Parameter(torch.full((channels,), slope))
        self.shift_C = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """``x``: (images, channels, ...)."""
        per_channel = (-1,) + (1,) * (x.dim() - 2)
        return torch.maximum(x, self.slope_C.view(per_channel) * x) + self.shift_C.view(per_channel)
