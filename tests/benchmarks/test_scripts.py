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

# In one process, for each would import torch anew; prints what every command prints.
RUN_ALL = """
import contextlib, io, json, runpy, sys
printed = []
for name, *options in json.loads(sys.argv[1]):
    sys.argv = [name, *options]
    print(*sys.argv, file=sys.stderr)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            runpy.run_module(name, run_name="__main__")
        except SystemExit as ended:
            assert not ended.code
    printed.append(output.getvalue())
print(json.dumps(printed))
"""


def outputs_of(*commands: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps(commands)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed: list[str] = json.loads(done.stdout)
    return printed


@pytest.mark.benchmarks
def test_every_benchmark_says_what_it_takes_and_those_of_speed_run(tmp_path: Path) -> None:
    scripts = [
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        for path in sorted((REPOSITORY / "benchmarks").rglob("*.py"))
        if "argparse" in (text := path.read_text()) and "__main__" in text
    ]
    assert len(scripts) >= 8
    gpu = ["--device=cpu", "--workers", "1", "2", "--epochs=1", "--paper=relu"]
    *helps, engine, study, step, flights = outputs_of(
        *([script, "--help"] for script in scripts),
        ["benchmarks.engine.engine", "--quick", "--json"],
        ["benchmarks.engine.study", "--quick", "--json"],
        ["benchmarks.engine.profile_step", "--quick"],
        ["benchmarks.engine.gpu", *gpu, f"--json={tmp_path / 'gpu.json'}"],
    )
    assert all(text.startswith("usage: ") for text in helps)
    engine_is_held_against_products_and_loops(json.loads(engine))
    study_is_held_against_loops(json.loads(study)["rows"])
    step_is_divided_into_its_parts(step)
    assert "multi_process_service" in flights
    runs_in_flight_are_timed(json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8")))


def engine_is_held_against_products_and_loops(found: dict[str, Any]) -> None:
    (peak,), (loop,) = found["peak"], found["loops"]
    assert peak["over_peak"]["median"] > 0
    assert set(loop["over"]) == {"default", "channels_last"}
    assert found["augmentation_seconds_per_512_images"] > 0


def study_is_held_against_loops(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == 5
    assert all(row["seconds"] > 0 for row in rows)


def step_is_divided_into_its_parts(output: str) -> None:
    rows = [line.split("|")[2:] for line in output.splitlines() if line.startswith("| relu")]
    assert len(rows) == 2
    for _, *shares, _, _ in rows:
        assert 90 < sum(map(float, shares)) < 110


def runs_in_flight_are_timed(found: dict[str, Any]) -> None:
    assert [row["workers"] for row in found["in_flight"]] == [1, 2]
    timed = {cell["cell"] for cell in found["paper"]["cells"]}
    assert len(timed) == 8 and all(cell.endswith(" relu") for cell in timed)
    assert found["options"]["precision"] == "bfloat16"
    assert all(cell["num_epochs"] >= 1 for cell in found["paper"]["cells"])


def test_a_ratio_lies_within_its_quartiles() -> None:
    # The ratio of the medians, 10 / 1, would not: every round but one says 1.
    ratio = Ratio.of(np.array([1.0, 10.0, 10.0]), np.array([1.0, 1.0, 10.0]))
    assert ratio.lower_quartile <= ratio.median <= ratio.upper_quartile
    assert ratio.median == 1


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
