"""What a training gives back, and what it says of itself on the way."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..store.records import EpochRecord


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """The outcome of one training. Accuracies in percent, losses in nats.

    Attributes:
        status: ``finished``; ``diverged`` (a loss or a weight was not finite: a result);
            ``stopped`` (by ``should_stop``: a checkpoint has been saved, the other fields but
            ``epochs`` and the times are empty).
        epochs: One record per finished epoch; the epoch that diverged has none.
        test_accuracy: Of the final model, on the test split, which is read once, at the end.
        best_test_accuracy: Of the best epoch: optimistic; None without the test curve.
        reestimated_accuracy: Of a copy of the final model whose norms have statistics estimated
            anew, on the test split; None unless asked for.
        validation_accuracy: Of the last epoch; None without a validation split.
        train_accuracy: The running one of the last epoch (augmented images, dropout on).
        predictions_N: Predicted class of every test image, int64, canonical order.
        train_seconds: Time spent on training batches, over all attempts that the result contains.
        images_per_second: Training images per second of ``train_seconds``.
    """

    status: Literal["finished", "diverged", "stopped"]
    epochs: tuple[EpochRecord, ...]
    train_seconds: float
    images_per_second: float | None
    test_accuracy: float | None = None
    test_loss: float | None = None
    best_test_accuracy: float | None = None
    reestimated_accuracy: float | None = None
    validation_accuracy: float | None = None
    train_accuracy: float | None = None
    predictions_N: np.ndarray | None = None
    weights_sha256: str | None = None


@dataclass(frozen=True)
class Progress:
    """Where a run stands: ``batch`` of ``batches`` done in ``epoch`` (from 1) of ``epochs``.

    ``loss`` and ``images_per_second`` are means of the epoch so far. On CUDA they are those of the
    epoch before (None in the first): to know them earlier the host would wait for the device.
    """

    run_id: str | None
    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float | None
    images_per_second: float | None
