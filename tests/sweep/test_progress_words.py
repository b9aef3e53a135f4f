"""The words of a sweep's progress: counts, durations, what became of a run."""

import io

import pytest

from actwise.sweep.watch import (
    Event,
    PlainProgress,
    RunEnded,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepStarted,
    Waiting,
    describe_seconds,
)

RUN = {"run_id": "a1", "label": "vgg16 relu seed 0"}


@pytest.mark.parametrize(
    ("seconds", "text", "compared"),
    [
        (0.4, "0 s", "0 s"),
        (89, "89 s", "89 s"),
        (90, "2 min", "90 s"),
        (600, "10 min", "10.0 min"),
        (5400, "1.5 h", "1.50 h"),
        (172_799, "48.0 h", "48.00 h"),
        (172_800, "2.0 days", "48.00 h"),
        (200_000, "2.3 days", "55.56 h"),
        (1e300, f"{1e300 / 86_400:.1f} days", f"{1e300 / 3600:.2f} h"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float, text: str, compared: str) -> None:
    assert describe_seconds(seconds) == text
    assert describe_seconds(seconds, is_compared=True) == compared


@pytest.mark.parametrize(
    ("started", "line"),
    [
        ((1, 0, 1), "1 run to train with 1 worker, logs in L"),
        ((2, 0, 3), "2 runs to train with 3 workers, logs in L"),
        ((3, 1, 2), "3 runs, 1 of them done before, 2 to train with 2 workers, logs in L"),
        ((1, 1, 0), "1 run, nothing left to train"),
    ],
)
def test_the_first_line_counts_runs_and_workers(started: tuple[int, ...], line: str) -> None:
    num_runs, num_done, workers = started
    event = SweepStarted(study="s", num_runs=num_runs, num_done=num_done, workers=workers, logs="L")
    assert said_of(event) == f"[{num_done}/{num_runs}] study s: {line}\n"


def test_a_run_without_an_accuracy_or_given_another_try_is_told_so() -> None:
    diverged = RunEnded(**RUN, status="diverged", test_accuracy=None, train_seconds=2.04)
    assert said_of(diverged) == "[1/0] vgg16 relu seed 0: diverged in 2.0 s\n"
    back = RunPutBack(**RUN, reason="out of memory", is_given_up=False)
    assert said_of(back) == "[0/0] vgg16 relu seed 0: put back, out of memory\n"
    waiting = Waiting(num_runs=2, holders=("a", "b"))
    assert said_of(waiting) == "[0/0] waiting for 2 runs held by a, b\n"
    assert said_of(RunStarted(**RUN, attempt=1)) == ""


def test_a_users_training_is_told_by_what_it_gave_back() -> None:
    metrics = {"accuracy": 91.234, "loss": None, "val/loss": 0.5, "a": 1.0, "b": 2.0}
    progress = RunProgress(
        **RUN,
        epoch=3,
        epochs=None,
        batch=0,
        batches=1,
        loss=None,
        images_per_second=None,
        seconds_left=60.0,
        metrics=metrics,
    )
    told = "epoch 3, accuracy 91.23, val/loss 0.5, a 1"
    assert said_of(progress) == f"[0/0] vgg16 relu seed 0: {told}, about 60 s left\n"
    ended = RunEnded(
        **RUN, status="finished", test_accuracy=None, train_seconds=2.0, metrics={"accuracy": 3.0}
    )
    assert said_of(ended) == "[1/0] vgg16 relu seed 0: finished, accuracy 3 in 2.0 s\n"


def test_a_failed_run_says_why() -> None:
    failed = RunEnded(
        **RUN, status="failed", test_accuracy=None, train_seconds=0.0, reason="ValueError: no"
    )
    assert said_of(failed) == "[1/0] vgg16 relu seed 0: failed, ValueError: no\n"


def said_of(event: Event) -> str:
    stream = io.StringIO()
    PlainProgress(stream).emit(event)
    return stream.getvalue()


def test_a_sweep_with_nothing_left_to_train_says_so() -> None:
    stream = io.StringIO()
    started = SweepStarted(study="paper", num_runs=9, num_done=9, workers=0, logs="S/logs")
    PlainProgress(stream).emit(started)
    assert stream.getvalue() == "[9/9] study paper: 9 runs, nothing left to train\n"
