"""The scripts in benchmarks/ still start; what they measure is nobody's test."""

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

# In one process, for each would import torch anew.
ASK_ALL_FOR_HELP = """
import runpy, sys
for path in sys.argv[1:]:
    sys.argv = [path, "--help"]
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as ended:
        assert not ended.code, path
    print("asked", path)
"""


def test_every_benchmark_says_what_it_takes() -> None:
    scripts = [str(p) for p in sorted(BENCHMARKS.glob("*.py")) if "argparse" in p.read_text()]
    done = subprocess.run(
        [sys.executable, "-c", ASK_ALL_FOR_HELP, *scripts],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(BENCHMARKS)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(scripts) >= 8
    assert all(f"asked {script}" in done.stdout for script in scripts)
