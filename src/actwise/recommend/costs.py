"""What an activation costs in a network on this machine: time of a step, and memory."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from ..errors import SpecError, UnknownNameError, require_number, shortened
from ..sweep.executors import Nursery, StopRequest
from ..sweep.tries import time_steps
from ..sweep.worker import CostQuestion, Round, StepTimes
from .levels import model_level
from .race import level_names

MOST_CANDIDATES = 100
_NUM_CLASSES = 10
ImageShape = tuple[int, int, int]


@dataclass(frozen=True)
class Ratio:
    """Of two times that were taken in turns: the median of the rounds' own ratios, quartiles."""

    median: float
    lower_quartile: float
    upper_quartile: float

    @classmethod
    def of(cls, numerator_R: np.ndarray, denominator_R: np.ndarray) -> Self:
        """Of the times of every round."""
        lower, median, upper = np.quantile(numerator_R / denominator_R, [0.25, 0.5, 0.75])
        return cls(float(median), float(lower), float(upper))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lower_quartile:.2f} to {self.upper_quartile:.2f})"


@dataclass(frozen=True, kw_only=True)
class StepCost:
    """Of one activation; ratios are to the incumbent's time in the same round.

    Attributes:
        milliseconds: Median of a step: forward pass, loss, backward pass. On a CPU with one thread
            it is the processor's time, of which other jobs on the machine take none.
        step, forward, backward: Of the whole, and of its two parts.
        memory_bytes: Most that tensors take at once: weights, gradients, the batch, and all that
            the step keeps for its backward pass. What the process and its libraries take is none
            of it.
    """

    activation: str
    milliseconds: float
    step: Ratio
    forward: Ratio
    backward: Ratio
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What each activation costs in one network on one machine.

    Attributes:
        rows: The incumbent first, then in the order of the candidates.
        num_rounds: Turns of all activations that were timed.
        notes: What a user should know of the network: sentences.
    """

    model: str
    width: float
    regularization: str
    incumbent: str
    rows: tuple[StepCost, ...]
    input_shape: ImageShape
    batch_size: int
    device: str
    threads: int
    num_rounds: int
    notes: tuple[str, ...] = ()

    def __getitem__(self, activation: str) -> StepCost:
        """The row of a level."""
        for row in self.rows:
            if row.activation == activation:
                return row
        raise UnknownNameError("activation", activation, [row.activation for row in self.rows])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; docs/json.md has the shape."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.model}: step, forward, backward over {self.incumbent}, memory"]
        lines += [
            f"{row.activation}: {row.step}, {row.forward.median:.2f}, {row.backward.median:.2f}, "
            f"{row.memory_bytes / 1e6:,.0f} MB"
            for row in self.rows
        ]
        return "\n".join(lines)


def cost(
    model: str | Callable[..., Any],
    *,
    candidates: Sequence[str] | None = None,
    incumbent: str | None = "relu",
    shape: ImageShape | None = None,
    width: float = 1.0,
    regularization: str | None = None,
    batch_size: int | None = None,
    num_classes: int = _NUM_CLASSES,
    device: str = "auto",
    threads: int = 1,
    on_round: Callable[[Round], None] | None = None,
) -> Costs:
    """Time a training step with each of several activations, in turns, in a process of its own.

    Args:
        model: A level of ``model`` (``resnet18``, ``package.module:Name``, ``timm:NAME``), or a
            class or function at the top of a module that makes the network.
        candidates: Levels of ``activation``; absent = all of the table.
        incumbent: What the others are compared with; None: the first of them.
        shape: (channels, height, width) of an image, as :func:`actwise.models.audit_level` has it.
        width: Multiplier of the network's channels.
        regularization: A level; absent = ``bn``, or ``own`` for a network with layers of its own.
        batch_size: Images of a batch; absent = 128, fewer if they have more than 64 x 64 pixels.
        num_classes: Of the network.
        device: ``cpu``, ``cuda`` or ``auto``.
        threads: Of one operation on the CPU, as in ``run``.
        on_round: Hears of every round; absent = nobody.

    Raises:
        SpecError: if a level or an option is not valid, or the network does not run.
    """
    require_number("batch_size", batch_size, least=2)
    require_number("threads", threads, least=1)
    require_number("num_classes", num_classes, least=1)
    require_number("width", width, whole=False)
    if shape is not None and (isinstance(shape, str) or len(shape) != 3):
        raise SpecError(
            f"shape={shortened(shape)}: expected channels, height and width: (3, 32, 32)"
        )
    for size in shape or ():
        require_number("shape", size, least=1)
    asked = None if candidates is None else level_names(candidates)
    if asked is not None and not 1 <= len(asked) <= MOST_CANDIDATES:
        raise SpecError(f"{len(asked)} candidates; expected 1 to {MOST_CANDIDATES}")
    question = CostQuestion(
        model=model_level(model),
        activations=asked,
        incumbent=incumbent,
        regularization=regularization,
        width=width,
        input_shape=shape,
        batch_size=batch_size,
        num_classes=num_classes,
        device=device,
        threads=threads,
    )
    with Nursery(threads=threads) as nursery:
        return costs_of(question, nursery, on_round=on_round)


def costs_of(
    question: CostQuestion,
    nursery: Nursery,
    *,
    stop: StopRequest | None = None,
    on_round: Callable[[Round], None] | None = None,
) -> Costs:
    """Have a question answered.

    Raises:
        ActwiseError: as :func:`.time_steps`.
    """
    found = time_steps(question, nursery, stop=stop, on_round=on_round or (lambda done: None))
    return Costs(
        model=question.model,
        width=question.width,
        regularization=found.regularization,
        incumbent=found.steps[0].activation,
        rows=tuple(_row(own, found.steps[0]) for own in found.steps),
        input_shape=found.input_shape,
        batch_size=found.batch_size,
        device=found.device,
        threads=question.threads,
        num_rounds=len(found.steps[0].forward_seconds),
        notes=found.notes,
    )


def _row(own: StepTimes, incumbent: StepTimes) -> StepCost:
    forward_R, backward_R = np.array(own.forward_seconds), np.array(own.backward_seconds)
    forward_0_R = np.array(incumbent.forward_seconds)
    backward_0_R = np.array(incumbent.backward_seconds)
    return StepCost(
        activation=own.activation,
        milliseconds=1000 * float(np.median(forward_R + backward_R)),
        step=Ratio.of(forward_R + backward_R, forward_0_R + backward_0_R),
        forward=Ratio.of(forward_R, forward_0_R),
        backward=Ratio.of(backward_R, backward_0_R),
        memory_bytes=own.memory_bytes,
    )
