"""Which rows a condition ``FIELD=VALUE`` finds, and what is said of one that can find none."""

from collections.abc import Iterator

import pytest

from actwise.errors import SpecError, UnknownNameError
from actwise.store import RunStore
from actwise.store.exchange import export_table
from made.runs import finish, leased, look_at, made_plan, made_record, made_study


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    """Two studies that share a label at three seeds; one accuracy is not a whole number."""
    with RunStore.open(tmp_path_factory.mktemp("conditions") / "store", create=True) as store:
        one = made_study("one", regularization=["bn", "bn+dropout"], activation=["relu"])
        two = made_study("two", activation=["relu", "tanh"], seeds="0..2")
        for study in (one, two):
            store.add_study(study, made_plan(study))
        run = store.planned("two")[-1].run_id
        accuracies = {"test_accuracy": 61.5, "best_test_accuracy": 62.0}
        store.record(leased(store, run), made_record(run, **accuracies))
        for study in (one, two):
            finish(store, made_plan(study), test_accuracy=50.0)
        look_at(store, study="one", num_seeds=1)
        look_at(store, num_seeds=2)
        yield store


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ([], 10),
        ("seed=2", 2),
        (["seed=2", "seed=0"], 6),
        (["seed=2", "activation=tanh"], 1),
        ([" seed = 2 ", "activation=relu"], 1),
        (["test_accuracy=50"], 9),
        (["test_accuracy=50.0"], 9),
        (["test_accuracy=61.5", "test_accuracy=50"], 10),
        (["test_accuracy=61.50"], 1),
        (["best_test_accuracy=none"], 9),
        (["best_test_accuracy="], 9),
        (["best_test_accuracy=", "best_test_accuracy=62"], 10),
        (["test_accuracy=none"], 0),
        (["aliased=on"], 4),
        (["aliased=true"], 4),
        (["aliased=off"], 6),
        (["aliased=1"], 0),
        (["width=1"], 10),
        (["width=1.0"], 10),
        (["status=diverged"], 0),
    ],
)
def test_a_condition_finds_its_rows(store: RunStore, where: list[str] | str, number: int) -> None:
    assert export_table(store, "runs", where=where).num_rows == number
    assert len(store.snapshot(where=where).rows) == number


@pytest.mark.parametrize(
    ("study", "where", "sentence"),
    [
        ("two", "seed=3", "no seed of these runs is named '3'; known are 0, 1, 2"),
        ("one", "seed=2", "no seed of these runs is named '2'; known are 0, 1"),
        ("one", "activation=tanh", "no activation of these runs is named 'tanh'; known are relu"),
        ("one", "study=two", "no study of these runs is named 'two'; known are one"),
        (None, "study=2", "no study of these runs is named '2'; known are one, two"),
        (None, "width=on", "no width of these runs is named 'on'; known are 1.0"),
        (None, "width=none", "no width of these runs is named 'none'; known are 1.0"),
        (None, "sead=1", "no field is named 'sead'; did you mean seed?"),
        (
            None,
            "regularization=nb",
            "no regularization of these runs is named 'nb'; known are bn, bn+dropout",
        ),
    ],
)
def test_what_a_field_never_has_is_named_with_what_it_has(
    store: RunStore, study: str | None, where: str, sentence: str
) -> None:
    for read in (
        lambda: export_table(store, "runs", study=study, where=where),
        lambda: store.snapshot(study=study, where=[where]),
    ):
        with pytest.raises(UnknownNameError) as refusal:
            read()
        assert str(refusal.value) == sentence


@pytest.mark.parametrize("where", ["seed", "seed:1", ""])
def test_what_is_no_condition_is_told_with_an_example(store: RunStore, where: str) -> None:
    with pytest.raises(SpecError) as refusal:
        export_table(store, "epochs", where=[where])
    assert str(refusal.value) == (f"--where {where!r} is not FIELD=VALUE, such as activation=relu")


@pytest.mark.parametrize(
    ("where", "seeds"),
    [("study=one", [1]), ("study=none", [2]), ("num_seeds=2", [2]), ("study=three", [])],
)
def test_looks_are_chosen_by_their_own_columns(
    store: RunStore, where: str, seeds: list[int]
) -> None:
    assert export_table(store, "looks", where=[where])["num_seeds"].to_pylist() == seeds


@pytest.mark.parametrize("what", ["looks", "environments", "runs", "epochs"])
def test_a_study_that_is_not_there_is_named(store: RunStore, what: str) -> None:
    with pytest.raises(
        UnknownNameError, match=r"^no study of this store is named 'on'; did you mean one\?$"
    ):
        export_table(store, what, study="on")
    with pytest.raises(UnknownNameError, match=f"no table is named '{what}_'; did you mean {what}"):
        export_table(store, f"{what}_")
