"""What people and programs see of a sweep."""

import io
import json
import math
import re
import time

import pytest

from actwise.sweep.drive import TimeLeft
from actwise.sweep.watch import (
    EVENT_NAMES,
    Event,
    JsonProgress,
    Note,
    PlainProgress,
    RunEnded,
    RunEndedElsewhere,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepEnded,
    SweepStarted,
    Waiting,
    choose_progress,
    describe_progress,
)
from made.terminals import Terminal


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On which no name is shortened and no line folded."""
    monkeypatch.setenv("COLUMNS", "200")


RUN = {"run_id": "a1", "label": "vgg16 relu seed 0"}
OTHER = {"run_id": "b2", "label": "vgg16 elu seed 0"}
EVENTS: list[Event] = [
    SweepStarted(study="paper", num_runs=9, num_done=5, workers=2, logs="S/logs"),
    RunStarted(**RUN, attempt=1),
    RunProgress(
        **RUN,
        epoch=2,
        epochs=10,
        batch=3,
        batches=4,
        loss=1.25,
        images_per_second=812.4,
        seconds_left=600.0,
    ),
    RunEnded(**RUN, status="finished", test_accuracy=91.6, train_seconds=12.3),
    RunStarted(**OTHER, attempt=1),
    RunPutBack(**OTHER, reason="out of memory", is_given_up=True, attempts=3),
    RunEndedElsewhere(run_id="c3", label="vgg16 prelu seed 0", status="diverged"),
    Waiting(num_runs=1, holders=("process 7 on host",)),
    Note("something to know"),
    SweepEnded(finished=6, diverged=1, failed=0, left=2, exit_code=1, put_back=1),
]
TOLD = [
    "study paper: 9 runs, 5 of them done before, 4 to train with 2 workers, logs in S/logs",
    "vgg16 relu seed 0: finished, test 91.60 % in 12.3 s",
    "vgg16 elu seed 0: put back, out of memory; after 3 attempts given up for now",
    "vgg16 prelu seed 0: diverged, trained by another process",
    "waiting for 1 run held by process 7 on host",
    "something to know",
    "6 finished, 1 diverged, 0 failed, 2 left (1 of them after accidents)",
]


PROGRESS = {"epochs": 10, "batches": 4, "seconds_left": None}
COMPILED: tuple[SweepStarted, RunStarted, RunProgress, RunProgress] = (
    SweepStarted(study="paper", num_runs=1, num_done=0, workers=1, logs="S/logs"),
    RunStarted(**RUN, attempt=1, is_compiling=True),
    RunProgress(
        **RUN, **PROGRESS, epoch=1, batch=1, loss=2.25, images_per_second=3, is_compiling=True
    ),
    RunProgress(**RUN, **PROGRESS, epoch=2, batch=1, loss=1.25, images_per_second=900),
)


FIRST = {"loss": None, "images_per_second": None}


def test_json_progress_writes_one_event_a_line() -> None:
    stream = io.StringIO()
    sink = JsonProgress(stream)
    for event in EVENTS:
        sink.emit(event)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == [EVENT_NAMES[type(event)] for event in EVENTS]
    assert {line["event"] for line in lines} == set(EVENT_NAMES.values())
    assert lines[2]["loss"] == 1.25


def test_json_has_no_number_that_json_does_not_know() -> None:
    stream = io.StringIO()
    JsonProgress(stream).emit(
        RunProgress(
            **RUN,
            epoch=1,
            epochs=1,
            batch=1,
            batches=1,
            loss=math.inf,
            images_per_second=1.0,
            seconds_left=None,
        )
    )
    assert json.loads(stream.getvalue())["loss"] is None


def test_plain_progress_counts_runs_and_shows_a_sign_of_life() -> None:
    stream = io.StringIO()
    sink = PlainProgress(stream)
    for event in EVENTS:
        sink.emit(event)
    lines = stream.getvalue().splitlines()
    progress = "vgg16 relu seed 0: epoch 2/10, loss 1.250, 812 images/s, about 10 min left"
    assert [line.partition("] ")[2] for line in lines] == [TOLD[0], progress, *TOLD[1:]]
    assert lines[0].startswith("[5/9]")
    assert lines[-1].startswith("[7/9]")


def test_a_run_that_compiles_says_so_in_the_epoch_that_it_begins_with() -> None:
    stream = io.StringIO()
    sink = PlainProgress(stream)
    for event in COMPILED:
        sink.emit(event)
    _, started, progress = stream.getvalue().splitlines()
    assert started.endswith("vgg16 relu seed 0: compiling before its first batch")
    assert progress.endswith("epoch 1/10, loss 2.250, 3 images/s with compiling")
    assert describe_progress(COMPILED[-1]) == "epoch 2/10, loss 1.250, 900 images/s"


@pytest.mark.parametrize(
    ("num_events", "state"), [(2, "compiling"), (3, "images/s with compiling")]
)
def test_a_terminal_says_that_a_run_compiles(num_events: int, state: str) -> None:
    terminal = Terminal()
    sink = choose_progress(is_json=False, stream=terminal)
    for event in COMPILED[:num_events]:
        sink.emit(event)
    sink.close()
    assert state in terminal.getvalue()
    assert "starting" not in terminal.getvalue()


def test_how_a_run_with_a_long_name_stands_is_shown_in_full_on_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    sink = choose_progress(is_json=False, stream=terminal)
    run = {"run_id": "a1", "label": "cifar100 resnet18-table2 bn+dropout+aug prelu seed 0"}
    sink.emit(COMPILED[0])
    sink.emit(RunStarted(**run, attempt=1))
    progress = {**PROGRESS, "seconds_left": 288_000.0}
    sink.emit(RunProgress(**run, **progress, epoch=1, batch=1, loss=2.25, images_per_second=1234))
    sink.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "epoch 1/10 loss 2.250 1234 images/s" in shown
    assert "0/1 runs, about 3.3 days left" in shown


def test_a_terminal_shows_bars_and_keeps_the_lines_of_what_ended() -> None:
    terminal = Terminal()
    sink = choose_progress(is_json=False, stream=terminal)
    for event in EVENTS:
        sink.emit(event)
    sink.close()
    shown = terminal.getvalue()
    for line in TOLD:
        assert line in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")


def test_a_program_hears_of_a_run_once_a_second_and_of_every_epochs_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, now = io.StringIO(), Clock()
    monkeypatch.setattr(time, "monotonic", now)
    sink = JsonProgress(stream)
    told = []
    for seconds, batch in [(0.0, 1), (0.9, 2), (1.0, 3), (1.5, 4), (2.4, 1), (2.5, 2)]:
        now.time = 100.0 + seconds
        before = len(stream.getvalue())
        sink.emit(RunProgress(**RUN, **PROGRESS, epoch=1, batch=batch, **FIRST))
        told.append(len(stream.getvalue()) > before)
    assert told == [True, False, True, True, False, True]
    sink.emit(RunProgress(run_id="b2", label="b", **PROGRESS, epoch=1, batch=1, **FIRST))
    assert stream.getvalue().count("b2") == 1


def test_plain_lines_show_a_sign_of_life_twice_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = io.StringIO(), Clock()
    monkeypatch.setattr(time, "monotonic", now)
    sink = PlainProgress(stream)
    for seconds in (0.0, 29.9, 30.0, 59.9, 60.0):
        now.time = 100.0 + seconds
        sink.emit(RunProgress(**RUN, **PROGRESS, epoch=1, batch=1, **FIRST))
    assert len(stream.getvalue().splitlines()) == 3


DRAWN: list[tuple[Event, list[str]]] = [  # what each event leaves drawn; of bars the full part
    (
        SweepStarted(study="paper[1]", num_runs=4, num_done=1, workers=1, logs="S"),
        ["study paper[1] 10 of 40 1/4 runs"],
    ),
    (
        RunStarted(**RUN, attempt=1),
        ["study paper[1] 10 of 40 1/4 runs", "vgg16 relu seed 0 0 of 40 starting"],
    ),
    (
        RunProgress(**{**RUN, **PROGRESS, **FIRST, "epochs": 2}, epoch=2, batch=2),
        ["study paper[1] 10 of 40 1/4 runs", "vgg16 relu seed 0 30 of 40 epoch 2/2"],
    ),
    (
        RunEndedElsewhere(run_id="c3", label="vgg16 prelu seed 0", status="diverged"),
        ["study paper[1] 20 of 40 2/4 runs", "vgg16 relu seed 0 30 of 40 epoch 2/2"],
    ),
    (RunPutBack(**RUN, reason="no", is_given_up=False), ["study paper[1] 20 of 40 2/4 runs"]),
    (
        RunEnded(**RUN, status="finished", test_accuracy=9.0, train_seconds=1.0),
        ["study paper[1] 30 of 40 3/4 runs"],
    ),
]


@pytest.mark.parametrize("count", range(1, len(DRAWN) + 1))
def test_a_terminal_draws_how_far_all_runs_and_each_in_flight_are(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    sink = choose_progress(is_json=False, stream=terminal)
    for event, _ in DRAWN[:count]:
        sink.emit(event)
    sink.close()
    shown = re.sub(r"\x1b\[[0-9;?]*m", "", terminal.getvalue())
    frame = [part for part in shown.split("\x1b[2K") if "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in part]
    bars = re.sub(r"\u2501+\u257a?\u2501*", _full_part, frame[-1].partition("\x1b")[0])
    assert [" ".join(line.split()) for line in bars.splitlines()] == DRAWN[count - 1][1]


def _full_part(bar: re.Match[str]) -> str:
    full, _, _ = bar[0].rpartition("\u257a")
    return f"{len(full)} of {len(bar[0])}"


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_time_left_follows_the_work_done_here() -> None:
    clock = Clock()
    left = TimeLeft({"small": 10.0, "large": 30.0}, clock=clock)
    assert left.seconds() is None
    left.progress("small", 0.0)
    clock.time += 5.0
    left.progress("small", 0.5)
    # 5 of 40 units in 5 s.
    assert left.seconds() == pytest.approx(35.0)
    left.end("small")
    assert left.seconds() == pytest.approx(15.0)


def test_time_left_does_not_count_what_a_checkpoint_brought() -> None:
    clock = Clock()
    left = TimeLeft({"resumed": 10.0}, clock=clock)
    left.progress("resumed", 0.8)
    clock.time += 1.0
    left.progress("resumed", 0.9)
    assert left.seconds() == pytest.approx(1.0)
    left.put_back("resumed")
    left.progress("resumed", 0.85)
    clock.time += 1.0
    left.progress("resumed", 0.95)
    assert left.seconds() == pytest.approx(1.0)


def test_what_another_driver_finished_is_neither_left_nor_our_speed() -> None:
    clock = Clock()
    left = TimeLeft({"ours": 10.0, "theirs": 30.0, "next": 10.0}, clock=clock)
    left.progress("ours", 0.0)
    clock.time += 5.0
    left.progress("ours", 0.5)
    left.end("theirs")
    # 5 units in 5 s; 5 and 10 are left.
    assert left.seconds() == pytest.approx(15.0)
