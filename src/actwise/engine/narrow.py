"""Keeps oneDNN from writing past the end of a gradient on processors without AVX-512."""

import torch
from torch import Tensor, nn

_FLOATS_A_VECTOR = 8


def guard_narrow_convolutions(model: nn.Module) -> None:
    """Let the convolutions that oneDNN overruns compute contiguously; weights stay the same.

    The gradient of the input of a strided 1x1 convolution with less than 8 input channels,
    channels last, is written past its end by oneDNN 3.12 (torch 2.13, ``brgconv_strided:avx2``,
    seen with every number of output channels on an EPYC of family 25, model 1): the process dies,
    or goes on with a damaged heap. Where the processor has AVX-512 another kernel is taken, and
    nothing is done here.
    """
    if torch.backends.cpu.get_cpu_capability() == "AVX512":
        return
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and _is_overrun(module):
            weight_OC11 = module.weight.data
            # Of both layouts, as torch sees it: `contiguous` would leave its strides.
            module.weight.data = weight_OC11.flatten().view(weight_OC11.shape)
            module.register_forward_pre_hook(_contiguous)


def _is_overrun(convolution: nn.Conv2d) -> bool:
    return (
        all(size == 1 for size in convolution.kernel_size)
        and any(step > 1 for step in convolution.stride)
        and convolution.in_channels < _FLOATS_A_VECTOR
    )


def _contiguous(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(x_NCHW.contiguous() for x_NCHW in inputs)
