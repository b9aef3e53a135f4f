"""What a notebook is given to draw of a sweep, and when; its front end is played."""

import builtins
import re
import sys
import time
from types import ModuleType
from typing import Self

import pytest

from actwise.sweep.watch import (
    Event,
    Note,
    ProgressSink,
    RunEnded,
    RunProgress,
    RunStarted,
    SweepEnded,
    SweepStarted,
    choose_progress,
)
from made.terminals import Terminal

STARTED = SweepStarted(study="<b>mine", num_runs=4, num_done=1, workers=2, logs="S/logs")
RUN = {"run_id": "a", "label": "vgg16 relu"}
RUN_STARTED = RunStarted(**RUN, attempt=1)
FAILED = RunEnded(
    run_id="b",
    label="elu",
    status="failed",
    test_accuracy=None,
    train_seconds=1.0,
    reason="ValueError: no",
)
FINISHED = RunEnded(**RUN, status="finished", test_accuracy=91.6, train_seconds=12.3)
ENDED = SweepEnded(finished=2, diverged=0, failed=1, left=1, exit_code=1)
BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"


def progress(batch: int) -> RunProgress:
    return RunProgress(
        **RUN,
        epoch=1,
        epochs=2,
        batch=batch,
        batches=4,
        loss=1.25,
        images_per_second=900.0,
        seconds_left=600.0,
    )


class ZMQInteractiveShell:
    """By whose name rich knows a kernel."""


class Output:
    """The outputs of a cell, of which there should be one, and all pictures that it has shown."""

    def __init__(self) -> None:
        self.number = 0
        self.pictures: list[dict[str, str]] = []

    def display(self, shown: dict[str, str], *, raw: bool, display_id: bool) -> Self:
        assert raw and display_id
        self.number += 1
        self.pictures.append(shown)
        return self

    def update(self, shown: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.pictures.append(shown)

    @property
    def lines(self) -> list[str]:
        """Of the picture that is shown now; of a bar its length."""
        text = re.sub(f"{BAR}+", lambda bar: str(len(bar[0])), self.pictures[-1]["text/plain"])
        return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    """That of a kernel, of which ``choose_progress`` finds out that it is one."""
    for wish in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(wish, raising=False)
    output, display = Output(), ModuleType("IPython.display")
    vars(display)["display"] = output.display
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(builtins, "get_ipython", ZMQInteractiveShell, raising=False)
    return output


@pytest.fixture
def sink(output: Output) -> ProgressSink:
    return choose_progress(is_json=False)


def emit(sink: ProgressSink, *events: Event) -> None:
    for event in events:
        sink.emit(event)


SHOWN: list[tuple[Event, list[str]]] = [  # what is shown after each event
    (STARTED, ["study <b>mine 10 1/4 runs"]),
    (RUN_STARTED, ["study <b>mine 10 1/4 runs", "vgg16 relu starting"]),
    (
        progress(2),
        [
            "study <b>mine 10 1/4 runs, about 10 min left",
            "vgg16 relu 10 epoch 1/2 loss 1.250 900 images/s",
        ],
    ),
    (
        Note("something <i>to know"),
        [
            "something <i>to know",
            "study <b>mine 10 1/4 runs, about 10 min left",
            "vgg16 relu 10 epoch 1/2 loss 1.250 900 images/s",
        ],
    ),
    (FINISHED, ["something <i>to know", "study <b>mine 20 2/4 runs"]),
    (
        FAILED,
        ["something <i>to know", "elu: failed, ValueError: no", "study <b>mine 30 3/4 runs"],
    ),
    (
        ENDED,
        [
            "something <i>to know",
            "elu: failed, ValueError: no",
            "2 finished, 0 diverged, 1 failed, 1 left",
        ],
    ),
]


@pytest.mark.parametrize("count", range(1, len(SHOWN) + 1))
def test_a_notebook_shows_bars_below_what_is_to_be_known(
    count: int, output: Output, sink: ProgressSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(10, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    emit(sink, *(event for event, _ in SHOWN[:count]))
    assert output.lines == SHOWN[count - 1][1]
    assert output.number == 1


def test_a_picture_is_one_page_of_text_and_one_of_html_without_classes(
    output: Output, sink: ProgressSink
) -> None:
    emit(sink, STARTED)
    picture = output.pictures[-1]
    assert set(picture) == {"text/plain", "text/html"}
    assert picture["text/plain"] == f"study <b>mine {BAR * 10}{' ' * 30} 1/4 runs\n"
    page = r'<pre style="white-space:pre;overflow-x:auto;line-height:normal">(.*)\n</pre>'
    shown = re.fullmatch(page, picture["text/html"])
    assert shown
    bar = f'<span style="color: #COLOR; text-decoration-color: #COLOR">{BAR * 10}</span>'
    line = re.sub("#[0-9a-f]{6}", "#COLOR", shown[1])
    assert line == f"study &lt;b&gt;mine {bar}{' ' * 30} 1/4 runs"


def test_a_picture_is_drawn_on_120_columns(output: Output, sink: ProgressSink) -> None:
    emit(sink, STARTED, Note("word " * 40))
    text = output.pictures[-1]["text/plain"]
    first, second = ("word " * 24).rstrip(), "  " + ("word " * 16).rstrip()
    assert [line.rstrip() for line in text.splitlines()[:2]] == [first, second]


def test_of_a_run_that_goes_on_a_picture_is_drawn_every_three_tenths_of_a_second(
    output: Output, sink: ProgressSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {"now": 100.0}
    monkeypatch.setattr(time, "monotonic", lambda: seconds["now"])
    emit(sink, STARTED, RUN_STARTED)
    drawn = []
    for later in (0.0, 0.25, 0.375, 0.5, 0.625, 0.75):
        seconds["now"] = 100.0 + later
        before = len(output.pictures)
        emit(sink, progress(1))
        drawn.append(len(output.pictures) > before)
    assert drawn == [False, False, True, False, False, True]
    emit(sink, Note("at once"))
    assert output.lines[0] == "at once"


def test_of_many_lines_the_last_twenty_stay(output: Output, sink: ProgressSink) -> None:
    emit(sink, STARTED, *(Note(f"note {number}") for number in range(25)))
    assert output.lines == [
        *(f"note {number}" for number in range(5, 25)),
        "study <b>mine 10 1/4 runs",
    ]


def test_an_end_before_the_last_run_takes_the_bars_away_once(
    output: Output, sink: ProgressSink
) -> None:
    emit(sink, STARTED, RUN_STARTED, Note("what was said"))
    sink.close()
    assert output.lines == ["what was said"]
    number = len(output.pictures)
    sink.close()
    assert len(output.pictures) == number


def test_a_stream_that_was_asked_for_gets_lines_in_a_notebook_too(output: Output) -> None:
    sink = choose_progress(is_json=False, stream=Terminal(), detail="verbose")
    emit(sink, STARTED)
    assert output.pictures == []


def test_a_training_of_the_users_own_shows_its_epoch_and_what_it_gave_back(
    output: Output, sink: ProgressSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(10, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    metrics = {"accuracy": 91.25, "margin": None, "error": 0.125}
    own = RunProgress(
        **RUN,
        epoch=3,
        epochs=None,
        batch=1,
        batches=1,
        loss=None,
        images_per_second=None,
        seconds_left=None,
        metrics=metrics,
    )
    emit(sink, STARTED, RUN_STARTED, own)
    assert output.lines == [
        "study <b>mine 10 1/4 runs",
        "vgg16 relu epoch 3, accuracy 91.25, error 0.125",
    ]
