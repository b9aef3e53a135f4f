"""Answers that are added from data sets: of those that are what runs were trained on, no others."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.datasets import Dataset
from actwise.errors import DataError
from actwise.store.records import Answers
from actwise.sweep.answers import Filled, fill_answers
from small_runs import DATASET

LEVELS = {"1": "good", "2": "gone", "3": "changed", "4": "better"}
"""By the digest that runs have."""


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Answers]]:
    """What was added to a store; and its data sets, of which one is gone and one has changed."""
    found: list[dict[str, Answers]] = []

    def load(level: str, folder: Path, *, digest: str) -> Dataset:
        assert folder == Path("data")
        if level == "gone":
            raise DataError("data set 'gone' is not here")
        known = "9" if level == "changed" else digest
        return replace(DATASET, info=replace(DATASET.info, level=level, digest=known))

    def add(store: Any, answers: dict[str, Answers]) -> None:
        found.append(dict(answers))

    monkeypatch.setattr("actwise.sweep.answers.load_planned", load)
    monkeypatch.setattr("actwise.sweep.answers.add_answers", add)
    return found


def filled(levels: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Filled:
    monkeypatch.setattr("actwise.sweep.answers.missing_answers", lambda store: levels)
    return fill_answers(None, Path("data"))  # type: ignore[arg-type]


def test_what_is_here_is_added_and_of_the_rest_it_is_said_why_not(
    added: list[dict[str, Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled(LEVELS, monkeypatch) == Filled(
        ("good", "better"),
        {
            "gone": "data set 'gone' is not here",
            "changed": "data set 'changed' is not what its runs were trained on",
        },
    )
    (answers,) = added
    assert [*answers] == ["1", "4"]
    of_data = Answers.of(np.asarray(DATASET.test_labels_N), 4)
    assert all(found.says_the_same(of_data) for found in answers.values())


def test_where_there_is_nothing_to_add_the_store_is_left_alone(
    added: list[dict[str, Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled({"2": "gone"}, monkeypatch).added == ()
    assert filled({}, monkeypatch) == Filled()
    assert added == []
