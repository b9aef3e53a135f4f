"""The words of a sweep's progress: counts, durations, what became of a run."""

import io
import re

import pytest

from actwise.sweep.watch import (
    Detail,
    Event,
    Note,
    PlainProgress,
    RunEnded,
    RunEndedElsewhere,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepStarted,
    Waiting,
    describe_seconds,
    shorten_middle,
)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On which no name is shortened and no line folded."""
    monkeypatch.setenv("COLUMNS", "200")


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


LONG = "resnet18-table2 bn+dropout(0.1)+crop+cutout(8) prelu seed 1"
TELLING: list[Event] = [
    SweepStarted(study="demo", num_runs=24, num_done=0, workers=2, logs="/a/long/path/to/a/S/logs"),
    RunProgress(
        run_id="a1",
        label=LONG,
        epoch=12,
        epochs=100,
        batch=4,
        batches=4,
        loss=1.25,
        images_per_second=1812.4,
        seconds_left=600.0,
    ),
    RunEnded(run_id="a1", label=LONG, status="finished", test_accuracy=98.89, train_seconds=171.8),
    RunEndedElsewhere(run_id="b2", label=LONG, status="finished"),
    Note("a sentence that is so long that it does not fit into a line of eighty columns alone"),
]


def told(*events: Event, detail: Detail = "usual") -> str:
    stream = io.StringIO()
    sink = PlainProgress(stream, detail=detail)
    for event in events:
        sink.emit(event)
    return stream.getvalue()


def test_lines_have_80_columns_and_keep_both_ends_of_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = told(*TELLING).splitlines()
    assert [line for line in lines if len(line) > 80] == []
    of_runs = [line for line in lines if "resnet18" in line]
    assert len(of_runs) == 3
    assert all(re.search(r"\] resnet18-.*….*relu seed 1: ", line) for line in of_runs)
    assert "about 10 min left" in of_runs[0]


def test_verbose_says_every_epoch_and_whole_names_whatever_the_width(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    started = RunStarted(run_id="a1", label=LONG, attempt=1)
    said = told(TELLING[0], started, TELLING[1], TELLING[1], *TELLING[2:], detail="verbose")
    assert f"{LONG}: started\n" in said
    assert said.count(f"{LONG}: epoch 12/100, loss 1.250, 1812 images/s") == 2
    assert said.count("\n") == 7


def test_quiet_says_only_what_a_user_should_know() -> None:
    failed = RunEnded(
        **RUN, status="failed", test_accuracy=None, train_seconds=1.0, reason="ValueError: x"
    )
    said = told(*TELLING, failed, detail="quiet").splitlines()
    assert [line.partition("] ")[2] for line in said] == [
        TELLING[-1].text,  # type: ignore[union-attr]
        "vgg16 relu seed 0: failed, ValueError: x",
    ]


@pytest.mark.parametrize("room", [*range(1, 20)])
def test_a_shortened_name_has_no_more_columns_than_there_are(room: int) -> None:
    name = "abcdefghijklmn"
    short = shorten_middle(name, room)
    assert len(short) == min(room, len(name))
    assert short[0] == ("a" if room > 1 else "…")
