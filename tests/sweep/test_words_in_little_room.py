"""How lines of a sweep's progress are shortened and folded where there is little room."""

import io
import re

import pytest

from actwise.sweep.watch import (
    Event,
    JsonProgress,
    Note,
    PlainProgress,
    RunEnded,
    RunProgress,
    RunPutBack,
    RunStarted,
    Silence,
    SweepStarted,
    Waiting,
    choose_progress,
    describe_progress,
    shorten_middle,
    watcher,
)
from made.terminals import Terminal

RUN = {"run_id": "a1", "label": "vgg16 relu seed 0"}
AT = RunProgress(
    **RUN,
    epoch=2,
    epochs=10,
    batch=3,
    batches=4,
    loss=1.25,
    images_per_second=812.4,
    seconds_left=600.0,
)


def told(*events: Event, detail: str = "usual") -> str:
    stream = io.StringIO()
    sink = PlainProgress(stream, detail=detail)  # type: ignore[arg-type]
    for event in events:
        sink.emit(event)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("room", "short"), [(11, "abcdefghij"), (10, "abcdefghij"), (9, "abcd…ghij"), (6, "abc…ij")]
)
def test_of_a_name_its_beginning_and_its_end_are_kept(room: int, short: str) -> None:
    assert shorten_middle("abcdefghij", room) == short


def test_a_folder_in_a_folded_line_stays_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    folder = "/a/long-path/with-hyphens/in-all/of-its-parts/S/logs"
    started = SweepStarted(study="s", num_runs=2, num_done=0, workers=1, logs=folder)
    *lines, last = told(started).splitlines()
    assert lines == ["[0/2] study s: 2 runs to train with 1", "  worker, logs in"]
    assert last == f"  {folder}"


def test_a_word_with_a_hyphen_is_not_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    said = told(Note("give this command again with --observe-again to see them"))
    assert said == ("[0/0] give this command again with\n  --observe-again to see them\n")


def test_a_line_that_just_fits_is_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Note("as many columns as there are")
    line = f"[0/0] {note.text}"
    monkeypatch.setenv("COLUMNS", str(len(line)))
    assert told(note) == f"{line}\n"
    monkeypatch.setenv("COLUMNS", str(len(line) - 1))
    assert told(note) == "[0/0] as many columns as there\n  are\n"


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (None, "epoch 2/10, loss 1.250, 812 images/s, about 10 min left"),
        (55, "epoch 2/10, loss 1.250, 812 images/s, about 10 min left"),
        (54, "epoch 2/10, loss 1.250, about 10 min left"),
        (41, "epoch 2/10, loss 1.250, about 10 min left"),
        (40, "epoch 2/10, about 10 min left"),
        (1, "epoch 2/10, about 10 min left"),
    ],
)
def test_the_speed_is_left_out_first_and_then_the_loss(room: int | None, said: str) -> None:
    assert describe_progress(AT, room=room) == said


def test_of_a_long_reason_the_beginning_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    reason = "ValueError: " + "x" * 400
    failed = RunEnded(**RUN, status="failed", test_accuracy=None, train_seconds=0, reason=reason)
    assert told(failed) == f"[1/0] vgg16 relu seed 0: failed, {reason[:300]}\n"


def test_quiet_tells_of_accidents_and_of_waiting_and_of_no_run_that_came_out_well() -> None:
    said = told(
        SweepStarted(study="s", num_runs=9, num_done=5, workers=2, logs="S"),
        RunStarted(**RUN, attempt=1, is_compiling=True),
        AT,
        RunPutBack(**RUN, reason="killed", is_given_up=False),
        Waiting(num_runs=1, holders=("a",)),
        RunEnded(**RUN, status="finished", test_accuracy=9.0, train_seconds=1.0),
        RunEnded(**RUN, status="diverged", test_accuracy=None, train_seconds=1.0),
        detail="quiet",
    )
    assert said.splitlines() == [
        "[5/9] vgg16 relu seed 0: put back, killed",
        "[5/9] waiting for 1 run held by a",
        "[7/9] vgg16 relu seed 0: diverged in 1.0 s",
    ]


