"""``analyze`` and ``report`` as commands."""

import json
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    study = made_study(seeds="0..2")
    with RunStore.open("store", create=True) as opened:
        planned = made_plan(study)
        opened.add_study(study, planned)
        finish(opened, planned)
    return tmp_path / "store"


@pytest.mark.parametrize(
    "source", ["--bank paper", "--bank trottier", "--bank mish", "--store store"]
)
def test_analyze_fits_80_columns(
    source: str, store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command(["analyze", *source.split()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 50


def test_both_commands_record_a_look(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["analyze", "--store", "store", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["looks"]["taken"] == []
    assert run_command(["report", "--store", "store", "-o", "report.html"]) == 0
    with RunStore.open(store) as opened:
        assert [(look.what, look.num_seeds) for look in opened.looks()] == [
            ("analyze", 3),
            ("report", 3),
        ]
    assert "made: which activation?" in Path("report.html").read_text()


def test_a_report_and_its_figures(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "report --bank paper -o r.html --figures figures"
    assert run_command(command.split()) == 0
    out = capsys.readouterr().out
    assert "report: r.html" in out
    assert len(list(Path("figures").iterdir())) == int(out.split("figures: ")[1].split()[0])


def test_a_csv_file_with_factors_of_its_own(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        f"{d},{a},{90 + d + r / 9 + (a == 'x') * 5}" for d in (1, 2) for a in "xy" for r in range(4)
    ]
    Path("own.csv").write_text("\n".join(["depth,unit,score", *lines]))
    command = "analyze --csv own.csv --factors depth,unit --response score --contrast x,y --json"
    assert run_command(command.split()) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["focus"] == "unit"
    assert values["contrasts"][0]["estimate"] == pytest.approx(5.0)
    assert values["logit"] is None


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("analyze", "exactly one of"),
        ("analyze --bank paper --store store", "exactly one of"),
        ("analyze --bank papers", "did you mean paper"),
        ("analyze --bank paper --contrast elu", "two levels A,B"),
        ("analyze --bank paper --contrast elu,elo", "elo"),
        ("analyze --bank paper --scale odds", "points, logit"),
        ("analyze --bank paper --where depth=3", "depth"),
        ("analyze --bank paper --study paper", "goes with --store"),
        ("analyze --bank paper --response loss", "test_accuracy"),
        ("analyze --csv nothing.csv", "cannot be read"),
        ("analyze --store store --response lost", "lost"),
        ("analyze --store store --factors activation,depth", "depth"),
        ("analyze --bank paper --claims nothing.toml", "cannot be read"),
        ("analyze --bank paper --margin 0", "positive"),
    ],
)
def test_bad_input_is_one_sentence(
    command: str, sentence: str, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(command.split()) in (2, 3)
    error = capsys.readouterr().err
    assert sentence in error
    assert error.startswith("actwise: ") and error.count("\n") == 1


def test_the_intervals_of_a_table_are_those_of_the_analysis(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = []
    for command in ("table", "analyze"):
        assert run_command([command, "--store", "store", "--json"]) == 0
        values.append(json.loads(capsys.readouterr().out)["cells"])
    limits = [{c["activation"]: (c["lower"], c["upper"]) for c in cells} for cells in values]
    assert limits[0] == limits[1]
    assert all(lower is not None for lower, _ in limits[0].values())
