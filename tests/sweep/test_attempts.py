"""One attempt at one run in this process: data that changed, and a stop before a try is over."""

from typing import Any

import pytest

from actwise.datasets import load_planned
from actwise.models import make_describe
from actwise.spec import ObserveSpec
from actwise.sweep import make_plan
from actwise.sweep.worker import (
    Assignment,
    PutBack,
    Result,
    Setup,
    Tried,
    attempt_run,
    make_assignment,
)
from made.sweeps import small_study


@pytest.fixture
def asked() -> Assignment:
    """Two batches of a run."""
    study = small_study(model=("mlp",), activation=("relu",), seeds=(0,), epochs=1)
    (run,) = make_plan(study, make_describe(None)).runs
    return make_assignment(run, token=1, observe=ObserveSpec(), max_batches=2)


def attempt(asked: Assignment, setup: Setup, *, is_stopped: bool = False) -> Result:
    return attempt_run(
        asked, setup, should_stop=lambda: is_stopped, on_progress=lambda progress: None
    )


def test_data_that_changed_since_the_plan_are_an_accident_and_are_read_anew(
    asked: Assignment,
    setup: Setup,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked_for: list[str] = []

    def load(*arguments: Any, digest: str) -> Any:
        asked_for.append(digest)
        return load_planned(*arguments, digest=digest)

    monkeypatch.setattr("actwise.sweep.worker.attempt.load_planned", load)
    other = asked.model_copy(update={"data_digest": "0" * 64})
    reason = "data set 'digits' has changed since the plan was made; start the command again"
    for _ in range(2):
        assert attempt(other, setup) == PutBack(
            run_id=asked.run_id, reason=reason, is_accident=True
        )
    assert asked_for == ["0" * 64] * 2
    assert f"run {asked.run_id} ends: {reason}" in capsys.readouterr().err
    assert isinstance(attempt(asked, setup), Tried)


def test_a_try_that_is_stopped_before_its_batches_is_put_back(
    asked: Assignment, setup: Setup
) -> None:
    assert attempt(asked, setup, is_stopped=True) == PutBack(
        run_id=asked.run_id, reason="stopped", is_accident=False
    )
