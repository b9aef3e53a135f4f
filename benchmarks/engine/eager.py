"""The loop that everybody writes, on any device: eager PyTorch over a DataLoader (loops.py).

With what its writers do to make it fast: pinned memory, copies that do not wait, cuDNN's benchmark,
and as many loader workers as are fastest here. Convolutions are computed in float32 or, as torch
does by default, in TF32, which only CUDA tells apart; products are in float32.
"""

from dataclasses import dataclass
from functools import partial
from itertools import islice

import torch

from actwise.spec import RunSpec
from actwise.sweep.plan import allowed_cpus
from benchmarks.engine.cells import BATCH_SIZE
from benchmarks.engine.clock import seconds_of
from benchmarks.engine.contenders import LAYOUTS
from benchmarks.engine.loops import loader_batches, make_step
from benchmarks.printing import markdown

CONVOLUTIONS = {"float32": "ieee", "TF32 convolutions": "tf32"}
LOADER_WORKERS = (0, 2, 4, 8)
# The first use up what the loader's workers had ready before the clock started.
NUM_WARM_UP, NUM_TIMED = 50, 150


@dataclass(frozen=True)
class Eager:
    """Images/s of the loop: by number of loader workers, and with the best number.

    Attributes:
        by_workers: With TF32 convolutions in the default layout.
        by_kind: By convolutions, then by layout.
    """

    by_workers: dict[int, float]
    by_kind: dict[str, dict[str, float]]

    def best(self, convolutions: str) -> float:
        """In the faster layout."""
        return max(self.by_kind[convolutions].values())


def measure_eager(spec: RunSpec, device: torch.device, *, is_quick: bool) -> Eager:
    """First the best number of loader workers, then with it every kind."""
    torch.backends.cudnn.benchmark = True
    numbers = (0, 2) if is_quick else sorted({*LOADER_WORKERS, len(allowed_cpus())})
    counts = (1, 1) if is_quick else (NUM_WARM_UP, NUM_TIMED)

    def rate(convolutions: str, layout: str, num_workers: int) -> float:
        torch.backends.cudnn.conv.fp32_precision = CONVOLUTIONS[convolutions]  # type: ignore[attr-defined]
        loop = Loop(spec, device, layout=layout, num_workers=num_workers, num_batches=sum(counts))
        loop.train(counts[0])
        seconds = seconds_of(partial(loop.train, counts[1]), device)
        return counts[1] * BATCH_SIZE / seconds

    by_workers = {number: rate("TF32 convolutions", "default", number) for number in numbers}
    best = _best(by_workers)
    by_kind = {kind: {x: rate(kind, x, best) for x in LAYOUTS} for kind in CONVOLUTIONS}
    return Eager(by_workers, by_kind)


class Loop:
    """One epoch of ``num_batches``, trained piece by piece."""

    def __init__(
        self,
        spec: RunSpec,
        device: torch.device,
        *,
        layout: str,
        num_workers: int,
        num_batches: int,
    ) -> None:
        self._device = device
        self._step = make_step(spec, LAYOUTS[layout], device=device)
        self._batches = loader_batches(
            num_batches * BATCH_SIZE, num_workers=num_workers, pin_memory=device.type == "cuda"
        )

    def train(self, num_batches: int) -> None:
        """Train on the next batches of the epoch."""
        for images_NCHW, labels_N in islice(self._batches, num_batches):
            self._step(
                images_NCHW.to(self._device, non_blocking=True),
                labels_N.to(self._device, non_blocking=True),
            )


def render_eager(eager: Eager) -> str:
    """All that was tried, in images/s."""
    rows = [
        [convolutions, *(f"{rate:,.0f}" for rate in rates.values())]
        for convolutions, rates in eager.by_kind.items()
    ]
    header = [f"eager, {_best(eager.by_workers)} loader workers", *LAYOUTS]
    tried = ", ".join(f"{number}: {rate:,.0f}" for number, rate in eager.by_workers.items())
    return f"{markdown(header, rows)}\n\nImages/s by number of loader workers: {tried}."


def _best(by_workers: dict[int, float]) -> int:
    return max(by_workers, key=lambda number: by_workers[number])
