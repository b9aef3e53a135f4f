"""What driver and worker say to each other: frozen data, on a pipe as one JSON object a line.

The driver sends ``Start`` and ``Setup`` at once, then ``Work`` whenever the worker is idle, and
``Stop``. The worker answers every assignment of a Work with any number of ``Advanced`` and one
result: ``Done``, ``PutBack`` or ``Tried``. It ends when its end of the pipe closes. One
that gets a ``CellQuestion``, and answers ``Described`` or ``Refused``, never trains; nor does one
that gets a ``CostQuestion``, and answers with ``Round`` after ``Round``, then ``Costed`` or
``Refused``.
"""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, TypeAdapter

from ...errors import StoreError
from ...spec import Description, ObserveSpec, RunSpec, TaskSpec
from ...store.records import RunRecord

WORKERS_LOG = "workers.log"
"""In the folder of logs: what workers write outside of runs."""


class _Said(BaseModel):
    """Numbers need not be finite: a loss may be anything, and arrives as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


_TOLD_AT_START = re.compile(r"ACTWISE_\w+|COLUMNS|LINES|TERM|NO_COLOR")


def is_told_at_start(variable: str) -> bool:
    """Whether a variable of the environment is in a :class:`Start`."""
    return _TOLD_AT_START.fullmatch(variable) is not None


class Start(_Said):
    """What a worker, or the mother of workers, needs to import torch.

    Attributes:
        folder: The driver's working directory.
        import_path: The driver's ``sys.path``, that folder first: where users' code is.
        environment: The driver's variables that matter to no process before it works.
    """

    type: Literal["start"] = "start"
    folder: str
    import_path: tuple[str, ...]
    environment: dict[str, str]


class Setup(_Said):
    """What holds for all runs of one command.

    Attributes:
        cpus: Logical CPUs that a worker may use; None leaves its affinity alone.
        checkpoints, weights, logs: Folders of the store.
    """

    type: Literal["setup"] = "setup"
    data_dir: str | None
    device: str
    threads: int
    checkpoints: str
    weights: str
    logs: str
    cpus: tuple[int, ...] | None
    checkpoint_seconds: float
    allow_environment_change: bool


class Assignment(_Said):
    """One run under one lease.

    Attributes:
        token: Fencing token of the lease.
        spec: With canonical levels, so that a result is a function of the run's id alone.
        data_digest, code_digests: What the id was made from; the worker holds them against what
            it loads.
        task: Where the training is the user's own: what must come out of it.
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
    task: TaskSpec | None = None
    recorded_weights: str | None = None
    max_batches: int | None = None
    timed_seconds: float = 0.0

    @property
    def has_users_code(self) -> bool:
        """Whether it needs a process of its own, that no other run will see."""
        return bool(self.code_digests)


class Work(_Said):
    """Runs that a worker trains together; usually one. Their results return singly."""

    type: Literal["work"] = "work"
    assignments: tuple[Assignment, ...]


class CellQuestion(_Said):
    """What a plan must know of a cell, with the data in a folder."""

    type: Literal["question"] = "question"
    spec: RunSpec
    data_dir: str | None


class CostQuestion(_Said):
    """What a training step costs here with each of some activations; no data set is looked at.

    Attributes:
        activations: Of which steps are timed; None: all of the table.
        incumbent: What they are compared with; None: the first of them.
        regularization: None: ``bn``, or ``own`` for a network that brings its own layers.
        input_shape, batch_size: None: what the network is made for, and what is usual at that size.
    """

    type: Literal["cost_question"] = "cost_question"
    model: str
    activations: tuple[str, ...] | None
    incumbent: str | None
    regularization: str | None
    width: float
    input_shape: tuple[int, int, int] | None
    batch_size: int | None
    num_classes: int
    device: str
    threads: int


class Stop(_Said):
    """Stop at the next batch, with a checkpoint."""

    type: Literal["stop"] = "stop"


class Advanced(_Said):
    """Where a run stands, as :class:`actwise.engine.Progress` says it.

    Of a training of the user's own the number of epochs and of batches is not known (None, 0);
    ``metrics`` is what it gave back after the epoch.
    """

    type: Literal["advanced"] = "advanced"
    run_id: str
    epoch: int
    epochs: int | None
    batch: int
    batches: int
    loss: float | None
    images_per_second: float | None
    metrics: dict[str, float | None] = {}


def _read_record(value: Any) -> RunRecord:
    return value if isinstance(value, RunRecord) else RunRecord.from_json(value)


_Record = Annotated[
    RunRecord, PlainValidator(_read_record), PlainSerializer(RunRecord.to_json, when_used="json")
]


class Done(_Said):
    """A run has ended: with a result, or with an exception in code."""

    type: Literal["done"] = "done"
    record: _Record

    @property
    def run_id(self) -> str:
        return self.record.run_id


class PutBack(_Said):
    """A run has no result: it was stopped, or met an accident that is none of its code's.

    Attributes:
        was_tried: Whether it was an attempt; the loss of a machine is none.
    """

    type: Literal["put_back"] = "put_back"
    run_id: str
    reason: str
    is_accident: bool
    was_tried: bool = True


class Tried(_Said):
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

    type: Literal["tried"] = "tried"
    run_id: str
    loss: float | None = None
    images_per_second: float | None = None
    before_seconds: float | None = None
    peak_memory_bytes: int | None = None
    device_memory_bytes: int | None = None
    traceback: str | None = None


class Described(_Said):
    """What a plan must know of a cell."""

    type: Literal["described"] = "described"
    description: Description


class Refused(_Said):
    """Why a cell cannot be planned: a sentence for the user, with the exit code of its kind."""

    type: Literal["refused"] = "refused"
    reason: str
    exit_code: int


class Round(_Said):
    """So many rounds have been timed, of at most so many."""

    type: Literal["round"] = "round"
    done: int
    most: int


class StepTimes(_Said):
    """Of one activation: seconds of every round, and the most that tensors of a step take."""

    activation: str
    forward_seconds: tuple[float, ...]
    backward_seconds: tuple[float, ...]
    memory_bytes: int


class Costed(_Said):
    """What steps cost, the incumbent's first.

    Attributes:
        notes: What a user should know of the networks: sentences.
    """

    type: Literal["costed"] = "costed"
    steps: tuple[StepTimes, ...]
    regularization: str
    input_shape: tuple[int, int, int]
    batch_size: int
    device: str
    notes: tuple[str, ...]


Result = Done | PutBack | Tried
WorkerQuestion = CellQuestion | CostQuestion
Order = Start | Setup | WorkerQuestion | Work | Stop
Answer = Described | Refused
Message = Order | Answer | Round | Costed | Advanced | Result
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def encode(message: Message) -> bytes:
    """One line of JSON. Not-a-number and infinities travel as Python writes them."""
    # Python's own JSON: folders and messages of exceptions may hold what UTF-8 has no bytes for.
    return json.dumps(message.model_dump(mode="json")).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The inverse of :func:`encode`.

    Raises:
        StoreError: if the line is not a message: something else writes into the pipe.
    """
    try:
        return _MESSAGES.validate_python(json.loads(line))
    except (ValueError, TypeError):
        raise StoreError(f"a worker's pipe holds what is no message: {line[:80]!r}") from None
