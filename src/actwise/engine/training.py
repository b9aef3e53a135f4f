"""All of a training that changes from batch to batch, and how it is saved and put back."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..regularization import Regularization
from ..rng import global_positions, move_global_to, stream_seed
from ..spec import RunSpec
from ..store.records import EpochRecord
from .batches import TrainingBatches
from .captured import CapturedStep, runs_users_code
from .checkpoint import TrainState
from .device import Device
from .masks import Masks
from .narrow import guard_narrow_convolutions
from .optimizers import make_optimizer, optimizer_tensors, restore_optimizer
from .schedule import Schedule, rate_tensor
from .step import Step, Totals
from .weights import cpu_copies, infinite_names

_Drawn = tuple[dict[str, Tensor], dict[str, Any]]
"""How far users' code has drawn: torch's generators; Python's and numpy's."""


@dataclass(frozen=True)
class EpochSums:
    """What an epoch's training batches gave: means over its images, and the seconds they took."""

    loss: float
    accuracy: float
    seconds: float


class Training:
    """A run between two batches.

    Attributes:
        history: The finished epochs.
        batch: Batches done of the epoch after them.
        learning_rate: Of the last step.
        has_diverged: Whether a loss was not finite, or the weights after an epoch are not (an
            activation may swallow NaN). On CUDA known only at the end of an epoch, since looking
            at a loss makes the host wait for the device.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: TrainingBatches,
        *,
        spec: RunSpec,
        regularization: Regularization,
        device: Device,
    ) -> None:
        """Stand before the first batch; ``model`` is on the device and in its memory format."""
        self.history: tuple[EpochRecord, ...] = ()
        self.batch = 0
        self.learning_rate = 0.0
        self.has_diverged = False
        self._model = model
        if not device.is_cuda:
            guard_narrow_convolutions(model)
        # A buffer may begin with infinities: a mask of attention, a least value seen so far.
        self._begin_infinite = infinite_names(dict(model.named_buffers()))
        self._batches = batches
        self._spec = spec
        self._device = device
        self._schedule = Schedule(spec.train, batches_per_epoch=len(batches))
        # On the device, as all that changes from step to step: nothing of it comes from the host.
        self._number = torch.zeros(1, dtype=torch.int64, device=device.torch_device)
        self._rate = rate_tensor(device.torch_device)
        self._rates_S = self._rate.repeat(len(batches))
        self._optimizer = make_optimizer(model, spec.train, learning_rate=self._rate)
        self._masks = Masks(model, seed=spec.seed, device=device.torch_device)
        self._step = Step(
            model=model,
            network=_compiled(model, device) if spec.train.compile else model,
            optimizer=self._optimizer,
            precision=spec.train.precision,
            device=device,
            gradient_clip=spec.train.gradient_clip,
            smoothing=regularization.smoothing,
        )
        self._captured = CapturedStep(
            device=device.torch_device,
            generators=self._masks.generators,
            has_users_code=runs_users_code(spec, regularization),
        )
        self._totals = Totals.zero(device.torch_device)
        self._past_seconds = 0.0
        self._seconds_before_clock = 0.0
        self._clock_started: float | None = None
        self._drawn: _Drawn | None = None
        self._start_epoch()

    @property
    def epoch(self) -> int:
        """The running epoch, from 1."""
        return len(self.history) + 1

    @property
    def is_over(self) -> bool:
        """Whether the schedule has ended the run."""
        return self._schedule.is_over(len(self.history))

    def ends_with(self, sums: EpochSums) -> bool:
        """Whether the running epoch, whose sums these are, is the last of the run."""
        return self._schedule.ends_with(self.epoch, train_loss=sums.loss)

    @property
    def epoch_seconds(self) -> float:
        """Time spent on the batches of the running epoch, over all attempts."""
        if self._clock_started is None:
            return self._seconds_before_clock
        return self._seconds_before_clock + time.perf_counter() - self._clock_started

    @property
    def train_seconds(self) -> float:
        """Time spent on training batches, over all attempts."""
        return self._past_seconds + self.epoch_seconds

    @property
    def num_images(self) -> int:
        """Training images seen so far, each as often as it was seen."""
        return (self._first_step + self.batch) * self._spec.train.batch_size

    @property
    def is_captured(self) -> bool:
        """Whether steps are replayed as a CUDA graph by now."""
        return self._captured.is_captured

    @property
    def running_loss(self) -> float | None:
        """Mean loss of the running epoch; on CUDA of the last one, so that nothing waits."""
        if self._device.is_cuda:
            return self.history[-1].train_loss if self.history else None
        return self._totals.loss.item() / self.batch if self.batch else None

    @property
    def images_per_second(self) -> float | None:
        """Of the running epoch so far; on CUDA, where the host runs ahead, of the last one."""
        batch_size = self._spec.train.batch_size
        if not self._device.is_cuda:
            return self.batch * batch_size / self.epoch_seconds
        if not self.history:
            return None
        return len(self._batches) * batch_size / self.history[-1].seconds

    def begin(self) -> None:
        """Go on with the running epoch: training mode, and its clock."""
        self._model.train()
        self._clock_started = time.perf_counter()

    def train_batch(self) -> None:
        """Train on the next batch of the running epoch."""
        self._captured(self.whole_step)
        self.learning_rate = self._schedule.learning_rate(self._first_step + self.batch)
        self.batch += 1
        if not self._device.is_cuda:
            self.has_diverged = not math.isfinite(self._totals.last_loss.item())

    def sums(self) -> EpochSums:
        """Stop the clock of a trained epoch and read its sums: here the host waits for CUDA."""
        loss = self._totals.loss.item() / self.batch
        accuracy = 100 * self._totals.correct.item() / (self.batch * self._spec.train.batch_size)
        self._stop_clock()
        self.has_diverged = not (math.isfinite(loss) and self.has_finite_weights())
        return EpochSums(loss=loss, accuracy=accuracy, seconds=self._seconds_before_clock)

    def has_finite_weights(self) -> bool:
        """Whether all is finite but buffers that did not begin so; waits for the device."""
        return infinite_names(self._model.state_dict()) <= self._begin_infinite

    @contextmanager
    def clock_stopped(self) -> Iterator[None]:
        """For what is no training: the time within does not count. Waits for the device."""
        was_running = self._clock_started is not None
        self._stop_clock()
        yield
        if was_running:
            self._clock_started = time.perf_counter()

    def begin_evaluation(self) -> None:
        """From here to the next epoch a checkpoint has the generators as they stand now.

        An evaluation that is stopped begins again, and users' code may draw in it too.
        """
        self._drawn = self._generators()

    def end_epoch(self, record: EpochRecord) -> None:
        """File a finished epoch and stand before the first batch of the next."""
        self._schedule.end_epoch(
            train_loss=record.train_loss, validation_loss=record.validation_loss
        )
        self.history = (*self.history, record)
        self._past_seconds += record.seconds
        self._start_epoch()

    def state(self) -> TrainState:
        """A snapshot on the CPU (waits for the device)."""
        model = {f"model/{name}": t for name, t in cpu_copies(self._model.state_dict()).items()}
        memory = cpu_copies(optimizer_tensors(self._model, self._optimizer))
        optimizer = {f"optimizer/{name}": tensor for name, tensor in memory.items()}
        sums = cpu_copies({"sums/loss": self._totals.loss, "sums/correct": self._totals.correct})
        torchs, others = self._drawn or self._generators()
        return TrainState(
            tensors={**model, **optimizer, **sums, **torchs},
            history=self.history,
            batch=self.batch,
            past_seconds=self._past_seconds,
            epoch_seconds=self.epoch_seconds,
            learning_rate=self.learning_rate,
            schedule=self._schedule.state(),
            masks=self._masks.positions(),
            generators=others,
        )

    def restore(self, state: TrainState) -> None:
        """Stand where :meth:`state` was taken."""
        groups: dict[str, dict[str, Tensor]] = {}
        for path, tensor in state.tensors.items():
            group, _, name = path.partition("/")
            groups.setdefault(group, {})[name] = tensor
        self._model.load_state_dict(groups["model"])
        restore_optimizer(self._model, self._optimizer, groups.get("optimizer", {}))
        self._schedule.restore(state.schedule)
        self.history = state.history
        self._past_seconds = state.past_seconds
        self._start_epoch()
        self.batch = state.batch
        self._number.fill_(state.batch)
        self.learning_rate = state.learning_rate
        self._seconds_before_clock = state.epoch_seconds
        self._masks.move_to(state.masks)
        self._totals.loss.copy_(groups["sums"]["loss"])
        self._totals.correct.copy_(groups["sums"]["correct"])
        torch.set_rng_state(groups["torch"]["cpu"])
        if "cuda" in groups["torch"]:
            torch.cuda.set_rng_state(groups["torch"]["cuda"], self._device.torch_device)
        if state.generators:
            move_global_to(state.generators)

    @property
    def _first_step(self) -> int:
        """Number of the running epoch's first step, over the whole run."""
        return len(self.history) * len(self._batches)

    def whole_step(self) -> None:
        """Everything of a step, on the device: static shapes and places, no wait for anything."""
        self._masks.fill(self._spec.train.batch_size)
        self._rate.copy_(self._rates_S.index_select(0, self._number)[0])
        self._step(self._batches.batch(self._number), self._totals)
        self._number.add_(1)

    def _start_epoch(self) -> None:
        """Begin the running epoch: its learning rates, and every stream (order, masks ...)."""
        self.batch = 0
        self._number.zero_()
        steps = range(self._first_step, self._first_step + len(self._batches))
        rates = [self._schedule.learning_rate(step) for step in steps]
        self._rates_S.copy_(torch.tensor(rates, dtype=torch.float64))
        self._seconds_before_clock = 0.0
        self._clock_started = None
        self._drawn = None
        self._totals.clear()
        self._batches.start_epoch(self.epoch)
        self._masks.start_epoch(self.epoch)
        # For modules of users that draw on their own; nothing of ours reads this generator.
        torch.manual_seed(stream_seed(self._spec.seed, "torch", epoch=self.epoch) % 2**63)

    def _stop_clock(self) -> None:
        self._device.synchronize()
        self._seconds_before_clock = self.epoch_seconds
        self._clock_started = None

    def _generators(self) -> _Drawn:
        torchs = {"torch/cpu": torch.get_rng_state()}
        if self._device.is_cuda:
            torchs["torch/cuda"] = torch.cuda.get_rng_state(self._device.torch_device)
        return torchs, global_positions()


def _compiled(model: nn.Module, device: Device) -> Callable[[Tensor], Tensor]:
    # As `set_backend` has it; this setter tells the compiler too.
    torch.use_deterministic_algorithms(not device.is_cuda)
    return torch.compile(model)
