"""How a study is run and how that ended: nothing here changes a result."""

import inspect
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypedDict, TypeVar, get_type_hints

from ...errors import SpecError, UnknownNameError, require_number
from ...store import RunState

DeviceName = Literal["cpu", "cuda", "auto"]
ExecutorName = Literal["inline", "process", "ray"]
_Call = TypeVar("_Call", bound=Callable[..., Any])


MOST_THREADS = 1024
"""Of a run: where the system has no more to give, torch ends the process."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of one ``run`` command.

    Attributes:
        data_dir: Where data sets lie; absent = ``$ACTWISE_DATA``.
        workers: Runs in flight; absent = what this machine carries (:mod:`.resources`), or what the
            nodes of a Ray cluster do.
        device: cpu, cuda, or auto (CUDA where it is there).
        threads: Threads per run. Part of the numerics fingerprint, so 1 whatever ``workers`` is.
        executor: ``process`` (a process per slot), ``inline`` (in this process) or ``ray`` (a
            process per slot, on the nodes of a Ray cluster).
        ray_address: Of the cluster: ``HOST:PORT``, ``auto`` (the one that this machine is in) or
            ``local`` (one of this command's own); absent = ``$RAY_ADDRESS``, or else the one that
            this machine is in, or else one of its own.
        gpus_per_worker: What Ray sets apart for a run on CUDA; less than 1 shares a GPU.
        time_limit_seconds: Stop after so long, with checkpoints; absent = no limit.
        retry_failed: Run again what raised an exception before.
        observe_again: Repeat finished runs that lack an observation the study asks for.
        accept_engines: Engine versions whose results count as finished, besides this one.
        accept_code_digests: Digests of users' code, or their first 8 digits or more, whose results
            count as finished in place of those of the code as it is.
        allow_environment_change: Continue checkpoints of another numerics fingerprint, marked.
        checkpoint_seconds: A checkpoint is due so long after the last one.
        max_attempts: Accidents that a run may meet in one command before it is left.
    """

    data_dir: Path | None = None
    workers: int | None = None
    threads: int = 1
    device: DeviceName = "auto"
    executor: ExecutorName = "process"
    ray_address: str | None = None
    gpus_per_worker: float | None = None
    time_limit_seconds: float | None = None
    retry_failed: bool = False
    observe_again: bool = False
    accept_engines: tuple[int, ...] = ()
    accept_code_digests: tuple[str, ...] = ()
    allow_environment_change: bool = False
    checkpoint_seconds: float = 30.0
    max_attempts: int = 3

    def __post_init__(self) -> None:
        if self.executor not in ("inline", "process", "ray"):
            raise SpecError(
                f"executor {self.executor!r} is not available; expected inline, process or ray"
            )
        for name, value in (
            ("ray_address", self.ray_address),
            ("gpus_per_worker", self.gpus_per_worker),
        ):
            if value is not None and self.executor != "ray":
                raise SpecError(f"{name}={value} is for executor='ray'")
        gpus = self.gpus_per_worker
        if gpus is not None and not (0 < gpus < math.inf and (gpus < 1 or gpus == int(gpus))):
            raise SpecError(f"gpus_per_worker={gpus:g} must be a part of 1, or a whole number")
        if gpus is not None and self.device == "cpu":
            raise SpecError(f"gpus_per_worker={gpus:g} is for CUDA, and device is 'cpu'")
        if self.device not in ("cpu", "cuda", "auto"):
            raise SpecError(f"device {self.device!r} is not known; expected cpu, cuda or auto")
        for name in ("workers", "threads", "max_attempts"):
            require_number(name, getattr(self, name), least=1)
        if self.threads > MOST_THREADS:
            raise SpecError(f"threads={self.threads} must be at most {MOST_THREADS:,}")
        for name in ("time_limit_seconds", "checkpoint_seconds"):
            require_number(name, getattr(self, name), whole=False)
        for digest in self.accept_code_digests:
            if not re.fullmatch("[0-9a-f]{8,64}", digest):
                raise SpecError(
                    f"accept_code_digest {digest!r} is no code digest; expected its 64 hexadecimal "
                    "digits, or the first 8 or more"
                )
        if self.executor == "inline" and (self.workers or 1) > 1:
            raise SpecError(f"workers={self.workers}: the inline executor trains one run at a time")
        if self.time_limit_seconds is not None and self.time_limit_seconds <= 0:
            raise SpecError(f"time_limit_seconds={self.time_limit_seconds:g} must be above 0")


class RaceKeywords(TypedDict, total=False):
    """The fields of :class:`RunOptions` that a race takes, as keywords of a call."""

    data_dir: Path | None
    workers: int | None
    threads: int
    device: DeviceName
    executor: ExecutorName
    ray_address: str | None
    gpus_per_worker: float | None
    time_limit_seconds: float | None
    retry_failed: bool
    allow_environment_change: bool
    checkpoint_seconds: float
    max_attempts: int


class RunKeywords(RaceKeywords, total=False):
    """All of them; these are about other runs than those that a race asks for."""

    observe_again: bool
    accept_engines: tuple[int, ...]
    accept_code_digests: tuple[str, ...]


def chosen_options(call: str, keywords: type, given: Mapping[str, Any]) -> RunOptions:
    """The options of a call.

    Raises:
        SpecError: for one that is not known or not valid.
    """
    known = get_type_hints(keywords)
    for name in given:
        if name not in known:
            raise UnknownNameError(f"option of {call}", name, known)
    return RunOptions(**given)


def spelled_out(keywords: type) -> Callable[[_Call], _Call]:
    """Show what ``**options`` are, with their defaults, to ``help`` and editors."""

    def shown(call: _Call) -> _Call:
        signature, fields = inspect.signature(call), inspect.signature(RunOptions).parameters
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        options = [fields[name] for name in get_type_hints(keywords)]
        vars(call)["__signature__"] = signature.replace(parameters=[*own, *options])
        return call

    return shown


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a study stands after a command: counts of distinct runs.

    Attributes:
        left: Runs without a result: stopped, given up after accidents, or not begun.
        exit_code: 0 done (diverged runs are results), 1 some runs failed or were given up,
            4 stopped by the time limit with runs left, 130 interrupted, 143 terminated.
        put_back: Those left whose last attempt ended in an accident; the next command tries them.
    """

    finished: int
    diverged: int
    failed: int
    left: int
    exit_code: int
    put_back: int = 0

    @classmethod
    def of(cls, states: Collection[RunState]) -> Self:
        """How these runs stand, if no stop was asked for."""
        finished, diverged, failed = (
            sum(state.status == status for state in states)
            for status in ("finished", "diverged", "failed")
        )
        left = len(states) - finished - diverged - failed
        put_back = sum(state.is_put_back for state in states)
        return cls(
            finished=finished,
            diverged=diverged,
            failed=failed,
            left=left,
            exit_code=int(failed + left > 0),
            put_back=put_back,
        )