def test_verbose_tells_of_an_epoch_that_is_over_at_once_and_of_others_now_and_then() -> None:
    on = RunProgress(**vars(AT) | {"batch": 2})
    over = RunProgress(**vars(AT) | {"batch": 4})
    assert told(on, on, over, over, on, detail="verbose").count("\n") == 3
    assert told(on, on, over, over, on).count("\n") == 1


def drawn(*events: Event) -> str:
    """The last picture on a terminal."""
    terminal = Terminal()
    sink = choose_progress(is_json=False, stream=terminal)
    for event in events:
        sink.emit(event)
    sink.close()
    shown = re.sub(r"\x1b\[[0-9;?]*m", "", terminal.getvalue())
    frames = [
        part for part in shown.split("\x1b[2K") if "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in part
    ]
    return frames[-1].partition("\x1b")[0]


STARTED = SweepStarted(study="s", num_runs=1, num_done=0, workers=1, logs="S")
LONG = "cifar100 resnet18-table2 bn+dropout(0.1)+crop+cutout(8) prelu seed 0"


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (80, "  cifar100 resnet…) prelu seed 0 "),
        (60, "  cifar100 res…relu seed 0 "),
        (119, f"  {shorten_middle(LONG, 69)} "),
    ],
)
def test_bars_stand_beside_names_that_are_shortened_for_them(
    columns: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = drawn(STARTED, RunStarted(run_id="a", label=LONG, attempt=1))
    assert name in shown
    assert shown.count("\N{BOX DRAWINGS HEAVY HORIZONTAL}") == 2 * 10


def test_a_training_that_does_not_tell_how_long_it_is_says_its_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    progress = RunProgress(
        **RUN,
        epoch=3,
        epochs=None,
        batch=0,
        batches=1,
        loss=None,
        images_per_second=None,
        seconds_left=60.0,
        metrics={"accuracy": 91.25},
    )
    shown = drawn(STARTED, RunStarted(**RUN, attempt=1), progress)
    assert "epoch 3, accuracy 91.25" in shown
    assert "0/1 runs, about 60 s left" in shown


def test_who_watches_a_call_is_who_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    sink = JsonProgress(io.StringIO())
    assert watcher(progress=sink) is sink
    assert isinstance(watcher(progress=False), Silence)
    assert isinstance(watcher(progress=None), Silence)
    watcher(progress=True).emit(Note("to know"))
    choose_progress(is_json=True).emit(Note("to count"))
    said = capsys.readouterr()
    assert said.err == "[0/0] to know\n"
    assert said.out == '{"event": "note", "text": "to count"}\n'


@pytest.mark.parametrize("kind", ["unknown", "DUMB", "dumb"])
def test_a_terminal_that_cannot_move_its_cursor_has_lines(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", kind)
    assert isinstance(choose_progress(is_json=False, stream=Terminal()), PlainProgress)


def test_a_name_that_is_too_long_still_is_folded_and_none_of_it_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "36")
    shown = drawn(STARTED, RunStarted(run_id="a", label="x" * 24, attempt=1))
    assert shown.count("x") == 24
    assert "…" not in shown
    assert "starting" in shown


def test_brackets_in_names_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    run = {"run_id": "a", "label": "[bold]net"}
    values = {"batch": 0, "batches": 1, "loss": None, "images_per_second": None}
    metrics = {"[red]score": 1.5}
    shown = drawn(
        STARTED,
        RunStarted(**run, attempt=1),
        RunProgress(**run, **values, epoch=1, epochs=None, seconds_left=None, metrics=metrics),
    )
    assert "[bold]net" in shown
    assert "epoch 1, [red]score 1.5" in shown
