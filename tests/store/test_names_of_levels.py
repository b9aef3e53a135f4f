"""Names of levels for readers, over all specs of a store; and when specs and plans are noted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.store import Registration, RunStore, labels_of
from actwise.store.exchange import export_all, read_exported
from made.runs import made_plan, made_study


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore.open(tmp_path / "store", create=True) as store:
        yield store


def start(
    store: RunStore, name: str = "made", *, as_: tuple[str, ...] = (), **settings: Any
) -> None:
    study = made_study(name, **{"seeds": "0", **settings})
    store.add_study(study, made_plan(study), started_as=as_)


def test_names_of_the_latest_start_of_all_count(store: RunStore) -> None:
    start(store, "one", labels={"relu": "ReLU", "elu": "ELU"})
    start(store, "two", labels={"relu": "rectifier"})
    assert labels_of(store.studies()) == {"relu": "rectifier", "elu": "ELU"}
    assert labels_of(store.studies()[:1]) == {"relu": "ReLU", "elu": "ELU"}
    assert labels_of([]) == {}


def test_a_name_of_two_levels_names_neither(store: RunStore) -> None:
    start(store, "one", labels={"relu": "unit", "bn": "norm"})
    start(store, "two", labels={"elu": "unit"})
    assert labels_of(store.studies()) == {"bn": "norm"}


def test_a_name_that_is_another_level_names_none(store: RunStore) -> None:
    start(store, "one", labels={"relu": "tanh", "elu": "ELU"})
    assert labels_of(store.studies()) == {"relu": "tanh", "elu": "ELU"}
    start(store, "two", activation=["tanh"])
    assert labels_of(store.studies()) == {"elu": "ELU"}


def test_a_spec_with_other_names_is_the_same_and_has_the_names_of_its_last_start(
    store: RunStore,
) -> None:
    start(store, labels={"relu": "ReLU"}, as_=("a.toml",))
    start(store, labels={"relu": "rectifier"}, as_=("b.toml", "seeds=0"))
    (stored,) = store.studies()
    assert stored.spec.labels == {"relu": "rectifier"}
    assert stored.started_as == ("b.toml", "seeds=0")
    assert len(stored.registrations) == 1
    # A start of a dict does not say how it was started.
    start(store, labels={"relu": "rectifier"})
    assert store.studies()[0].started_as == ("b.toml", "seeds=0")


def test_specs_of_a_name_keep_what_each_was_started_as(store: RunStore) -> None:
    for number, activation in enumerate((["relu"], ["elu"])):
        start(store, activation=activation, as_=(f"{number}.toml",))
    first, second = store.studies()
    assert (first.started_as, second.started_as) == (("0.toml",), ("1.toml",))
    assert first.study == second.study and first.study_hash != second.study_hash
    assert first.started_at < second.started_at
    assert [stored.registrations[0].recorded_at for stored in (first, second)] == sorted(
        stored.registrations[0].recorded_at for stored in (first, second)
    )


@pytest.mark.parametrize(
    ("claims", "plan", "includes"),
    [
        ({}, "p", True),
        ({"a": "1"}, "p", True),
        ({"a": "1", "b": "2"}, "p", True),
        ({"a": "2"}, "p", False),
        ({"c": "1"}, "p", False),
        ({"a": "1"}, "q", False),
    ],
)
def test_a_registration_includes_one_of_its_plan_with_no_other_claims(
    claims: dict[str, str], plan: str, includes: bool
) -> None:
    known = Registration("2026-01-01", "p", {"a": "1", "b": "2"})
    assert known.includes(Registration("2025-01-01", plan, claims)) is includes


def test_a_plan_goes_on_after_its_last_line(store: RunStore) -> None:
    start(store, activation=["relu", "elu"], seeds="0..1")
    start(store, "other", activation=["relu"])
    start(store, activation=["tanh", "relu"], seeds="0..1")
    start(store, activation=["selu"])
    lines = [(line.study, line.position, line.activation) for line in store.planned()]
    assert lines == [
        ("made", 0, "relu"),
        ("made", 1, "relu"),
        ("made", 2, "elu"),
        ("made", 3, "elu"),
        ("made", 4, "tanh"),
        ("made", 5, "tanh"),
        ("made", 6, "selu"),
        ("other", 0, "relu"),
    ]


def test_labels_of_one_cell_are_marked_in_their_study_alone(store: RunStore) -> None:
    start(store, "one", regularization=["bn", "bn+dropout", "none"], activation=["relu"])
    start(store, "two", regularization=["bn"], activation=["relu", "elu"])
    start(store, "three", regularization=["bn+dropout"], activation=["relu"])
    marks = [(line.study, line.regularization, line.is_aliased) for line in store.planned()]
    assert marks == [
        ("one", "bn", True),
        ("one", "bn+dropout", True),
        ("one", "none", False),
        ("three", "bn+dropout", False),
        ("two", "bn", False),
        ("two", "bn", False),
    ]


@pytest.mark.parametrize("typed", ["mine.toml", "demo", "studies/mine.toml"])
@pytest.mark.parametrize("is_absolute", [False, True])
def test_an_export_does_not_say_in_which_folder_a_study_lay(
    typed: str, is_absolute: bool, store: RunStore, tmp_path: Path
) -> None:
    start(store, as_=(str(tmp_path / typed) if is_absolute else typed, "seeds=0"))
    export_all(store, tmp_path / "saved")
    (study,) = read_exported(tmp_path / "saved").studies
    assert study.started_as == (Path(typed).name if is_absolute else typed, "seeds=0")
