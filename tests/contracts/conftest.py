"""The storages that every contract of the store is held against: one line for each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.store import RunStore
from made.runs import made_plan, made_study

FixtureValue = Callable[[str], Any]
STORAGES: dict[str, Callable[[Path, FixtureValue], RunStore]] = {
    "folder": lambda place, _: RunStore.open(place / "store", create=True),
    "url": lambda place, _: RunStore.open(
        f"sqlite:///{place / 'runs.db'}", create=True, artifacts=place / "files"
    ),
    "postgresql": lambda place, value: RunStore.open(
        value("postgresql").new_url(), create=True, artifacts=place / "files"
    ),
}

MARKS = {"postgresql": pytest.mark.postgresql}


@pytest.fixture(params=[pytest.param(n, marks=MARKS.get(n, ())) for n in STORAGES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    """An empty store of each kind."""
    with STORAGES[request.param](tmp_path, request.getfixturevalue) as store:
        yield store


@pytest.fixture
def run(store: RunStore) -> str:
    """The first run of a study of two activations and two seeds, in the store."""
    study = made_study()
    store.add_study(study, made_plan(study))
    return store.planned()[0].run_id
