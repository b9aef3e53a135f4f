"""Signal flow during training: an observer that measures it now and then."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal

from torch import Tensor, nn

from ..engine import Sight
from ..errors import ActwiseError
from ..spec import ProbesSpec
from ..store.records import ProbeRow, observed_probes, pack_probes, unpack_probes
from .measure import measure
from .reestimation import batch_norms, reestimate
from .signal import NormSignal, SiteSignal, SumSignal
from .signal_report import SignalReport

BATCH_SIZE = 32
"""Images at once: few, since one takes more memory than in training. ResNet18 at width 1/2 (batches
of 128, one thread, torch 2.13, n = 1): 519 MB without probes, 556, 589 and 768 with 16, 32 and 64;
of 256 images at width 1/4 a probe takes 1.8, 1.2 and 1.0 s."""
_OF_SITES = (
    *("role", "depth", "units", "nonfinite", "dead", "nearly_dead", "constant"),
    *("blocked", "zero_fraction", "blocked_fraction", "low_slope_fraction", "slope_second_moment"),
    *("saturated_fraction", "mean", "mean_shift", "input_second_moment", "second_moment"),
    *("second_moment_ratio", "gradient_norm", "effective_rank"),
)
_OF_NORMS = ("variance_ratio", "mean_difference")
_OF_SUMS = ("shortcut_energy", "branch_energy", "sum_energy")


class ProbeObserver:
    """Measures a run before its first batch, after some epochs, and after the last.

    In evaluation mode, on training images as they are, in float32 whatever the run's precision.
    Before the first batch norms have no statistics yet: a copy is measured whose norms have those
    of the images at hand.

    Attributes:
        rows: What was measured, epoch by epoch; none of a network in which nothing can be.
    """

    name = "probes"

    def __init__(self, spec: ProbesSpec, *, batch_size: int = BATCH_SIZE) -> None:
        """``batch_size``: of the training; no more images are measured at once."""
        self.rows: list[ProbeRow] = []
        self._spec = spec
        self._batch_size = min(BATCH_SIZE, batch_size)
        self._is_possible = True

    def look(self, sight: Sight) -> None:
        """Measure, if it is due."""
        if not self._is_possible or not self._spec.is_due(sight.epoch, is_last=sight.is_last):
            return
        x_NCHW, labels_N = sight.images(self._spec.num_images(sight.num_images))
        try:
            model = sight.model if sight.epoch else _normed(sight.model, x_NCHW)
            report = measure(model, x_NCHW, labels_N, batch_size=self._batch_size)
        except ActwiseError as error:
            _note(f"signal flow is not measured: {error}")
            self._is_possible = False
            self.rows.clear()
            return
        self.rows += probe_rows(report, epoch=sight.epoch)

    def state(self) -> bytes:
        """What was measured, after how densely."""
        return f"{observed_probes(self._spec)}\n".encode() + pack_probes(self.rows)

    def restore(self, state: bytes | None, *, num_epochs: int) -> bool:
        """Go on from a checkpoint of probes as dense as these."""
        density, _, packed = (state or b"").partition(b"\n")
        if density != observed_probes(self._spec).encode():
            return False
        self.rows = list(unpack_probes(packed))
        # Before the first batch something was measured, if it is possible.
        self._is_possible = bool(self.rows)
        return True


def reestimated_for_test(model: nn.Module, images: Tensor) -> nn.Module | None:
    """A copy whose batch norms have the statistics of images; the model itself if it has none.

    None of a model that cannot be copied; the run's log says so.
    """
    try:
        return _normed(model, images)
    except ActwiseError as error:
        _note(f"nothing is tested with re-estimated statistics: {error}")
        return None


def _normed(model: nn.Module, images: Tensor) -> nn.Module:
    return reestimate(model, images, batch_size=BATCH_SIZE) if batch_norms(model) else model


def _note(text: str) -> None:
    # A full disk must not turn a log into an accident.
    with suppress(OSError):
        sys.stderr.write(f"{text}\n")


def probe_rows(report: SignalReport, *, epoch: int) -> Iterator[ProbeRow]:
    """The rows of a report, as a store keeps them."""
    for site in report.sites:
        learned = site.learned[0] if site.learned else None
        slopes = {
            f"learned_{name}": None if learned is None else getattr(learned, name)
            for name in ("mean", "least", "greatest")
        }
        yield _row(report, epoch, "site", site, _OF_SITES, function=site.activation, **slopes)
    for norm in report.norms:
        yield _row(report, epoch, "norm", norm, _OF_NORMS, units=norm.channels)
    for part in report.sums:
        yield _row(report, epoch, "sum", part, _OF_SUMS)


def _row(
    report: SignalReport,
    epoch: int,
    place: Literal["site", "norm", "sum"],
    found: SiteSignal | NormSignal | SumSignal,
    names: tuple[str, ...],
    **others: Any,
) -> ProbeRow:
    values = {name: getattr(found, name) for name in names}
    return ProbeRow(
        epoch=epoch, images=report.images, place=place, name=found.name, **values, **others
    )
