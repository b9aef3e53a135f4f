"""``aw.diagnose``: the measurement and, where batch norm is shifted, the test of that."""

from dataclasses import replace
from typing import Any

from torch import nn

from ..errors import ActwiseError
from ..usercode import describe_fault
from .measure import accuracy_of, measure
from .probe_set import Loss
from .reestimation import reestimate
from .signal_report import SignalReport


def diagnose(
    model: nn.Module,
    images: Any,
    labels: Any = None,
    *,
    batch_size: int | None = None,
    loss: Loss | None = None,
) -> SignalReport:
    """What becomes of values and gradients at every activation of a model, and what is odd.

    The model runs in evaluation mode and comes back as it was: modes, buffers, gradients, and the
    random numbers of torch, numpy and Python. Hooks of the user's are called. Memory is that of one
    batch, and the result does not depend on the batch size but for rounding.

    Where batch norm meets other variances than it has learned and there are classes, the report has
    the accuracy with re-estimated statistics (``aw.reestimate``) beside the model's own, both on
    these images; or a warning, why not.

    Args:
        model: Any ``nn.Module`` with values, on any device.
        images: What it takes, as a tensor or a tuple or dict of tensors, of all images; or an
            iterable of batches: images, or pairs of images and classes (with ``loss``, any labels).
        labels: Classes. Without them there is no accuracy, and gradients are of random
            directions of the output.
        batch_size: Images of a pass; None: at most 250, fewer of large ones.
        loss: Of the output and the labels, in place of the cross-entropy: the mean over the images
            of a batch, as torch's own losses give it, or one value an image.

    Raises:
        SpecError: if the model does not run on the images, computes no activation that can be
            seen, images hold NaN, or labels do not fit.
    """
    report = measure(model, images, labels, batch_size=batch_size, loss=loss)
    if not report.is_shifted or report.accuracy is None:
        return report
    try:
        other = reestimate(model, images, batch_size=batch_size)
        again = accuracy_of(other, images, labels, batch_size=batch_size)
    except Exception as error:  # the copy is of a user's model; what was measured is kept
        fault = str(error) if isinstance(error, ActwiseError) else describe_fault(error)
        why = f"the accuracy with re-estimated statistics: {fault}"
        return replace(report, warnings=(*report.warnings, why))
    return replace(report, reestimated_accuracy=again)
