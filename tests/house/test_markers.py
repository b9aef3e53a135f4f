"""Which tests run when: ``make test`` leaves out what ``make test-more`` runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
SKIPPED = """import pytest

@pytest.mark.browser
def test_one() -> None:
    pytest.skip("no chromium")

def test_two() -> None:
    pytest.skip("no graphics card")

@pytest.mark.docs
def test_three(real_data) -> None:
    pass
"""


def test_the_marks_of_what_make_test_leaves_out_are_the_same_everywhere() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    conftest = (TESTS / "conftest.py").read_text(encoding="utf-8")
    (names,) = re.findall(r"^MORE := ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    (listed,) = re.findall(r"^OF_TEST_MORE = \(\n(.*?)\n\)$", conftest, re.MULTILINE | re.DOTALL)
    assert re.findall(r'"(\w+)"', listed) == re.findall(r"\b(?!or\b)\w+", names)


@pytest.mark.parametrize(("ci", "failed"), [("true", 1), ("", 0)])
def test_a_skip_of_ours_fails_in_ci_and_no_other(tmp_path: Path, ci: str, failed: int) -> None:
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "test_skips.py").write_text(SKIPPED)
    # As that of the tests.
    config = f"[pytest]\nmarkers = browser\n docs\n images\npythonpath = {TESTS}\n"
    (tmp_path / "pytest.ini").write_text(config)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == failed
    assert ("with CI=true this fails: Skipped: no chromium" in ended.stdout) == bool(failed)
    assert f"{3 - failed} skipped" in ended.stdout
