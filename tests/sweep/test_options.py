"""Options of a run: the last value that is taken and the first that is refused."""

from typing import Any

import pytest

from actwise.errors import SpecError, UnknownNameError
from actwise.store import RunState
from actwise.sweep import Outcome, RunOptions
from actwise.sweep.plan import RaceKeywords, RunKeywords, chosen_options

RAY: dict[str, Any] = {"executor": "ray"}
DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 1},
        {"threads": 1024},
        {"workers": 1, "executor": "inline"},
        {"executor": "inline"},
        {"time_limit_seconds": 1e-9},
        {"checkpoint_seconds": 0.0},
        {"max_attempts": 1},
        {"accept_code_digests": (DIGEST[:8],)},
        {"accept_code_digests": (DIGEST,)},
        {"device": "cuda", **RAY, "gpus_per_worker": 0.25},
        {**RAY, "gpus_per_worker": 1.0},
        {**RAY, "gpus_per_worker": 2.0},
        {**RAY, "ray_address": "auto"},
    ],
)
def test_the_last_value_with_sense_is_taken(options: dict[str, Any]) -> None:
    taken = RunOptions(**options)
    assert {name: getattr(taken, name) for name in options} == options


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"threads": 0}, "threads=0 must be at least 1"),
        ({"threads": 1025}, "threads=1025 must be at most 1,024"),
        ({"threads": 1.0}, "threads=1.0: expected a whole number"),
        ({"workers": 0}, "workers=0 must be at least 1"),
        ({"max_attempts": 0}, "max_attempts=0 must be at least 1"),
        ({"checkpoint_seconds": "3"}, "checkpoint_seconds='3': expected a number"),
        ({"time_limit_seconds": 0.0}, "time_limit_seconds=0 must be above 0"),
        (
            {"workers": 2, "executor": "inline"},
            "workers=2: the inline executor trains one run at a time",
        ),
        ({"device": "gpu"}, "device 'gpu' is not known; expected cpu, cuda or auto"),
        (
            {**RAY, "gpus_per_worker": 0.0},
            "gpus_per_worker=0 must be a part of 1, or a whole number",
        ),
        (
            {**RAY, "gpus_per_worker": -1.0},
            "gpus_per_worker=-1 must be a part of 1, or a whole number",
        ),
        *(
            (
                {"accept_code_digests": (DIGEST, digest)},
                f"accept_code_digest {digest!r} is no code digest; expected its 64 hexadecimal "
                "digits, or the first 8 or more",
            )
            for digest in (DIGEST[:7], f"{DIGEST}0", DIGEST.upper(), "")
        ),
    ],
)
def test_the_first_value_without_sense_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        RunOptions(**options)
    assert str(refusal.value) == sentence


def test_a_call_takes_the_options_that_it_knows() -> None:
    given = {"workers": 2, "accept_engines": (3,)}
    assert chosen_options("run", RunKeywords, given) == RunOptions(workers=2, accept_engines=(3,))
    with pytest.raises(UnknownNameError) as refusal:
        chosen_options("race", RaceKeywords, {"worker": 2})
    sentence = "no option of race is named 'worker'; did you mean workers?"
    assert str(refusal.value) == sentence
    with pytest.raises(UnknownNameError, match="no option of race is named 'accept_engines'"):
        chosen_options("race", RaceKeywords, given)


def state(status: Any, accident: str | None = None) -> RunState:
    return RunState("a", status, 1, (), None, accident)


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        ([], Outcome(finished=0, diverged=0, failed=0, left=0, exit_code=0)),
        (
            [state("finished"), state("finished", "killed"), state("diverged")],
            Outcome(finished=2, diverged=1, failed=0, left=0, exit_code=0),
        ),
        (
            [state("finished"), state("failed"), state("failed"), state("failed")],
            Outcome(finished=1, diverged=0, failed=3, left=0, exit_code=1),
        ),
        (
            [state("pending"), state("pending", "killed"), state("running", "killed")],
            Outcome(finished=0, diverged=0, failed=0, left=3, exit_code=1, put_back=1),
        ),
    ],
)
def test_an_outcome_counts_runs_by_how_they_stand(states: list[RunState], outcome: Outcome) -> None:
    assert Outcome.of(states) == outcome
