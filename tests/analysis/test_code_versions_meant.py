"""Which runs a start means where it took runs of older code, and where studies differ in it."""

import re
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from made.code_versions import Write, start, study_of, table

TASK = "mytrain:train"


def digest_of_left_out(folder: Path) -> str:
    """The one that is named."""
    (digest,) = re.findall(r"--accept-code-digest (\w+)", str(table(folder)[2]))
    return str(digest)


def test_runs_of_a_cell_of_which_a_start_took_some_are_taken_all(
    tmp_path: Path, write: Write
) -> None:
    folder = tmp_path / "store"
    start(folder, study_of(TASK, "0..5"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(TASK, "6"), 2.0)
    digest = digest_of_left_out(folder)
    start(folder, study_of(TASK, "0..1"), 9.0, accept=[digest])
    assert table(folder) == ((1.0,) * 6 + (2.0,), 0, [])


def test_a_change_from_code_that_was_never_trained_is_said_not_to_be_known(
    tmp_path: Path, write: Write
) -> None:
    folder = tmp_path / "store"
    start(folder, study_of(TASK, "0..5"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(TASK, "9"), 2.0)
    digest = digest_of_left_out(folder)
    write({"myhelper": "slope = 3\n"})
    start(folder, study_of(TASK, "0..1"), 3.0, accept=[digest])
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((1.0,) * 6, 1)
    assert said.startswith(
        "1 run of other code or data, what changed is not known (start it again to train it anew, "
        "with --accept-code-digest "
    )
    start(folder, study_of(TASK, "9"), 3.0, accept=[digest_of_left_out(folder)])
    assert table(folder) == ((1.0,) * 6 + (2.0,), 0, [])


@pytest.mark.parametrize("slope", range(2, 6))
def test_what_changed_is_told_from_what_is_meant_not_from_what_was_taken(
    tmp_path: Path, write: Write, slope: int
) -> None:
    folder, what = tmp_path / "store", {"activation": ["myact:act"]}
    start(folder, study_of(what, "0..1"), 1.0)
    write({"myhelper": f"slope = {slope}\n"})
    start(folder, study_of(what, "2..3"), 2.0)
    digest = digest_of_left_out(folder)
    write({"myhelper": "slope = 0.1\n", "myact": "def act(x):\n    return x.relu() / 2\n"})
    start(folder, study_of(what, "5"), 3.0)
    start(folder, study_of(what, "0..1"), 3.0, accept=[digest])
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((1.0, 1.0, 3.0), 2)
    assert said.startswith("2 runs of older code of myact.py, myhelper.py (start them again")


def test_a_study_does_not_outdate_the_runs_of_another(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "store"
    start(folder, study_of(TASK, "0..3"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(TASK, "0..1", name="other"), 2.0)
    with RunStore.open(folder) as store:
        assert not any(line.is_outdated for line in store.planned())
        (run_id,) = (r.run_id for r in store.planned("mine") if r.seed == 0)
        pooled, alone = store.snapshot(), store.snapshot(study="mine")
    assert {line.study for line in pooled.planned} == {"other"}
    assert {row["study"] for row in pooled.rows} == {"other"}
    assert (len(alone.rows), len(alone.planned), alone.outdated) == (4, 4, ())
    for command in (["status"], ["show", "run", run_id]):
        assert run_command([*command, "--store", str(folder)]) == 0
        assert "outdated" not in capsys.readouterr().out
    assert run_command(["table", "--store", str(folder)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Left out: 4 runs of study mine of older code of myhelper.py (a later start of" in said
    # Those of its own that it has left are outdated as before.
    start(folder, study_of(TASK, "0"), 2.0)
    with RunStore.open(folder) as store:
        assert sorted(r.seed for r in store.planned() if r.is_outdated) == [1, 2, 3]
    assert table(folder)[:2] == ((2.0, 2.0), 2)


def test_a_run_that_counts_for_one_study_is_not_told_to_be_left_out_for_another(
    tmp_path: Path, write: Write
) -> None:
    folder = tmp_path / "store"
    start(folder, study_of(TASK, "0..1"), 1.0)
    start(folder, study_of(TASK, "0..1", name="other"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(TASK, "0", name="other"), 2.0)
    write({"myhelper": "slope = 0.1\n"})
    start(folder, study_of(TASK, "0..1"), 9.0)
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((1.0, 1.0), 0)
    assert said.startswith("1 run of study other of older code of myhelper.py")
