"""Rows as other programs write them: seeds, statuses, units and copies mean what they mean."""

from pathlib import Path

import numpy as np
import pytest

from actwise.analysis.reading import Selection, StudyResults, read_file, read_table_rows
from actwise.errors import DataError

RELU, ELU = (88.0, 90.1, 92.0, 94.0), (89.1, 91.0, 93.0, 95.1)


def read(folder: Path, *rows: str, header: str = "activation,seed,test_accuracy") -> StudyResults:
    path = folder / "runs.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return read_file(path, Selection())


def rows_of(activation: str, values: tuple[float, ...], *, seed: str = "{}") -> list[str]:
    return [f"{activation},{seed.format(n)},{value}" for n, value in enumerate(values)]


@pytest.mark.parametrize("seed", ["{}.0", "00{}", " {}", "{}e0"])
def test_seeds_that_are_one_number_are_one_seed(tmp_path: Path, seed: str) -> None:
    plain = read(tmp_path, *rows_of("relu", RELU), *rows_of("elu", ELU)).observed
    other = read(tmp_path, *rows_of("relu", RELU), *rows_of("elu", ELU, seed=seed)).observed
    assert plain is not None and other is not None
    assert plain.seeds_R is not None and other.seeds_R is not None
    np.testing.assert_array_equal(plain.seeds_R, other.seeds_R)
    assert plain.blocked and other.blocked


def test_seeds_that_are_no_numbers_stay_what_they_are(tmp_path: Path) -> None:
    observed = read(tmp_path, "relu,a1,90", "relu,0.5,91", "relu,9007199254740993,92").observed
    assert observed is not None and observed.seeds_R is not None
    assert observed.seeds_R.tolist() == ["a1", "0.5", "9007199254740993"]


def test_a_table_without_a_seed_in_one_row_is_not_paired(tmp_path: Path) -> None:
    observed = read(tmp_path, "relu,0.0,90", "relu,,91").observed
    assert observed is not None and observed.seeds_R is None
    frame = [{"activation": "relu", "seed": n, "test_accuracy": 90.0} for n in (1.0, float("nan"))]
    observed = read_table_rows(frame, Selection()).observed
    assert observed is not None and observed.seeds_R is None


def test_a_copy_with_its_seeds_written_otherwise_is_a_copy(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"relu has more than one row of seed 0; remove the copy"):
        read(tmp_path, *rows_of("relu", RELU), *rows_of("relu", RELU, seed="{}.0"))


def test_a_run_that_was_killed_is_not_finished(tmp_path: Path) -> None:
    results = read(
        tmp_path,
        *("relu,0,90.0,FINISHED", "relu,1,90.2,Completed", "elu,0,91.0,", "elu,1,41.5,KILLED"),
        *("relu,2,,Diverged", "elu,2,0.0,FAILED"),
        header="activation,seed,test_accuracy,status",
    )
    observed = results.observed
    assert observed is not None
    np.testing.assert_array_equal(observed.response_R, [90.0, 90.2, 91.0, np.nan])
    assert observed.diverged_R.tolist() == [False, False, False, True]
    assert results.excluded == ("1 run not finished but KILLED",)
    assert {name: results.flow[name] for name in ("planned", "finished", "diverged", "failed")} == {
        "planned": 6,
        "finished": 3,
        "diverged": 1,
        "failed": 1,
    }
    assert (results.flow["excluded"], results.flow["missing"]) == (1, 0)
    # What was planned decides whether seeds are blocks, not what came out.
    assert observed.blocked


def test_fractions_beside_percentages_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, "relu,0,90.0", "relu,1,90.2", "elu,0,0.91", "elu,1,0.912")
    assert str(error.value) == (
        "runs.csv, line 4: test_accuracy=0.91 stands in one column with 90.2: fractions and "
        "percentages; write all of them in percent"
    )


@pytest.mark.parametrize(
    "values",
    [
        (0.90, 0.91, 1.0),  # fractions throughout
        (41.0, 39.5, 1.0),  # a run at chance of 100 classes
        (41.0, 39.5, 0.97),
        (76.1, 75.9, 0.1),  # of 1,000
    ],
)
def test_accuracies_of_one_unit_are_taken_as_they_are(
    tmp_path: Path, values: tuple[float, ...]
) -> None:
    observed = read(tmp_path, *rows_of("relu", values)).observed
    assert observed is not None
    np.testing.assert_array_equal(observed.response_R, values)
