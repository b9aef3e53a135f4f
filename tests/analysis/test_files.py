"""Rows as other programs write them: seeds, statuses, units and copies mean what they mean."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.reading import Selection, StudyResults, read_file, read_table_rows
from actwise.errors import ActwiseError, DataError
from made.studies import made_rows

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


def test_seeds_that_are_no_numbers_stay_what_they_are(tmp_path: Path) -> None:
    observed = read(tmp_path, "relu,a1,90", "relu,0.5,91", "relu,9007199254740993,92").observed
    assert observed is not None and observed.seeds_R is not None
    assert observed.seeds_R.tolist() == ["a1", "0.5", "9007199254740993"]


def test_a_row_without_a_seed_among_rows_with_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 3: seed is empty, and other rows have one"):
        read(tmp_path, "relu,0.0,90", "relu,,91")
    frame = [{"activation": "relu", "seed": n, "test_accuracy": 90.0} for n in (1.0, float("nan"))]
    with pytest.raises(DataError, match=r"row 2: seed is empty"):
        read_table_rows(frame, Selection())


def test_a_copy_with_its_seeds_written_otherwise_is_a_copy(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"relu has more than one row of seed 0 .*; remove"):
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
        ("activation,test_accuracy\nrelu\n", "runs.csv, line 2: 1 field instead of the header's 2"),
        (
            "activation,test_accuracy\nrelu,high\n",
            "^runs.csv, line 2: test_accuracy='high' is not a",
        ),
        ("activation,test_accuracy\nrelu,inf\n", "'inf' is not a finite number"),
        ("activation,score\nrelu,1\n", "^runs.csv has no column 'test_accuracy'; it has"),
        ("width,test_accuracy\n1,1\n", "no factor column"),
        # A line is counted as an editor does.
        ('activation,test_accuracy\n\nrelu,80\n"a\nb",n/a\n', "^runs.csv, line 5: test_acc"),
    ],
)
def test_a_malformed_file_is_refused_in_one_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ActwiseError, match=message) as refused:
        aw.analyze(path)
    assert "\n" not in str(refused.value)


def test_a_binary_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    with pytest.raises(DataError, match="cannot be read"):
        aw.analyze(path)
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="cannot be read"):
        aw.analyze(path)


@pytest.mark.parametrize("wrong", ["-300", "850", "100.5"])
def test_an_impossible_accuracy_is_named_with_its_place(tmp_path: Path, wrong: str) -> None:
    values = ("80", "0", "100", "8", wrong)
    with pytest.raises(DataError, match=f"^runs.csv, line 6: test_accuracy={wrong} is no accuracy"):
        read(tmp_path, *(f"relu,{seed},{value}" for seed, value in enumerate(values)))
    rows = [{"activation": "relu", "test_accuracy": value} for value in (80, 81, float(wrong))]
    with pytest.raises(DataError, match=f"^row 3: test_accuracy={float(wrong)} is no accuracy"):
        aw.analyze(rows)


def test_a_condition_does_not_rename_a_table(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("activation,test_accuracy\nrelu,80\nelu,81\n", encoding="utf-8")
    assert read_file(path, Selection(where=("activation=relu",))).name == str(path)


@pytest.fixture
def crossed() -> list[dict[str, Any]]:
    return made_rows(seeds=3, generator=np.random.default_rng(0))


def test_a_cell_with_a_seed_twice_is_refused(crossed: list[dict[str, Any]]) -> None:
    with pytest.raises(DataError, match=r"cifar10, vgg16, bn, relu has more than one row of seed"):
        aw.analyze(crossed * 4)
    with pytest.raises(DataError, match=r"prelu has more than one row of seed 2 .*remove"):
        aw.analyze([*crossed, {**crossed[5], "test_accuracy": 70.0}])


def test_a_factor_that_is_left_out_does_not_make_replicates(crossed: list[dict[str, Any]]) -> None:
    with pytest.raises(DataError, match=r"name what tells the rows apart by factors="):
        aw.analyze(crossed, factors=["activation"])
    unnamed = [{k: v for k, v in row.items() if k != "activation"} for row in crossed]
    with pytest.raises(DataError, match=r"no column is called activation.* by columns=") as refused:
        aw.analyze(unnamed)
    assert refused.value.typed.endswith("--map activation=COLUMN")


def test_rows_without_seeds_may_be_replicates_and_not_copies_of_the_table(
    crossed: list[dict[str, Any]],
) -> None:
    rows = [{key: value for key, value in row.items() if key != "seed"} for row in crossed]
    assert aw.analyze(rows).results.flow["finished"] == len(rows)
    # Two replicates may have the same accuracy.
    assert aw.analyze([*rows, rows[0]]).results.flow["finished"] == len(rows) + 1
    with pytest.raises(DataError, match="every row stands there more than once"):
        aw.analyze(rows * 2)


def test_a_run_that_several_studies_share_counts_once(crossed: list[dict[str, Any]]) -> None:
    rows = [{**row, "run_id": f"run{number}"} for number, row in enumerate(crossed)]
    shared = [{**row, "study": name} for name in ("a", "b") for row in rows]
    assert aw.analyze(shared).results.flow["planned"] == len(rows)
