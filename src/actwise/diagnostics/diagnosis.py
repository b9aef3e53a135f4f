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

    As :func:`.measure`, whose arguments these are. Where batch norm meets other variances than it
    has learned and there are classes, the report has the accuracy with re-estimated statistics
    (:func:`.reestimate`) beside the model's own, both on these images; or a warning, why not.

    Raises:
        SpecError: as :func:`.measure`.
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
