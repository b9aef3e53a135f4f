"""Cells whose runs were trained by code of two versions: never one mean, and told in a sentence."""

import re
from pathlib import Path

import pytest

import actwise as aw
from actwise.analysis.reading import Selection, runs_of
from actwise.cli.main import run_command
from actwise.errors import SpecError
from actwise.store import RunStore
from made.code_versions import CODE, NET, Write, start, study_of, table

CHANGES = {
    "a network": (
        "mynet",
        NET.replace("F.relu(self.hidden", "F.relu(2 * self.hidden"),
        {"model": ["mynet:Net"]},
    ),
    "an activation": ("myact", CODE["myact"].replace("+", "-"), {"activation": ["myact:act"]}),
    "a helper module": ("myhelper", "slope = 0.3\n", {"activation": ["myact:act"]}),
    "a task's function": (
        "mytrain",
        CODE["mytrain"] + "    pass\n",
        "mytrain:train",
    ),
    "a task's helper": ("myhelper", "slope = 0.4\n", "mytrain:train"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_runs_of_older_code_are_in_no_mean_and_are_named(
    tmp_path: Path, write: Write, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module, text, what = CHANGES[kind]
    folder = tmp_path / "store"
    start(folder, study_of(what, "0..2"), 10.0)
    assert table(folder) == ((10.0,) * 3, 0, [])
    write({module: text})
    start(folder, study_of(what, "0"), 90.0)
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((90.0,), 2)
    assert said.startswith(f"2 runs of older code of {module}.py (start them again to train")
    (option,) = re.findall(r"--accept-code-digest [0-9a-f]{8}", said)
    analysis = aw.analyze(folder)
    assert analysis.observed is not None
    assert analysis.observed.response_R.tolist() == [90.0]
    assert said in analysis.results.excluded
    assert {name: analysis.results.flow[name] for name in ("planned", "finished", "missing")} == {
        "planned": 3,
        "finished": 1,
        "missing": 2,
    }
    shown = {}
    for command in ("table", "analyze", "status"):
        assert run_command([command, "--store", str(folder)]) == 0
        shown[command] = " ".join(capsys.readouterr().out.split())
    assert f"Left out: {said}." in shown["analyze"]
    assert f"Left out: {said}." in shown["table"]
    assert "90.00" in shown["table"] and "n=1" in shown["table"]
    assert "3 runs: 1 finished, 2 outdated" in shown["status"]
    assert "outdated 2 runs were planned before code or data changed" in shown["status"]
    # The remedy is one: what is accepted counts.
    start(folder, study_of(what, "0..2"), 50.0, accept=option.split()[1:])
    assert table(folder) == ((90.0, 10.0, 10.0), 0, [])


def test_what_was_accepted_stays_current_as_long_as_the_code_does(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..1"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "5"), 2.0)
    (digest,) = re.findall(r"digest (\w+)", str(table(folder)[2]))
    start(folder, study_of(what, "0..2"), 2.0, accept=[digest])
    assert table(folder) == ((1.0, 1.0, 2.0, 2.0), 0, [])
    start(folder, study_of(what, "7"), 2.0)
    assert table(folder) == ((1.0, 1.0, 2.0, 2.0, 2.0), 0, [])
    write({"myhelper": "slope = 3\n"})
    start(folder, study_of(what, "7"), 3.0)
    values, num_missing, said = table(folder)
    assert (values, num_missing) == ((3.0,), 4)
    assert sorted(text.partition(" (")[0] for text in said) == [
        "2 runs of older code of myhelper.py",
        "2 runs of older code of myhelper.py",
    ]
    with pytest.raises(SpecError, match="no result in store"):
        start(folder, study_of(what, "0"), 3.0, accept=["0" * 8])


def test_the_code_of_the_newest_start_counts_also_where_it_is_the_first_once_more(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..2"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "0"), 2.0)
    write({"myhelper": CODE["myhelper"]})
    start(folder, study_of(what, "1"), 9.0)
    assert table(folder)[:2] == ((1.0, 1.0), 1)


def test_studies_of_one_store_may_have_been_run_with_other_code(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..2", name="first"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "0..1", name="second"), 2.0)
    assert table(folder, "first") == ((1.0,) * 3, 0, [])
    assert table(folder, "second") == ((2.0,) * 2, 0, [])
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((2.0, 2.0), 0)
    assert said == (
        "3 runs of study first of older code of myhelper.py (a later start of another study has "
        "other code or data: with --study first they count)"
    )
    write({"myhelper": CODE["myhelper"]})
    start(folder, study_of(what, "0..2", name="first"), 9.0)
    assert table(folder)[:2] == ((1.0,) * 3, 0)


def test_runs_on_data_that_changed_are_left_out(tmp_path: Path, write: Write) -> None:
    folder, what = tmp_path / "store", {"activation": ["relu"]}
    start(folder, study_of(what, "0..2"), 1.0, data="a")
    start(folder, study_of(what, "0"), 2.0, data="b")
    said = "2 runs on other data (start them again to train them anew)"
    assert table(folder) == ((2.0,), 2, [said])


def test_a_restarted_study_loses_only_what_changed(tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "store"
    what = {"activation": ["relu", "myact:act"]}
    start(folder, study_of(what, "0..1"), 10.0)
    write({"myact": "def act(x):\n    return x.relu() / 2\n"})
    start(folder, study_of(what, "0"), 20.0)
    with RunStore.open(folder) as store:
        cells = runs_of(store.snapshot(), Selection()).table.cells
    assert [cell.values for cell in cells] == [(10.0, 10.0), (20.0,)]
