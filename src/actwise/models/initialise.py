"""Initial weights that depend on the seed and the parameter's name alone."""

import math
from typing import Literal

import numpy as np
import torch
from torch import nn

from ..rng import stream

HE_GAIN = math.sqrt(2.0)


@torch.no_grad()
def initialise(
    network: nn.Module, *, seed: int, init: Literal["he", "gain", "own"], gain: float
) -> None:
    """Give every convolution and linear layer normal weights, N(0, gain^2 / fan_in).

    Weights are drawn on the CPU as float32 from the stream "weights" of the parameter's qualified
    name, so networks share every weight whose name and shape they share. Biases are 0. Other
    parameters (norms, which are the identity, learned slopes, a user's own) stay as built.

    Args:
        network: On any device, in any memory format.
        seed: The run's.
        init: ``he`` takes the gain of ReLU, sqrt(2), whatever the activation (He et al. 2015,
            eq. 10); ``gain`` takes ``gain``; ``own`` leaves the network as it was built.
        gain: The activation's own.
    """
    if init == "own":
        return
    scale = HE_GAIN if init == "he" else gain
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear):
            draws = stream(seed, "weights", f"{name}.weight" if name else "weight")
            fan_in = module.weight[0].numel()
            values = draws.standard_normal(module.weight.numel(), dtype=np.float32)
            values *= np.float32(scale / math.sqrt(fan_in))
            module.weight.copy_(torch.from_numpy(values).view(module.weight.shape))
            if module.bias is not None:
                module.bias.zero_()
