"""One training step: forward, backward, update. Static shapes, no wait for the device."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .batches import Batch
from .device import Device, Precision, autocast
from .optimizers import Optimizer


@dataclass(frozen=True)
class Totals:
    """On the device: sums over the epoch so far, of the batches' mean losses and of right answers.

    Attributes:
        last_loss: The last batch's mean loss (float32).
    """

    loss: Tensor
    correct: Tensor
    last_loss: Tensor

    @classmethod
    def zero(cls, device: torch.device) -> "Totals":
        return cls(
            loss=torch.zeros((), dtype=torch.float64, device=device),
            correct=torch.zeros((), dtype=torch.int64, device=device),
            last_loss=torch.zeros((), device=device),
        )

    def clear(self) -> None:
        """Back to zero, in place."""
        self.loss.zero_()
        self.correct.zero_()


@dataclass(frozen=True)
class Step:
    """The step of a run; its masks are filled and its learning rate is set before it is called.

    Attributes:
        model: In training mode.
        network: The model, compiled if the run asks for it.
        gradient_clip: Largest global L2 norm of the gradient.
        smoothing: Label smoothing: this part of the target is spread over all classes.
    """

    model: nn.Module
    network: Callable[[Tensor], Tensor]
    optimizer: Optimizer
    precision: Precision
    device: Device
    gradient_clip: float | None
    smoothing: float

    def __call__(self, batch: Batch, totals: Totals) -> None:
        """Train on a batch and add to ``totals``.

        Where the loss is not finite the weights become so too: the caller looks at it.
        """
        # First, so that what a capture that failed left behind is never added to.
        self.optimizer.clear_gradients()
        with autocast(self.precision, self.device):
            logits_BK = self.network(batch.x_BCHW)
        logits_BK = logits_BK.float()
        loss = self._loss(logits_BK, batch)
        torch.autograd.backward(loss)
        if self.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.gradient_clip)
        self.optimizer.step()
        with torch.no_grad():
            totals.loss.add_(loss)
            totals.last_loss.copy_(loss)
            totals.correct.add_((logits_BK.argmax(dim=1) == batch.labels_B).sum())

    def _loss(self, logits_BK: Tensor, batch: Batch) -> Tensor:
        own = F.cross_entropy(logits_BK, batch.labels_B, label_smoothing=self.smoothing)
        if batch.mixing is None:
            return own
        other_labels_B = batch.labels_B.roll(1)
        other = F.cross_entropy(logits_BK, other_labels_B, label_smoothing=self.smoothing)
        return torch.lerp(other, own, batch.mixing)
