"""DataFrames and other rows at hand: analysed, or refused in one sentence."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import actwise as aw
from actwise.errors import DataError
from made.tables_of_others import PLAIN, means_of

FRAME = pd.DataFrame(PLAIN)
FOUND = {"relu": (80.3, 4), "elu": (84.3, 4)}


@pytest.mark.parametrize("names", ["activation", "seed", "activation seed"])
def test_named_levels_of_an_index_are_columns(names: str) -> None:
    found = aw.analyze(FRAME.set_index(names.split()))
    assert means_of(found) == FOUND
    assert found.results.num_seeds == 4


@pytest.mark.parametrize("missing", [pd.NA, None, float("nan")])
def test_a_value_that_is_missing_makes_no_result(missing: object) -> None:
    frame = FRAME.astype({"test_accuracy": "Float64", "activation": "category"})
    frame.loc[0, "test_accuracy"] = missing
    found = aw.analyze(frame)
    assert means_of(found) == {**FOUND, "relu": (80.4, 3)}
    assert found.results.excluded == ("1 finished run without test_accuracy",)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "columns of several levels": (
        lambda: FRAME.groupby("activation").agg({"test_accuracy": ["mean", "std"]}),
        "several levels of names above its columns; join them",
    ),
    "an index without names": (
        lambda: FRAME.set_index([pd.Index(range(8)), "seed"]),
        "several levels in its index, not all with a name; frame.reset_index()",
    ),
    "two columns of one name": (
        lambda: FRAME.set_axis(["activation", "seed", "seed"], axis="columns"),
        "^the DataFrame has 2 columns named 'seed'; give each its name",
    ),
    "an index that is a column too": (
        lambda: FRAME.set_index("seed", drop=False),
        "^the DataFrame with its index has 2 columns named 'seed'",
    ),
    "columns without names": (
        lambda: pd.DataFrame(FRAME.to_numpy()),
        "a column named 0, which is no text; give each column a name",
    ),
    "a Series": (lambda: FRAME["test_accuracy"], "or a DataFrame, not Series$"),
    "an array": (FRAME.to_numpy, "or a DataFrame, not ndarray$"),
    "one row": (lambda: PLAIN[0], "or a DataFrame, not dict$"),
    "rows of lists": (lambda: [["relu", 0, 0.8]], "^row 1 is no dictionary of a run's columns"),
    "a name of a column that is no text": (lambda: [{1: 2}], "a column named 1, which is no text"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_holds_no_runs_is_refused_in_one_sentence(case: str) -> None:
    make, message = WRONG[case]
    with pytest.raises(DataError, match=message) as refused:
        aw.analyze(make())
    assert "\n" not in str(refused.value)
