"""The scripts in benchmarks/ still run; what they measure is nobody's test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.engine.timeline import Timeline
from benchmarks.engine.turns import Ratio

REPOSITORY = Path(__file__).parents[2]

# In one process, for each would import torch anew.
ASK_ALL_FOR_HELP = """
import runpy, sys
for name in sys.argv[1:]:
    sys.argv = [name, "--help"]
    try:
        runpy.run_module(name, run_name="__main__")
    except SystemExit as ended:
        assert not ended.code, name
    print("asked", name)
"""


def output_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def json_of(name: str, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        output_of("-m", f"benchmarks.engine.{name}", *options, "--json")
    )
    return found


def test_every_benchmark_says_what_it_takes() -> None:
    scripts = [
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        for path in sorted((REPOSITORY / "benchmarks").rglob("*.py"))
        if "argparse" in path.read_text()
    ]
    output = output_of("-c", ASK_ALL_FOR_HELP, *scripts)
    assert len(scripts) >= 8
    assert all(f"asked {script}" in output for script in scripts)


def test_a_ratio_lies_within_its_quartiles() -> None:
    # The ratio of the medians, 10 / 1, would not: every round but one says 1.
    ratio = Ratio.of(np.array([1.0, 10.0, 10.0]), np.array([1.0, 1.0, 10.0]))
    assert ratio.lower_quartile <= ratio.median <= ratio.upper_quartile
    assert ratio.median == 1


@pytest.mark.slow
def test_the_engine_is_held_against_products_and_loops() -> None:
    found = json_of("engine", "--quick")
    (peak,), (loop,) = found["peak"], found["loops"]
    assert peak["over_peak"]["median"] > 0
    assert set(loop["over"]) == {"default", "channels_last"}
    assert found["augmentation_seconds_per_512_images"] > 0


@pytest.mark.slow
def test_a_study_is_held_against_loops() -> None:
    rows = json_of("study", "--quick")["rows"]
    assert len(rows) == 5
    assert all(row["seconds"] > 0 for row in rows)


def test_the_parts_of_a_timeline_add_up_to_the_time_of_the_command() -> None:
    timeline = Timeline()
    for run_id, begun, trained, ended in (("a", 2, 10, 12), ("b", 3, 11, 14), ("c", 13, 19, 20)):
        timeline.hear(json.dumps({"event": "run_started", "run_id": run_id, "label": run_id}), 1.0)
        for at in (begun, trained):
            timeline.hear(json.dumps({"event": "run_progress", "run_id": run_id}), at)
        timeline.hear(json.dumps({"event": "run_ended", "run_id": run_id}), ended)
    timeline.ended = 21.0
    parts = timeline.parts()
    assert sum(parts.values()) == pytest.approx(21.0)
    assert parts["training"] == (8 + 8 + 6) / 2
    assert parts["between runs, or nothing left"] == (1 + 6) / 2


@pytest.mark.slow
def test_a_step_is_divided_into_its_parts() -> None:
    output = output_of("-m", "benchmarks.engine.profile_step", "--quick")
    rows = [line.split("|")[2:] for line in output.splitlines() if line.startswith("| relu")]
    assert len(rows) == 2
    for _, *shares, _, _ in rows:
        assert 90 < sum(map(float, shares)) < 110


@pytest.mark.slow
def test_runs_in_flight_are_timed_in_miniature(tmp_path: Path) -> None:
    output = tmp_path / "gpu.json"
    options = ["--device=cpu", "--workers", "1", "2", "--epochs=1", "--paper=relu"]
    options.append(f"--json={output}")
    printed = output_of("-m", "benchmarks.engine.gpu", *options)
    found = json.loads(output.read_text(encoding="utf-8"))
    assert [row["workers"] for row in found["in_flight"]] == [1, 2]
    timed = {cell["cell"] for cell in found["paper"]["cells"]}
    assert len(timed) == 8 and all(cell.endswith(" relu") for cell in timed)
    assert found["options"]["precision"] == "bfloat16"
    assert all(cell["num_epochs"] >= 1 for cell in found["paper"]["cells"])
    assert "multi_process_service" in printed
