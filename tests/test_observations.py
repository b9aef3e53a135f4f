from pathlib import Path

import numpy as np
import pytest

from actwise.analysis.observations import Observations, read_csv
from actwise.errors import DataError, UnknownNameError

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
    observed = read_csv(path, factors=("depth", "activation"), response="error")
    assert observed.cells == (("20", "relu"), ("20", "elu"))
    assert observed.dataset_factor is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("activation,test_accuracy\n", "no rows"),
        ("activation,test_accuracy\nrelu\n", "row 2"),
        ("activation,test_accuracy\nrelu,high\n", "'high' is not a finite number"),
        ("activation,test_accuracy\nrelu,inf\n", "'inf' is not a finite number"),
        ("activation,accuracy\nrelu,1\n", "no column 'test_accuracy'"),
        ("width,test_accuracy\n1,1\n", "no factor column"),
    ],
)
def test_a_malformed_file_is_refused_in_one_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_csv(path)


def test_a_binary_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    with pytest.raises(DataError, match="cannot be read"):
        read_csv(path)
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="cannot be read"):
        read_csv(path)
