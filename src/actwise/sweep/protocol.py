"""What driver and worker say to each other: frozen data, on a pipe as one JSON object a line.

The driver sends ``Start`` at once and ``Setup`` when it has planned, then ``Work`` whenever the
worker is idle, and ``Stop``. The worker answers every assignment of a Work with any number of
``Progress`` and one result: ``Done``, ``PutBack`` or ``Tried``. It ends when its end of the pipe
closes.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import StoreError
from ..spec import ObserveSpec, RunSpec
from ..store.records import RunRecord

WORKERS_LOG = "workers.log"
"""In the folder of logs: what workers write outside of runs."""


@dataclass(frozen=True)
class Start:
    """What a worker needs to import torch, while the driver plans.

    Attributes:
        import_path: The driver's ``sys.path``, its working directory first: where users' code is.
    """

    import_path: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What holds for all runs of one command.

    Attributes:
        cpus: Logical CPUs that a worker may use; None leaves its affinity alone.
        checkpoints, weights, logs: Folders of the store.
    """

    data_dir: str | None
    device: str
    threads: int
    checkpoints: str
    weights: str
    logs: str
    cpus: tuple[int, ...] | None
    checkpoint_seconds: float
    allow_environment_change: bool


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One run under one lease.

    Attributes:
        token: Fencing token of the lease.
        spec: With canonical levels, so that a result is a function of the run's id alone.
        data_digest, code_digests: What the id was made from; the worker holds them against what
            it loads.
        recorded_weights: Set when a finished run is observed again: the weights it must come to.
        max_batches: Only try: stop after so many batches, keep nothing.
        timed_seconds: Of a try: go on until batches that take so long have been timed.
    """

    run_id: str
    token: int
    spec: RunSpec
    observe: ObserveSpec
    data_digest: str
    code_digests: tuple[tuple[str, str], ...] = ()
    recorded_weights: str | None = None
    max_batches: int | None = None
    timed_seconds: float = 0.0


@dataclass(frozen=True)
class Work:
    """Runs that a worker trains together; usually one. Their results return singly."""

    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Stop:
    """Stop at the next batch, with a checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """As :class:`actwise.engine.Progress`."""

    run_id: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float | None
    images_per_second: float | None


@dataclass(frozen=True)
class Done:
    """A run has ended: with a result, or with an exception in code."""

    record: RunRecord

    @property
    def run_id(self) -> str:
        return self.record.run_id


@dataclass(frozen=True)
class PutBack:
    """A run has no result: it was stopped, or met an accident that is none of its code's."""

    run_id: str
    reason: str
    is_accident: bool


@dataclass(frozen=True, kw_only=True)
class Tried:
    """The first batches of a run, trained only to see that they can be.

    Attributes:
        loss: Mean over the batches; not finite if the run diverges at once.
        images_per_second: Of the batches once it is warm; None without a batch.
        before_seconds: What comes before the first batch at that rate: data, network, and what
            the batches that warm it up take longer (a compiled step is compiled there).
        peak_memory_bytes: Of the process while it trained; None where the system does not tell.
        device_memory_bytes: Most that the process held of a CUDA device's memory, without the
            device's own data of a process (some 0.5 GB); None on the CPU.
        traceback: Set if an exception ended the try; the other fields are then empty.
    """

    run_id: str
    loss: float | None = None
    images_per_second: float | None = None
    before_seconds: float | None = None
    peak_memory_bytes: int | None = None
    device_memory_bytes: int | None = None
    traceback: str | None = None


Result = Done | PutBack | Tried
Message = Start | Setup | Work | Stop | Progress | Done | PutBack | Tried


def encode(message: Message) -> bytes:
    """One line of JSON. Not-a-number and infinities travel as Python writes them."""
    if isinstance(message, Done):
        values: dict[str, Any] = {"record": message.record.to_json()}
    elif isinstance(message, Work):
        values = {"assignments": [_assignment_values(a) for a in message.assignments]}
    else:
        values = asdict(message)
    return json.dumps({"type": type(message).__name__, **values}).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The inverse of :func:`encode`.

    Raises:
        StoreError: if the line is not a message: something else writes into the pipe.
    """
    try:
        values = json.loads(line)
        kind = values.pop("type")
        return _READERS[kind](values)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(f"a worker's pipe holds what is no message: {line[:80]!r}") from None


def _assignment_values(assignment: Assignment) -> dict[str, Any]:
    values = {name: getattr(assignment, name) for name in assignment.__dataclass_fields__}
    values["spec"] = assignment.spec.model_dump(mode="json")
    values["observe"] = assignment.observe.model_dump(mode="json")
    return values


def _assignment(values: dict[str, Any]) -> Assignment:
    return Assignment(
        **values
        | {
            "spec": RunSpec.model_validate(values["spec"]),
            "observe": ObserveSpec.model_validate(values["observe"]),
            "code_digests": tuple((level, digest) for level, digest in values["code_digests"]),
        }
    )


def _setup(values: dict[str, Any]) -> Setup:
    cpus = values["cpus"]
    return Setup(**values | {"cpus": None if cpus is None else tuple(cpus)})


_READERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "Start": lambda values: Start(tuple(values["import_path"])),
    "Setup": _setup,
    "Work": lambda values: Work(tuple(_assignment(a) for a in values["assignments"])),
    "Stop": lambda values: Stop(**values),
    "Progress": lambda values: Progress(**values),
    "Done": lambda values: Done(RunRecord.from_json(values["record"])),
    "PutBack": lambda values: PutBack(**values),
    "Tried": lambda values: Tried(**values),
}
