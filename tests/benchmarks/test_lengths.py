"""What benchmarks/findings/lengths.py says that a longer training changes."""

from collections import defaultdict
from statistics import fmean

import pytest

from actwise.numbers import signed
from benchmarks.findings import lengths
from benchmarks.findings.findings import RESULTS
from benchmarks.findings.retrain import finished_runs


@pytest.fixture(scope="module")
def model() -> lengths.Model:
    return lengths.model_of([RESULTS / "race-bank"], ["train.train_size=10000"])


def rows_of(table: str) -> dict[str, list[str]]:
    """The cells of each row but the header's two, by its second."""
    lines = table.split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {row[1]: row for row in rows}


def means() -> dict[tuple[str, str, int], float]:
    """Test accuracy by regularization, activation and epochs, from the exported rows."""
    found = defaultdict(list)
    for row in finished_runs(RESULTS / "race-bank"):
        if row["train.train_size"] == 10_000:
            key = (row["regularization"], row["activation"], row["train.epochs"])
            found[key].append(row["test_accuracy"])
    return {key: fmean(values) for key, values in found.items()}


def test_the_shortest_training_is_held_against_the_longest(model: lengths.Model) -> None:
    mean = means()
    gain = {n: mean["bn+aug", "mish", n] - mean["bn", "mish", n] for n in (3, 27)}
    network, _, epochs, short, long, change, interval = rows_of(
        lengths.table(model, lengths.gains)
    )["mish"]
    assert (network, epochs) == ("cifar10 resnet18-table2", "3 to 27")
    assert (short, long) == (signed(gain[3]), signed(gain[27]))
    assert change == signed(gain[27] - gain[3])
    lower, upper = map(float, interval.split(" to "))
    assert lower < float(change) < upper


def test_differences_are_means_over_regularizations(model: lengths.Model) -> None:
    mean = means()
    at = {
        n: fmean(mean[level, "elu", n] - mean[level, "gelu", n] for level in ("bn", "bn+aug"))
        for n in (3, 27)
    }
    rows = rows_of(lengths.table(model, lengths.differences))
    assert len(rows) == 15  # pairs of 6 activations
    assert rows["elu - gelu"][3:6] == [signed(at[3]), signed(at[27]), signed(at[27] - at[3])]


def test_how_many_changes_are_sure_stands_below(model: lengths.Model) -> None:
    table = lengths.table(model, lengths.differences)
    spans = [tuple(map(float, row[6].split(" to "))) for row in rows_of(table).values()]
    sure = sum(lower > 0 or upper < 0 for lower, upper in spans)
    assert table.endswith(f"\n\n{sure} of 15 intervals hold no 0.") and 0 < sure < 15


def test_one_length_changes_nothing() -> None:
    where = ["train.train_size=10000", "train.epochs=9"]
    model = lengths.model_of([RESULTS / "race-bank"], where)
    with pytest.raises(SystemExit, match="two lengths"):
        lengths.table(model, lengths.gains)


def test_another_setting_that_varies_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"train\.train_size"):
        lengths.model_of([RESULTS / "race-bank"])
