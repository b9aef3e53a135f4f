"""Without what only Linux and macOS have: what needs no training works, the rest says so."""

import os
import subprocess
import sys
from pathlib import Path

WINDOWS = Path(__file__).parents[1] / "made" / "windows.py"
PIECE = Path(__file__).parents[2] / "results" / "identity" / "seed-0"


def run(commands: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """All in one process: torch is imported once."""
    return subprocess.run(
        [sys.executable, str(WINDOWS)],
        input="\n".join(commands),
        cwd=folder,
        env={
            **os.environ,
            "COLUMNS": "200",
            "ACTWISE_DEBUG": "1",
            "ACTWISE_CACHE": str(folder / "cache"),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_listing_planning_and_reading_need_no_posix(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("activation,test_accuracy\nrelu,88.1\nelu,89.2\n")
    done = run(
        [
            *(f"list {what}" for what in ("activations", "models", "regularizers", "studies")),
            "data list",
            "show activation elu",
            "plan demo",
            "init study.toml",
            "plan study.toml --store store",
            "analyze --bank mish",
            "analyze --csv runs.csv",
            "report --bank mish -o report.html",
            f"import {PIECE} --store store",
            *(f"{what} --store store" for what in ("status", "table", "analyze")),
            "report --store store -o stored.html --title T --figures figures",
            "export --store store -o runs.parquet",
        ],
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "runs.parquet").is_file()


def test_training_says_what_it_needs(tmp_path: Path) -> None:
    done = run(["run demo --store store", "run demo --smoke --store store"], tmp_path)
    assert done.returncode == 2
    sentence = "actwise: trainings need Linux or macOS; on Windows they run under WSL"
    assert [line for line in done.stderr.splitlines() if line[0] != "["] == [sentence] * 2
