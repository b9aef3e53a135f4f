"""Mish with its derivative from one exponential on the CPU, where torch's kernel is slow.

Milliseconds forward and backward for 2.1 M values, one thread of an EPYC (AVX-512), torch 2.13,
medians in turns: see docs/performance.md. On CUDA and in a compiled step torch's own is used.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from .functions import mish
from .pointwise import Pointwise, runs_own_kernels


class Mish(nn.Module):
    """x tanh(softplus(x)) (Misra 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self._own = Pointwise(mish)

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = self._own(x) if runs_own_kernels(x) else F.mish(x)
        return value
