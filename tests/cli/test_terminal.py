"""Control characters of others never reach a terminal or a page, whatever way they take."""

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from actwise.sweep.watch import (
    Event,
    Note,
    RunEnded,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepEnded,
    SweepStarted,
    Waiting,
    choose_progress,
)
from made.hostile import every_character, every_control, is_harmless
from made.pages import Page
from made.runs import FINGERPRINT, failed_record, leased, made_plan, made_record, made_study
from made.terminals import Terminal


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Printed":
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return Printed(capsys)


class Printed:
    """Runs commands; what they print is free of control characters."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *command: str, exit_code: int = 0) -> str:
        assert run_command(command) == exit_code
        out, err = self._capsys.readouterr()
        assert is_harmless(out + err), shlex.join(command)
        return str(out + err)


@every_character
def test_a_table_of_others_shows_them_as_text(printed: Printed, bad: str) -> None:
    with Path("runs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([f"x{bad}y", "activation", "seed", "test_accuracy", "status"])
        for level in (f"one{bad}two", "elu"):
            writer.writerows([bad + "z", level, seed, 80 + seed, "ok"] for seed in range(3))
        writer.writerow([bad + "z", "elu", 3, 1, f"killed{bad}x"])
    of = ("--csv", "runs.csv", "--factors", f"x{bad}y,activation")
    for options in ((), ("--full",), ("--contrast", f"one{bad}two,elu")):
        assert "one" in printed("analyze", *of, *options)
    assert f"one{bad}two" in json.loads(printed("analyze", *of, "--json"))["factors"]["activation"]
    printed("report", *of, "-o", "r.html", "--figures", "figures")
    page = Path("r.html").read_text("utf-8")
    assert is_harmless(page)
    assert "Left out: 1 run not finished but killed" in Page(page).text
    pictures = list(Path("figures").glob("*.svg"))
    assert pictures and all(is_harmless(p.read_text("utf-8")) for p in pictures)
    for wrong in (("--where", f"activation={bad}"), ("--response", f"r{bad}"), ("--strata", bad)):
        printed("analyze", *of, *wrong, exit_code=3 if wrong[0] == "--response" else 2)


@every_character
def test_a_store_shows_them_as_text(printed: Printed, bad: str) -> None:
    study = made_study(factors={"dataset": [f"folder:in{bad}x"]}, activation=("relu", "elu"))
    host = {"host": f"h{bad}", "cpu": bad, "fingerprint": {**FINGERPRINT, "device": f"gpu{bad}"}}
    with RunStore.open(f"store{bad}", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        for run in planned[:-1]:
            store.record(leased(store, run.run_id), made_record(run.run_id, environment=host))
        last = planned[-1].run_id
        traceback = f'Traceback\n  File "{bad}"\n\tValueError: {bad}\n'
        failed = failed_record(last)
        store.record(leased(store, last), type(failed)(**{**vars(failed), "traceback": traceback}))
    of = ("--store", f"store{bad}")
    said = printed("show", "run", last, *of)
    assert "Traceback\n  File" in said and "\n    ValueError" in said
    printed("show", "run", planned[0].run_id, *of)
    for command in ("status", "table", "analyze", "export"):
        printed(command, *of)
        values = printed(command, *of, "--json")
        assert json.loads(values)
    assert f"in{bad}x" in printed_values(printed, of)
    for format in ("markdown", "latex", "csv", "text"):
        printed("table", *of, "--format", format)
    printed("export", *of, "--what", "environments")
    printed("export", *of, "--what", "all", "-o", f"out{bad}")
    printed("export", *of, "--what", "all", "-o", f"out{bad}", exit_code=2)
    printed("import", f"out{bad}", "--store", f"new{bad}")
    printed("report", *of, "-o", f"r{bad}.html")
    assert is_harmless(Path(f"r{bad}.html").read_text("utf-8"))
    printed("store", "gc", *of)
    printed("status", "--store", f"missing{bad}", exit_code=3)


def printed_values(printed: Printed, of: tuple[str, str]) -> str:
    rows = json.loads(printed("export", *of, "--json"))
    return str(rows[0]["dataset"])


@every_character
@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        ("plan {}", 2),
        ("plan {}.toml", 2),
        ("plan demo factors.activation={}", 2),
        ("plan demo factors.dataset=folder:{}", 3),
        ("plan demo {}=1", 2),
        ("plan demo name={}", 2),
        ("plan demo factors.activation={}:act", 2),
        ("{}", 2),
        ("table --{}", 2),
        ("run demo --workers {} --store s", 2),
        ("run demo --device {} --store s", 2),
        ("analyze --csv {}", 3),
        ("analyze --bank {}", 2),
        ("data list --data {}", 3),
        ("data verify {}", 2),
        ("show activation {}", 2),
        ("import {} --store s", 3),
        ("list {}", 2),
    ],
)
def test_wrong_input_is_said_without_them(
    printed: Printed, bad: str, command: str, exit_code: int
) -> None:
    words = [word.format(f"w{bad}") for word in command.split()]
    said = printed(*words, exit_code=exit_code)
    assert said.startswith("actwise: ") and said.count("\n") == 1


def events(bad: str) -> list[Event]:
    run = {"run_id": "a1", "label": f"vgg16 folder:{bad} seed 0"}
    rates = {"loss": 1.0, "images_per_second": 9.0, "seconds_left": 9.0}
    return [
        SweepStarted(study=f"s{bad}", num_runs=2, num_done=0, workers=1, logs=f"S/{bad}/logs"),
        RunStarted(**run, attempt=1, is_compiling=True),
        RunProgress(**run, epoch=1, epochs=2, batch=1, batches=2, **rates),
        RunPutBack(**run, reason=f"killed: {bad}", is_given_up=False),
        RunStarted(**run, attempt=2),
        RunEnded(**run, status="finished", test_accuracy=90.0, train_seconds=1.0),
        Waiting(num_runs=1, holders=(f"process 7 on {bad}",)),
        Note(f"note {bad}"),
        SweepEnded(finished=1, diverged=0, failed=0, left=1, exit_code=1),
    ]


@every_control
@pytest.mark.parametrize("kind", ["lines", "json", "bars"])
def test_progress_shows_them_as_text(bad: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    ours, theirs = ("plain", bad)
    printed = []
    for text in (ours, theirs):
        stream = Terminal() if kind == "bars" else io.StringIO()
        sink = choose_progress(is_json=kind == "json", stream=stream)
        for event in events(text):
            sink.emit(event)
        sink.close()
        printed.append(stream.getvalue())
    # What moves the cursor of a terminal is rich's own, and the same for any name.
    controls = [{c for c in text if not c.isprintable()} for text in printed]
    assert controls[1] <= controls[0] | {"\n"}
    assert bad not in printed[1]
    if kind != "bars":
        assert is_harmless(printed[1])
