"""What only a terminal is shown or refused, and what ``show run`` says of probes and norms."""

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import rich

from actwise.cli.main import run_command
from actwise.cli.plot import plot_lines
from actwise.cli.tables import read_table
from actwise.report import render
from actwise.store import RunStore
from actwise.store.records import observed_probes, pack_probes
from made.runs import PROBES, finish, leased, made_plan, made_probe, made_record, made_study
from made.terminals import Terminal


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of four runs, the first of which was probed."""
    folder = tmp_path_factory.mktemp("shown") / "store"
    probes = [made_probe(epoch, name) for epoch in (0, 2) for name in ("act1", "act2", "act3")]
    with RunStore.open(folder, create=True) as opened:
        opened.add_study(study := made_study(), planned := made_plan(study))
        told = {"probes": pack_probes(tuple(probes)), "observed": (observed_probes(PROBES),)}
        record = made_record(planned[0].run_id, reestimated_accuracy=61.256, **told)
        opened.record(leased(opened, record.run_id), record)
        finish(opened, planned)
    return folder


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(rich, "_console", None)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *command: object) -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    code = run_command([str(word) for word in command])
    return code, terminal.getvalue()


def test_a_table_on_a_terminal_is_as_wide_as_it_and_has_a_bold_title(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in (40, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        code, shown = on_a_terminal(monkeypatch, "table", "--store", store)
        assert code == 0
        lines = [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()]
        assert lines == render(read_table(str(store)), "text", width=width).splitlines()
        assert shown.startswith("\x1b[1mmade: test accuracy in percent, last ")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("export --format parquet", "export --format parquet is binary: give -o FILE"),
        ("table --format parquet", "format 'parquet' is binary; give -o FILE"),
    ],
)
def test_a_terminal_is_sent_no_bytes(
    command: str,
    said: str,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [*command.split(), "--store", store]
    assert on_a_terminal(monkeypatch, *words) == (2, "")
    assert capsys.readouterr().err == f"actwise: {said}\n"
    assert on_a_terminal(monkeypatch, *words, "-o", "kept.parquet") == (0, "")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    assert run_command([str(word) for word in words]) == 0
    assert out.buffer.getvalue() == Path("kept.parquet").read_bytes()  # type: ignore[attr-defined]


def test_an_export_for_tensorboard_says_how_it_is_shown(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", "--store", str(store), "--to", "tensorboard", "-o"]
    assert run_command([*command, "new"]) == 0
    assert run_command([*command, "one", "--where", "seed=0", "--where", "activation=elu"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "4 runs written; tensorboard --logdir new shows them",
        "1 run written; tensorboard --logdir one shows them",
    ]
    assert err == ""


def test_a_run_says_what_was_probed_and_its_accuracy_with_norms_estimated_again(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunStore.open(store) as opened:
        first, second = (run.run_id for run in opened.planned()[:2])
    assert run_command(["show", "run", first, "--store", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"run {first}: finished, attempts 1",
        "  study made: digits, mlp, bn, relu, width 1, seed 0",
    ]
    assert [line for line in lines if line[:14] in ("  test again  ", "  probes      ")] == [
        "  test again  61.26 % (re-estimated statistics of norms)",
        "  probes      3 places at 2 epochs, 100 images: `actwise export --what probes`",
    ]
    assert run_command(["show", "run", second, "--store", str(store)]) == 0
    out = capsys.readouterr().out
    assert "test again" not in out and "probes" not in out


def test_a_curve_that_never_changes_lies_in_the_middle() -> None:
    x = np.array([1.0, 2.0, 3.0])
    lines = plot_lines(x, [np.full(3, 2.0)], width=12, height=3)
    assert [line[:5] for line in lines[:3]] == ["2.5 │", "    │", "1.5 │"]
    rows = [row for row, line in enumerate(lines[:3]) if set(line[5:]) != {"\u2800"}]
    assert rows == [1]
