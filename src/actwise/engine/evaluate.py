"""Loss and predictions of a model on images it is not trained on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .device import Device, Precision, autocast
from .images import Images, Normalizer

BATCH_SIZE = 250
CUDA_BATCH_SIZE = 2000
"""Larger, since small kernels cost their launch."""


@dataclass(frozen=True)
class Evaluation:
    """Mean loss (nats, no smoothing), accuracy (percent), predicted classes (int64)."""

    loss: float
    accuracy: float
    predictions_N: np.ndarray


def evaluate(
    images: Images,
    *,
    model: nn.Module,
    normalizer: Normalizer,
    device: Device,
    precision: Precision,
    should_stop: Callable[[], bool],
) -> Evaluation | None:
    """Evaluate in evaluation mode; None if ``should_stop`` said so between two batches.

    The model is left in evaluation mode.
    """
    model.eval()
    loss_sum = torch.zeros((), dtype=torch.float64, device=device.torch_device)
    predictions: list[Tensor] = []
    with torch.inference_mode():
        batch_size = CUDA_BATCH_SIZE if device.is_cuda else BATCH_SIZE
        for indices_B in torch.split(images.indices_M, batch_size):
            if should_stop():
                return None
            x_NCHW = normalizer(images.images_NCHW[indices_B])
            x_NCHW = x_NCHW.to(memory_format=device.torch_memory_format)
            with autocast(precision, device):
                logits_NK = model(x_NCHW).float()
            loss_sum += F.cross_entropy(logits_NK, images.labels_N[indices_B], reduction="sum")
            predictions.append(logits_NK.argmax(dim=1))
        predictions_N = torch.cat(predictions)
        num_correct = (predictions_N == images.labels_N[images.indices_M]).sum()
    return Evaluation(
        loss=loss_sum.item() / len(images),
        accuracy=100 * num_correct.item() / len(images),
        predictions_N=predictions_N.cpu().numpy(),
    )
