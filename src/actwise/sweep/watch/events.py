"""What a driver tells whoever watches: one frozen object per event."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class SweepStarted:
    """``num_runs`` distinct runs are planned, ``num_done`` of them have a result already."""

    study: str
    num_runs: int
    num_done: int
    workers: int
    logs: str


@dataclass(frozen=True, kw_only=True)
class RunStarted:
    """A run has been leased; ``attempt`` counts from 1 in this command.

    ``is_compiling``: its first step is compiled before, which takes a minute or more.
    """

    run_id: str
    label: str
    attempt: int
    is_compiling: bool = False


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """Where a run stands; ``loss`` and rate are the epoch's means so far (None: not known yet).

    ``seconds_left`` is of the whole sweep, by the rate of this command; None at its beginning.
    ``is_compiling``: in this epoch the step was compiled, which ``images_per_second`` counts in.
    Of a training of the user's own ``epochs`` is None, and ``metrics`` is what it gave back.
    """

    run_id: str
    label: str
    epoch: int
    epochs: int | None
    batch: int
    batches: int
    loss: float | None
    images_per_second: float | None
    seconds_left: float | None
    is_compiling: bool = False
    metrics: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """A run has been recorded: ``finished``, ``diverged`` or ``failed``.

    ``metrics``: what a training of the user's own gave back at its end. ``reason``: the last line
    of the traceback of a failed run; else empty.
    """

    run_id: str
    label: str
    status: str
    test_accuracy: float | None
    train_seconds: float
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RunEndedElsewhere:
    """Another driver on the same store has brought a run to its result."""

    run_id: str
    label: str
    status: str


@dataclass(frozen=True, kw_only=True)
class RunPutBack:
    """A run ended without a result; ``is_given_up``: this command tries it no more.

    ``attempts`` counts those of this command.
    """

    run_id: str
    label: str
    reason: str
    is_given_up: bool
    attempts: int = 1


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """All that is left is being trained by other drivers."""

    num_runs: int
    holders: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """Something that the user should know, in one sentence."""

    text: str


@dataclass(frozen=True, kw_only=True)
class SweepEnded:
    """How the study stands: counts of distinct runs. See :class:`actwise.sweep.Outcome`."""

    finished: int
    diverged: int
    failed: int
    left: int
    exit_code: int
    put_back: int = 0


Event = (
    SweepStarted
    | RunStarted
    | RunProgress
    | RunEnded
    | RunEndedElsewhere
    | RunPutBack
    | Waiting
    | Note
    | SweepEnded
)

EVENT_NAMES: dict[type[Any], str] = {
    SweepStarted: "sweep_started",
    RunStarted: "run_started",
    RunProgress: "run_progress",
    RunEnded: "run_ended",
    RunEndedElsewhere: "run_ended_elsewhere",
    RunPutBack: "run_put_back",
    Waiting: "waiting",
    Note: "note",
    SweepEnded: "sweep_ended",
}


class ProgressSink(Protocol):
    """Who watches a sweep."""

    def emit(self, event: Event) -> None:
        """Take note of an event; called in the driver's main thread, so it must be quick."""
        ...

    def close(self) -> None:
        """The command ends, however it ends. May be called twice."""
        ...


def event_values(event: Event) -> dict[str, Any]:
    """An event as plain JSON values; a number that is not finite becomes None."""
    values = {"event": EVENT_NAMES[type(event)], **asdict(event)}
    return {key: None if _is_not_finite(value) else value for key, value in values.items()}


def _is_not_finite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
