"""What a race does beside its trainings: a warm start, a measured budget, costs that fail."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.recommend import course, prepared, run
from actwise.recommend.preview import preview
from actwise.recommend.request import RaceRequest
from actwise.store import RunStore
from actwise.sweep import RunOptions
from actwise.sweep.executors import Nursery
from actwise.sweep.watch import Note
from made.races import SMALL, TWO, race
from made.sweeps import Listener


def test_costs_that_cannot_be_timed_are_no_reason_to_lose_the_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*asked: Any, **options: Any) -> None:
        raise SpecError("the network does not run")

    monkeypatch.setattr(course, "costs_of", fail)
    heard = Listener()
    advice = race(tmp_path / "store", budget="1runs", costs=True, progress=heard)
    assert (advice.costs, len(advice.trials)) == (None, 2)
    assert "costs are not known: the network does not run" in [n.text for n in heard.of(Note)]


def test_a_budget_in_time_is_measured_and_comes_to_the_runs_that_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 1,000 s a short and 3,000 s a full run, one by one: three hours pay for two full ones."""

    def calibrated(plan: Any, options: RunOptions) -> SimpleNamespace:
        seconds = [1000.0 * run.spec.train.epochs / 3 for run in plan.distinct_cells]
        cells = [SimpleNamespace(seconds_per_run=s) for s in seconds]
        return SimpleNamespace(cells=cells, estimate=SimpleNamespace(workers=1))

    monkeypatch.setattr(prepared, "calibrate", calibrated)
    request = RaceRequest(
        "convnet",
        "digits",
        budget="3h",
        candidates=TWO,
        epochs=9,
        overrides=SMALL,
        options=RunOptions(device="cpu", workers=1, executor="inline"),
    )
    found = preview(request)
    assert found.is_measured
    assert (found.num_full, found.full_runs) == (2, pytest.approx(2 / 3 + 2))
    assert found.budget == "2.7 full runs: 2 candidates of 3 epochs, then up to 2 of 9"
    assert found.seconds == pytest.approx(found.beside_seconds + 2 * 1000.0 + 2 * 3000.0)


class EndedError(Exception):
    """Nothing is planned in these tests."""


def a_new_one(path: Path) -> Path:
    return path


def one_that_is_there(path: Path) -> Path:
    RunStore.open(path, create=True).close()
    return path


@pytest.mark.parametrize(
    ("make", "executor", "modules", "expected"),
    [
        (a_new_one, "process", {}, ["begun", "planned"]),
        (a_new_one, "inline", {}, ["planned"]),
        (a_new_one, "process", {"torch": None}, ["planned"]),
        (one_that_is_there, "process", {}, ["planned"]),
    ],
)
@pytest.mark.parametrize("error", [None, OSError("no more processes")])
def test_what_takes_seconds_is_begun_before_a_new_race_is_planned(
    make: Callable[[Path], Path],
    executor: str,
    modules: dict[str, Any],
    expected: list[str],
    error: OSError | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def begin(nursery: Nursery) -> None:
        done.append("begun")
        if error is not None:
            raise error

    def plan(*asked: Any) -> None:
        done.append("planned")
        raise EndedError

    monkeypatch.setattr(Nursery, "begin", begin)
    monkeypatch.setattr(run, "prepare", plan)
    monkeypatch.setattr(run, "sys", SimpleNamespace(modules=modules))
    with pytest.raises(EndedError):
        race(make(tmp_path / "store"), executor=executor)
    assert done == expected
