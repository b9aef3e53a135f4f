"""Describes cells with users' code, each in a fork of a process that has run none."""

import json
import os
import select
import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import torch
from pydantic import TypeAdapter
from torch import nn

from ...datasets import DatasetInfo, info
from ...errors import ActwiseError, DataError, SpecError
from ...models import KnownData, import_package_of, make_describe
from ...numbers import signal_name
from ...spec import Description
from ...tasks import check_call, describe_task
from ...usercode import describe_fault
from .forking import die_with_parent
from .protocol import Answer, CellQuestion, Described, Refused

_POLL_SECONDS = 0.1
_FROM_JSON = TypeAdapter(Description)


class Planner:
    """Answers a driver. A data set is read once, whatever stands on it."""

    def __init__(self) -> None:
        self._data: dict[str | None, KnownData] = {}
        self._called: set[tuple[str, ...]] = set()

    def answer(self, question: CellQuestion) -> Answer:
        """The description, or why there is none; nothing that users' code does raises here."""
        if question.spec.task is not None:
            return self._answer_task(question)
        if not self._data:
            _import_compiler()
        if question.data_dir not in self._data:
            folder = None if question.data_dir is None else Path(question.data_dir)
            self._data[question.data_dir] = KnownData(folder, info=_info)
        data, cell = self._data[question.data_dir], question.spec
        try:
            # Found here, and known in every fork.
            import_package_of(cell.model)
            data.info(cell.dataset)
            data.folds(cell.dataset, cell.train.validation_fraction)
            found = _in_a_fork(lambda: asdict(make_describe(data)(cell)), _users_levels(question))
        except ActwiseError as error:
            return Refused(reason=str(error), exit_code=error.exit_code)
        return Described(description=_FROM_JSON.validate_python(found))

    def _answer_task(self, question: CellQuestion) -> Answer:
        """A function is imported once, and so that nothing of it stays here."""
        task = question.spec.task
        assert task is not None
        # Which texts are known may be told by the function, of numbers the kind alone.
        call = (task.function, *sorted(f"{n} {_kind(v)}" for n, v in task.settings.items()))

        def is_callable() -> dict[str, Any]:
            check_call(task)
            return {}

        try:
            if call not in self._called:
                _in_a_fork(is_callable, task.function)
                self._called.add(call)
            found = _in_a_fork(lambda: asdict(describe_task(question.spec)), task.function)
        except ActwiseError as error:
            return Refused(reason=str(error), exit_code=error.exit_code)
        return Described(description=_FROM_JSON.validate_python(found))


def _kind(value: Any) -> str:
    return repr(value) if isinstance(value, str | tuple) else type(value).__name__


def _info(level: str, folder: Path | None) -> DatasetInfo:
    found = _in_a_fork(lambda: asdict(info(level, folder)), f"data set {level}")
    tuples = {name: tuple(found[name]) for name in ("input_shape", "class_names", "notes")}
    return DatasetInfo(**found | tuples)


def _import_compiler() -> None:
    """What torch imports at the first network on the meta device: 2 s, that no fork need take."""
    with torch.device("meta"):
        nn.BatchNorm1d(1)(torch.zeros(2, 1))


def _users_levels(question: CellQuestion) -> str:
    cell = question.spec
    return " with ".join(
        level for level in (cell.model, cell.regularization, cell.activation) if ":" in level
    )


def _in_a_fork(work: Callable[[], dict[str, Any]], what: str) -> dict[str, Any]:
    """What ``work`` returns, as JSON brings it back; whatever it does stays in the fork.

    Raises:
        SpecError, DataError: as ``work`` does, and if it raises anything else or ends its process.
    """
    read_end, write_end = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read_end)
        die_with_parent()
        _work_and_end(work, what, write_end)
    os.close(write_end)
    try:
        line, status = _read_line(read_end, process)
    finally:
        os.close(read_end)
    # A fork that users' code made, and that goes on as this one does, writes a line of its own.
    line, end_of_line, _ = line.partition(b"\n")
    if not end_of_line:
        code = os.waitstatus_to_exitcode(status)
        end = f"ended with code {code}" if code >= 0 else f"died of {signal_name(-code)}"
        raise SpecError(f"users' code of {what}: the process that planned it {end}")
    answer: dict[str, Any] = json.loads(line)
    if "reason" in answer:
        kind = DataError if answer["exit_code"] == DataError.exit_code else SpecError
        raise kind(answer["reason"])
    return answer


def _work_and_end(work: Callable[[], dict[str, Any]], what: str, write_end: int) -> NoReturn:
    try:
        answer = work()
    except ActwiseError as error:
        answer = {"reason": str(error), "exit_code": error.exit_code}
    except BaseException as error:  # the process ends here, whatever users' code raised
        reason = f"{what}: users' code raised {describe_fault(error)}"
        answer = {"reason": reason, "exit_code": SpecError.exit_code}
    with os.fdopen(write_end, "wb") as pipe:
        pipe.write(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def _read_line(read_end: int, process: int) -> tuple[bytes, int]:
    """What a fork writes before it ends, and how it ends; what it left behind is not waited for."""
    line = b""
    while True:
        is_readable = bool(select.select([read_end], [], [], _POLL_SECONDS)[0])
        piece = os.read(read_end, 2**16) if is_readable else b""
        line += piece
        if b"\n" in line:
            os.kill(process, signal.SIGKILL)
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended and not piece:
            return line, status
        if ended:
            while select.select([read_end], [], [], 0)[0] and (more := os.read(read_end, 2**16)):
                line += more
            return line, status
