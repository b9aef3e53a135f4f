"""Fractions or percent, and the direction of a response, by names in any style."""

import pytest

import actwise as aw
from actwise.errors import DataError, SpecError
from actwise.report.words import remarks
from made.tables_of_others import PLAIN

TURNED = "in percent; higher is better."
KEPT = "as it stands; higher is better."
UNKNOWN = "as it stands; its name tells no direction, so higher is taken as better"


def rows_of(name: str, factor: float = 1.0) -> list[dict[str, object]]:
    return [
        {"activation": r["activation"], "seed": r["seed"], name: factor * float(r["test_accuracy"])}
        for r in PLAIN
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("valAccuracy", "val_accuracy", "val/acc", "Acc@1", "top1", "eval/top1", "accuracy_score"),
        *("f1", "F1", "valF1", "val_f1", "F1Score", "macro-f1", "AUC", "mIoU", "Recall"),
    ],
)
def test_fractions_are_turned_into_percent_however_their_name_is_written(name: str) -> None:
    found = aw.analyze(rows_of(name), response=name)
    assert found.cells[0].mean.value == pytest.approx(80.3)
    response = found.observed.response
    assert f"Fractions, turned into percent: {response}." in remarks(found)
    assert f"The response is {response}, {TURNED}" in remarks(found)


@pytest.mark.parametrize(
    ("name", "factor", "said"),
    [
        ("value", 1, UNKNOWN),
        ("value", 100, UNKNOWN),
        ("accuracy_drop", 1, UNKNOWN),
        ("score", 1, KEPT),
        ("f1", 100, KEPT),
        ("testAcc", 100, TURNED),
    ],
)
def test_what_is_no_fraction_of_anything_stays(name: str, factor: float, said: str) -> None:
    found = aw.analyze(rows_of(name, factor), response=name)
    assert found.cells[0].mean.value == pytest.approx(0.803 * factor)
    assert not found.results.taken.fractions
    assert f"The response is {name}, {said}" in " ".join(remarks(found))


@pytest.mark.parametrize("name", ["valAccuracy", "valF1", "mIoU", "top1Acc"])
def test_a_fraction_among_percentages_is_refused_however_its_name_is_written(name: str) -> None:
    rows = rows_of(name, 100)
    rows[0][name] = 0.81
    with pytest.raises(DataError, match=f"row 1: {name}=0.81 stands in one column with"):
        aw.analyze(rows, response=name)


@pytest.mark.parametrize("name", ["testLoss", "val_err", "RMSE", "Perplexity", "testError"])
def test_a_name_of_a_loss_wants_the_direction_said(name: str) -> None:
    with pytest.raises(SpecError, match=f"{name} has the name of an error or a loss") as refused:
        aw.analyze(rows_of(name), response=name)
    assert str(refused.value).endswith(" lower_is_better=True")
    assert refused.value.typed.endswith(" --lower-is-better")
    found = aw.analyze(rows_of(name), response=name, lower_is_better=True)
    assert f"The response is {name}, as it stands; lower is better." in remarks(found)
