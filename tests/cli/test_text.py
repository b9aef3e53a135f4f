"""What people read: every command without a fault, within 80 columns, nothing cut off."""

import sys
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.cli.output import own_command, print_columns
from actwise.store import RunStore
from made.runs import finish, leased, made_plan, made_record, made_study

TRACEBACK = "Traceback ...\nValueError: [bold]no[/bold]"


@pytest.fixture(autouse=True)
def in_a_terminal_of_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def made_store() -> list[str]:
    """Ids of a finished, a diverged, a failed and a pending run of one study."""
    study = made_study(activation=("relu", "elu"), seeds="0..1")
    with RunStore.open("store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        run_ids = [run.run_id for run in planned]
        results = [
            made_record(run_ids[0]),
            made_record(run_ids[1], status="diverged", test_accuracy=None),
            made_record(
                run_ids[2], num_epochs=0, status="failed", test_accuracy=None, traceback=TRACEBACK
            ),
        ]
        for record in results:
            store.record(leased(store, record.run_id), record)
    return run_ids


@pytest.mark.parametrize(
    ("is_on_path", "called", "expected"),
    [
        (False, ".venv/bin/actwise", ".venv/bin/actwise"),
        (False, "my env/bin/actwise", "'my env/bin/actwise'"),
        (False, "/usr/lib/actwise/__main__.py", "actwise"),
        (True, ".venv/bin/actwise", "actwise"),
    ],
)
def test_a_command_that_is_not_on_the_path_is_named_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_on_path: bool, called: str, expected: str
) -> None:
    (tmp_path / "actwise").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path) if is_on_path else "")
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    assert own_command() == expected


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run_command(command.split()) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize(
    "command",
    [
        "list activations",
        "list models",
        "list regularizers",
        "list datasets",
        "list studies",
        "show activation elu(0.5)",
        "show activation rational",
        "data list",
        "plan paper",
        "plan tuning",
        "plan identity factors.regularization=bn,bn+dropout,bn+dropout+aug",
        "status --store store",
        "table --store store",
        "store gc --store store --dry-run",
    ],
)
def test_a_command_prints_text_of_80_columns(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made_store()
    lines = printed(command, capsys).splitlines()
    assert lines
    assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []


def test_settings_are_on_off_and_none_in_every_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    factors = {"train.nesterov": [True, False], "train.gradient_clip": [None, 1.0]}
    study = made_study(factors=factors, seeds="0..1")
    with RunStore.open("switches", create=True) as store:
        store.add_study(study, planned := made_plan(study))
        finish(store, planned)
    for command in ("table", "analyze --full"):
        out = printed(f"{command} --store switches", capsys)
        assert max(map(len, out.splitlines())) <= 80
        for level in ("nesterov=on", "nesterov=off", "gradient_clip=none", "gradient_clip=1.0"):
            assert level in out
        assert "True" not in out and "None" not in out
    chosen = "--where train.nesterov=off --where train.gradient_clip=none"
    assert "nesterov=on" not in printed(f"table --store switches {chosen}", capsys)
    assert "gradient_clip:" in printed("analyze --full --store switches", capsys)


def test_a_plan_prints_every_level_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("plan paper", capsys)
    assert out.count("bn+dropout+aug") == 12
    assert "24 cells x 3 seeds = 72 runs" in out
    assert "if no plateau ends it early" in " ".join(out.split())


@pytest.mark.parametrize(("width", "left_out"), [(90, []), (60, ["MACs"]), (20, [])])
def test_spare_columns_are_left_out_and_named_where_that_makes_the_others_fit(
    width: int,
    left_out: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    row = ("a-network-with-a-name", "9.16 M", "bn+dropout+augmentation", "1,234")
    header = ("model", "MACs", "regularization", "images/s")
    print_columns(header, [row], spare=("MACs", "regularization"))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert [name for name in header if f"({name}: on a wider terminal" in out] == left_out
    assert ("9.1" in out) == (not left_out)


def test_a_plan_marks_aliased_cells(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("plan identity factors.regularization=bn,bn+dropout seeds=0", capsys)
    assert sum(line.endswith("aliased") for line in out.splitlines()) == 16
    assert "8 networks under several labels: 8 runs to train" in out


def test_the_status_tells_what_became_of_every_run(capsys: pytest.CaptureFixture[str]) -> None:
    run_ids = made_store()
    out = printed("status --store store", capsys)
    assert "4 runs: 1 finished, 1 diverged, 1 failed, 1 pending" in out
    assert run_ids[2] in out


def test_a_run_is_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    finished, diverged, failed, pending = made_store()
    out = printed(f"show run {finished[:8]} --store store", capsys)
    assert f"run {finished}: finished" in out
    assert "training loss by epoch" in out
    assert "device cpu" in out
    assert ": diverged" in printed(f"show run {diverged} --store store", capsys)
    assert TRACEBACK in printed(f"show run {failed} --store store", capsys)
    assert ": pending" in printed(f"show run {pending} --store store", capsys)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_an_activation_is_drawn_into_a_file(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed(f"show activation gelu --figure curve.{kind}", capsys)
    beginning = Path(f"curve.{kind}").read_bytes()[:100]
    assert beginning.startswith(b"\x89PNG" if kind == "png" else b"<?xml")


def test_weights_are_kept_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    overrides = "factors.model=mlp factors.activation=relu factors.regularization=none seeds=0"
    assert (
        run_command(
            f"run demo {overrides} train.epochs=1 train.train_size=64 --store kept --keep-weights "
            "--executor inline".split()
        )
        == 0
    )
    assert len(list(Path("kept/weights").glob("*.safetensors"))) == 1
    assert "actwise table --store kept" in capsys.readouterr().out


def test_a_stopped_run_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    command = "run demo factors.activation=relu factors.model=mlp factors.regularization=none"
    command += " seeds=0 train.epochs=5000 --store stopped --executor inline --time-limit 3s"
    assert run_command(command.split()) == 4
    assert "the same command goes on" in capsys.readouterr().out


def test_the_next_command_knows_the_folder_beside_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    command = "run demo factors.activation=relu factors.model=mlp factors.regularization=none"
    command += " seeds=0 train.epochs=1 train.train_size=64 --executor inline"
    command += " --store sqlite:///runs.db --artifacts kept"
    assert run_command(command.split()) == 0
    said = capsys.readouterr().out
    (hint,) = (line for line in said.splitlines() if line.startswith("results: actwise "))
    assert hint.endswith("table --store sqlite:///runs.db --artifacts kept")
    assert "relu" in printed(hint.removeprefix("results: actwise "), capsys)
