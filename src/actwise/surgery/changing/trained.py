"""Whether a model's weights look trained: a swap under them is no neutral change."""

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor, nn

_FEWEST, _MOST = 1000, 65536
_HEAVY = 1.0
"""Weights as 16 networks of torchvision and timm draw them: medians over the layers of a network
from -1.2 (uniform) to 0.1 (normal), single layers above only where they start as the identity."""

_NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
_WEIGHTED = (nn.Linear, nn.modules.conv._ConvNd)


@torch.no_grad()
def warning_if_trained(model: nn.Module) -> list[str]:
    """A sentence if the weights look trained, with the sign of it; without values no one knows."""
    sign = next(_signs(model), None)
    if sign is None:
        return []
    return [
        f"the weights look trained ({sign}); they were fitted to the old activations, so train on "
        "or start from new weights before comparing"
    ]


def _signs(model: nn.Module) -> Iterator[str]:
    if any(tensor.is_meta for tensor in (*model.parameters(), *model.buffers())):
        return
    if any(parameter.grad is not None for parameter in model.parameters()):
        yield "parameters have gradients"
    for name, module in model.named_modules():
        if isinstance(module, _NORMS):
            mean, weight = module._buffers.get("running_mean"), _weight(module)
            if mean is not None and mean.any():
                yield f"{name} has running statistics"
            if weight is not None and weight.min() != weight.max():
                yield f"the scales of {name} differ"
    weights = (_weight(module) for module in model.modules() if isinstance(module, _WEIGHTED))
    tails = [_excess_kurtosis(w) for w in weights if w is not None and w.numel() >= _FEWEST]
    if tails and statistics.median(tails) > _HEAVY:
        yield "most layers have weights with heavy tails"


def _weight(module: nn.Module) -> Tensor | None:
    """The weight itself: one that is computed (spectral norm) may move what it comes from."""
    return module._parameters.get("weight")


def _excess_kurtosis(weight: Tensor) -> float:
    values = weight.detach().flatten()[:_MOST].double()
    scale = values.std()
    return ((values - values.mean()) / scale).pow(4).mean().item() - 3.0 if scale else 0.0
