"""Studies of seconds, drivers as processes of their own, and what has to come out equal."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from actwise.spec import StudySpec, parse_study
from actwise.store import RunStore
from actwise.sweep import Outcome
from actwise.sweep.run import run
from actwise.sweep.watch import Event
from made.forks import SERVER, Fork

USERS_CODE = Path(__file__).with_name("users_code.py")
TIMES = ("train_seconds", "images_per_second", "environment")


def study_values(
    *,
    name: str = "small",
    model: tuple[str, ...] = ("convnet",),
    regularization: tuple[str, ...] = ("bn+dropout(0.1)+aug",),
    activation: tuple[str, ...] = ("relu", "elu"),
    seeds: tuple[int, ...] = (0, 1),
    observe: dict[str, Any] | None = None,
    **train: Any,
) -> dict[str, Any]:
    """A study on digits whose runs take a fraction of a second."""
    return {
        "name": name,
        "width": 0.125,
        "seeds": seeds,
        "factors": {
            "dataset": ("digits",),
            "model": model,
            "regularization": regularization,
            "activation": activation,
        },
        "train": {"epochs": 2, "batch_size": 64, "train_size": 256, "learning_rate": 0.05} | train,
        "observe": observe or {},
    }


def small_study(**changes: Any) -> StudySpec:
    return parse_study(study_values(**changes), source="test")


class Listener:
    """Keeps the events of a sweep."""

    def __init__(self, on_event: Callable[[Event], None] = lambda event: None) -> None:
        self.events: list[Event] = []
        self._on_event = on_event

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self._on_event(event)

    def close(self) -> None:
        """Nothing is open."""

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def sweep(
    folder: Path, study: StudySpec, *, progress: Listener | None = None, **options: Any
) -> Outcome:
    """Run a study in this process, inline unless asked otherwise."""
    with RunStore.open(folder, create=True) as store:
        return run(study, store, progress=progress, **({"executor": "inline"} | options))


DRIVE = """
import json, sys
from actwise.spec import parse_study
from actwise.store import RunStore
from actwise.sweep.run import run
from actwise.sweep.watch import JsonProgress
study = parse_study(json.loads(sys.argv[2]), source="test")
with RunStore.open(sys.argv[1], create=True) as store:
    outcome = run(study, store, progress=JsonProgress(sys.stdout), **json.loads(sys.argv[3]))
sys.exit(outcome.exit_code)
"""


def driver_of(folder: Path, values: dict[str, Any], **options: Any) -> Fork:
    """A driver with worker processes that prints its events; killed at the end if need be."""
    asked = (str(folder), json.dumps(values), json.dumps(options))
    return Fork(DRIVE, *asked, folder=folder.parent)


def drive(folder: Path, values: dict[str, Any], **options: Any) -> tuple[int, str]:
    """Run a driver to its end: exit code, and what it said on stdout and stderr."""
    with driver_of(folder, values, **options) as driver:
        return finish(driver)


def finish(driver: Fork) -> tuple[int, str]:
    """Wait for the end of a driver: exit code, and the rest of what it said."""
    stdout, stderr = driver.rest(seconds=120)
    return driver.wait(), stdout + stderr


def wait_for_event(driver: Fork, name: str) -> dict[str, Any]:
    """Read a driver's events up to the first of a kind."""
    for line in driver.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == name:
            return event
    raise AssertionError(f"the driver ended before {name}: {driver.stderr.read()}")


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Everything deterministic of every run that has a result, by run id."""
    with RunStore.open(folder) as store:
        records = {run_id: store.result(run_id) for run_id in store.states()}
    return {run_id: _comparable(asdict(record)) for run_id, record in records.items() if record}


def attempts(folder: Path) -> set[int]:
    with RunStore.open(folder) as store:
        return {state.attempts for state in store.states().values()}


def workers_of(folder: Path) -> list[psutil.Process]:
    """Processes alive that work for drivers started beside a store."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        line = process.info["cmdline"] or []
        is_ours = "actwise.sweep.worker" in line or str(SERVER) in line
        if is_ours and process.info["cwd"] == str(folder.parent):
            found.append(process)
    return [process for process in found if process.info["status"] != psutil.STATUS_ZOMBIE]


def wait_until_gone(folder: Path, *, seconds: float = 10.0) -> None:
    """No process of a sweep is left, or AssertionError."""
    deadline = time.monotonic() + seconds
    while left := workers_of(folder):
        assert time.monotonic() < deadline, f"still alive: {left}"
        time.sleep(0.05)


def born(number: int) -> list[psutil.Process]:
    """So many workers, once they are all there: children of the children of this process."""
    deadline = time.monotonic() + 60
    while True:
        mothers = psutil.Process().children()
        workers = [worker for mother in mothers for worker in _children_of(mother)]
        if len(workers) == number:
            return workers
        assert time.monotonic() < deadline, workers
        time.sleep(0.02)


def _children_of(process: psutil.Process) -> list[psutil.Process]:
    return [] if process.status() == psutil.STATUS_ZOMBIE else process.children()


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    for name in TIMES:
        record.pop(name)
    for epoch in record["epochs"]:
        epoch.pop("seconds")
    return {name: None if _is_nan(value) else value for name, value in record.items()}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
