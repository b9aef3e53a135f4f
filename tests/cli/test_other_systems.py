"""Without what only Linux and macOS have: what needs no training works, the rest says so.

All in one process: torch is imported once.
"""

import os
import subprocess
import sys
from pathlib import Path

WINDOWS = Path(__file__).parents[1] / "made" / "windows.py"
PIECE = Path(__file__).parents[2] / "results" / "identity" / "seed-0"


NEEDS = "actwise: trainings need Linux or macOS; on Windows they run under WSL"


def run(commands: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
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


def test_listing_planning_and_reading_need_no_posix_and_training_says_what_it_needs(
    tmp_path: Path,
) -> None:
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
            "run demo --store new",
            "run demo --smoke --store new",
        ],
        tmp_path,
    )
    # Whatever fails says so there.
    said = [line for line in done.stderr.splitlines() if line[0] != "["]
    assert (done.returncode, said) == (2, [NEEDS] * 2)
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "runs.parquet").is_file()
