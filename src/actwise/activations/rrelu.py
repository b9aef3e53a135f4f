"""The randomized leaky ReLU, whose slopes are drawn by the engine (:class:`rng.Stochastic`)."""

import math

import torch
from torch import Tensor, nn

from ..errors import SpecError
from ..rng import DrawBits


class RReLU(nn.Module):
    """x if x > 0 else a x; a is uniform in [lower, upper] in training, their mean at test.

    Its gain is that of the form at test (1.37848 with the default slopes). In training the slopes'
    variance adds to E f^2: E a^2 = mean^2 + (upper - lower)^2 / 12, and 1/sqrt(E f^2) is 1.37612,
    0.2 % less.

    Each element of each sample has its own slope in each step. In training the module draws
    nothing itself: :meth:`fill_mask` must put fresh numbers in before every step, for the
    batch size and the per-sample ``shape`` of the input.

    Raises:
        SpecError: if ``upper`` is below ``lower``.
    """

    bits: Tensor | None

    def __init__(self, shape: tuple[int, ...], *, lower: float, upper: float) -> None:
        super().__init__()
        if upper < lower:
            raise SpecError(f"activation rrelu: upper={upper} is below lower={lower}")
        self.shape = shape
        self.mean = (lower + upper) / 2.0
        self.step = (upper - lower) / 65536.0
        self.register_buffer("bits", None, persistent=False)

    def fill_mask(self, draw: DrawBits, batch_size: int) -> None:
        """Draw new slopes into one buffer, whose address changes only with the batch size."""
        bits = draw(batch_size * math.prod(self.shape))
        if self.bits is None or self.bits.shape != bits.shape:
            self.bits = bits.clone()
        else:
            self.bits.copy_(bits)

    def forward(self, x: Tensor) -> Tensor:
        positive = torch.relu(x)
        slope = self._slopes(x) if self.training else self.mean
        return positive + slope * (x - positive)

    def extra_repr(self) -> str:
        half_width = self.step * 32768.0
        return f"lower={self.mean - half_width:g}, upper={self.mean + half_width:g}"

    def _slopes(self, x: Tensor) -> Tensor:
        """The drawn slopes, laid out in memory as ``x`` is; centred in their 65,536 steps."""
        if self.bits is None or self.bits.numel() != x.numel():
            raise RuntimeError(
                "rrelu in training needs fill_mask(draw, batch_size) before a step, "
                f"for inputs of shape {tuple(x.shape)}"
            )
        if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
            num, channels, height, width = x.shape
            bits = self.bits.view(num, height, width, channels).permute(0, 3, 1, 2)
        else:
            bits = self.bits.view(x.shape)
        return (bits.to(x.dtype) + 0.5) * self.step + self.mean
