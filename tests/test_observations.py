from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.reading import Selection, read_file
from actwise.analysis.table import Observations
from actwise.errors import ActwiseError, DataError, UnknownNameError
from made.studies import made_rows

ROWS = [
    {"dataset": "c10", "activation": "relu", "seed": 0, "test_accuracy": 90.0},
    {"dataset": "c10", "activation": "elu", "seed": 0, "test_accuracy": 91.0},
    {
        "dataset": "c10",
        "activation": "relu",
        "seed": 1,
        "test_accuracy": None,
        "status": "diverged",
    },
    {"dataset": "c10", "activation": "elu", "seed": 1, "test_accuracy": None, "status": "failed"},
]


def observe(rows: list[dict[str, object]] = ROWS) -> Observations:
    return Observations.from_rows(rows, factors=("dataset", "activation"))


def test_diverged_runs_are_rows_and_failed_ones_are_not() -> None:
    observed = observe()
    assert observed.num_runs == 3
    assert observed.diverged_R.tolist() == [False, False, True]
    assert np.isnan(observed.response_R[2])
    assert observed.completed().num_runs == 2


def test_cells_follow_the_order_of_first_appearance() -> None:
    assert observe().cells == (("c10", "relu"), ("c10", "elu"))
    assert observe().run_cells.tolist() == [0, 1, 0]


def test_seed_zero_is_a_seed_and_a_row_without_one_unpairs_the_table() -> None:
    assert observe().seeds_R is not None
    without = [{**ROWS[0], "seed": ""}, ROWS[1]]
    assert observe(without).seeds_R is None


def test_selecting_drops_levels_that_no_longer_occur() -> None:
    chosen = observe().where(activation="elu")
    assert chosen.levels_of("activation") == ("elu",)
    assert chosen.cells == (("c10", "elu"),)


def test_unknown_factors_and_levels_are_named() -> None:
    with pytest.raises(UnknownNameError, match="no factor is named 'activaton'"):
        observe().where(activaton="elu")
    with pytest.raises(UnknownNameError, match="no level of activation is named 'eluu'"):
        observe().where(activation="eluu")


def test_a_table_without_rows_has_no_cells() -> None:
    empty = observe([])
    assert empty.num_runs == 0
    assert empty.cells == ()


def test_a_csv_file_with_other_factors_is_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("depth,activation,error\n20,relu,8.5\n20,elu,8.1\n", encoding="utf-8")
    observed = read_file(path, Selection(("depth", "activation"), "error")).observed
    assert observed is not None
    assert observed.cells == (("20", "relu"), ("20", "elu"))
    assert observed.dataset_factor is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("activation,test_accuracy\n", "no rows"),
        ("activation,test_accuracy\nrelu\n", "runs.csv, line 2: the number"),
        (
            "activation,test_accuracy\nrelu,high\n",
            "^runs.csv, line 2: test_accuracy='high' is not a",
        ),
        ("activation,test_accuracy\nrelu,inf\n", "'inf' is not a finite number"),
        ("activation,accuracy\nrelu,1\n", "^runs.csv has no column 'test_accuracy'; it has"),
        ("width,test_accuracy\n1,1\n", "no factor column"),
    ],
)
def test_a_malformed_file_is_refused_in_one_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ActwiseError, match=message):
        aw.analyze(path)


def test_the_line_of_a_wrong_value_is_counted_as_an_editor_does(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text('activation,test_accuracy\n\nrelu,80\n"a\nb",n/a\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"^runs.csv, line 5: test_accuracy='n/a' is not a finite"):
        aw.analyze(path)


@pytest.mark.parametrize("wrong", ["-300", "850", "100.5"])
def test_an_impossible_accuracy_among_percentages_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(
        f"activation,test_accuracy\nrelu,80\nrelu,0\nelu,100\nelu,8\nelu,{wrong}\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match=f"^runs.csv, line 6: test_accuracy={wrong} is no accuracy"):
        read_file(path, Selection())
    rows = [{"activation": "relu", "test_accuracy": value} for value in (80, 81, float(wrong))]
    with pytest.raises(DataError, match=f"^row 3: test_accuracy={float(wrong)} is no accuracy"):
        aw.analyze(rows)


@pytest.mark.parametrize("name", ["loss", "accuracy_drop"])
def test_what_is_no_accuracy_may_leave_the_percentages(name: str) -> None:
    rows = [{"activation": "relu", name: value} for value in (3.0, 4.0, -1.0)]
    observed = Observations.from_rows(rows, factors=("activation",), response=name)
    assert observed.response_R.tolist() == [3.0, 4.0, -1.0]


def test_accuracies_that_are_no_percentages_may_exceed_them() -> None:
    rows = [{"activation": "relu", "test_accuracy": value} for value in (900.0, 910.0, 80.0)]
    assert Observations.from_rows(rows, factors=("activation",)).num_runs == 3


def test_a_condition_does_not_rename_a_table(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("activation,test_accuracy\nrelu,80\nelu,81\n", encoding="utf-8")
    assert read_file(path, Selection(where=("activation=relu",))).name == str(path)


def test_a_binary_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    with pytest.raises(DataError, match="cannot be read"):
        aw.analyze(path)
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="cannot be read"):
        aw.analyze(path)


def copies_of(rows: list[dict[str, Any]], *without: str) -> list[dict[str, Any]]:
    return [{key: v for key, v in row.items() if key not in without} for row in rows]


def test_a_cell_with_a_seed_twice_is_refused(tmp_path: Path) -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(0))
    with pytest.raises(DataError, match=r"cifar10, vgg16, bn, relu has more than one row of seed"):
        aw.analyze(rows * 4)
    with pytest.raises(DataError, match=r"prelu has more than one row of seed 2; remove the copy"):
        aw.analyze([*rows, {**rows[5], "test_accuracy": 70.0}])
    lines = [",".join(map(str, row.values())) for row in rows]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([",".join(rows[0]), *lines, *lines]), encoding="utf-8")
    with pytest.raises(DataError, match="more than one row of seed 0"):
        aw.analyze(path)


def test_a_factor_that_is_left_out_does_not_make_replicates() -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(0))
    with pytest.raises(DataError, match="name with --factors what tells the rows apart"):
        aw.analyze(rows, factors=["activation"])


def test_rows_without_seeds_may_be_replicates_and_not_copies_of_the_table() -> None:
    rows = copies_of(made_rows(seeds=3, generator=np.random.default_rng(0)), "seed")
    assert aw.analyze(rows).source.flow["finished"] == len(rows)
    # Two replicates may have the same accuracy.
    assert aw.analyze([*rows, rows[0]]).source.flow["finished"] == len(rows) + 1
    with pytest.raises(DataError, match="every row stands there more than once"):
        aw.analyze(rows * 2)


def test_a_run_that_several_studies_share_counts_once() -> None:
    rows = [
        {**row, "run_id": f"run{number}"}
        for number, row in enumerate(made_rows(seeds=3, generator=np.random.default_rng(0)))
    ]
    shared = [{**row, "study": name} for name in ("a", "b") for row in rows]
    assert aw.analyze(shared).source.flow["planned"] == len(rows)
