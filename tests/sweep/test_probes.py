"""Probes asked for by a study: repeated on demand, exported, imported, never in the way."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from actwise.cli.main import run_command
from actwise.errors import SpecError
from actwise.spec import StudySpec, load_study
from actwise.store import RunStore
from actwise.store.exchange import export_all, export_table, import_exports, read_exported
from actwise.store.records import unpack_probes
from actwise.sweep.plan import make_plan
from actwise.sweep.plan.cost import images_in_all, most_memory_bytes
from actwise.sweep.watch import Note, RunStarted
from made.plans import describe, study
from made.sweeps import Listener, results, small_study, study_values, sweep

PROBED = {"probes": {"every": 1, "images": 20, "forced": True}, "reestimated": True}


def probed(**observe: Any) -> StudySpec:
    return small_study(seeds=(0,), observe=observe)


def told(folder: Path, study: StudySpec, **options: Any) -> tuple[int, int]:
    """Runs that a sweep started, and notes that it gave."""
    listener = Listener()
    assert sweep(folder, study, progress=listener, **options).exit_code == 0
    return len(listener.of(RunStarted)), len(listener.of(Note))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store of runs that were probed when they were trained again, by two workers at once.

    Weights that come out otherwise would have been refused.
    """
    folder = tmp_path_factory.mktemp("probed") / "store"
    sweep(folder, probed())
    before = results(folder)
    assert told(folder, probed(**PROBED)) == (0, 1)
    options: dict[str, Any] = {"executor": "process", "workers": 2, "observe_again": True}
    assert told(folder, probed(**PROBED), **options)[0] == 2
    return folder, before


def test_two_workers_with_probes_come_to_the_weights_of_one_without(
    twice: tuple[Path, dict[str, Any]],
) -> None:
    folder, before = twice
    after = results(folder)
    for run_id, record in after.items():
        differing = {k for k, value in record.items() if value != before[run_id][k]}
        assert differing <= {"probes", "observed", "reestimated_accuracy"}
        assert record["reestimated_accuracy"] is not None


@pytest.mark.parametrize(
    "observe",
    [
        {"probes": False},
        {"probes": True},
        {"probes": {"every": 4, "images": 20, "forced": True}},
        {"reestimated": True, "probes": {"images": 2}},
    ],
)
def test_probes_at_least_as_dense_satisfy_what_is_asked(
    twice: tuple[Path, dict[str, Any]], observe: dict[str, Any]
) -> None:
    is_more = observe["probes"] is True  # 256 images, if there were as many
    assert told(twice[0], probed(**observe)) == (0, int(is_more))


def test_probes_travel_with_their_runs(twice: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = twice
    with RunStore.open(folder) as store, RunStore.open(tmp_path / "new", create=True) as other:
        export_all(store, tmp_path / "exported")
        import_exports([read_exported(tmp_path / "exported")], other)
        table = export_table(other, "probes")
        assert table.equals(export_table(store, "probes"))
        records = [other.result(run_id) for run_id in other.states()]
    assert set(table["epoch"].to_pylist()) == {0, 1, 2}
    assert set(table["activation"].to_pylist()) == {"relu", "elu"}
    slopes = table.filter(pa.compute.equal(table["place"], "site"))["slope_second_moment"]
    assert all(0 < value <= 1.0 for value in slopes.to_pylist())
    assert all(record is not None and unpack_probes(record.probes) for record in records)


def test_a_run_says_that_it_was_probed(
    twice: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, before = twice
    assert run_command(["show", "run", next(iter(before)), "--store", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "(re-estimated statistics of norms)" in said
    # Three activations and three norms, measured three times.
    assert "probes      6 places at 3 epochs, 20 images: `actwise export --what probes`" in said


def test_a_plan_has_memory_for_probes() -> None:
    alone, with_probes = (
        most_memory_bytes(plan, plan.runs)
        for plan in (make_plan(study(observe={"probes": on}), describe) for on in (False, True))
    )
    assert with_probes == pytest.approx(1.2 * alone, rel=1e-6)


def test_a_plan_counts_the_images_of_probes() -> None:
    def images(**observe: Any) -> float:
        plan = make_plan(study(train={"epochs": 12}, observe=observe), describe)
        return images_in_all(plan, plan.runs[0])

    alone = images()
    # Before the first epoch, after the 5th, the 10th and the last, on 4 % of 1,000 images.
    assert images(probes=True) - alone == pytest.approx(4 * 40 * 2.5)
    assert images(probes={"every": 12}) - alone == pytest.approx(2 * 40 * 2.5)
    forced = {"every": 6, "forced": True}
    assert images(probes=forced) - alone == pytest.approx(3 * 256 * 2.5)
    assert images(reestimated=True) > alone


@pytest.mark.parametrize(
    ("probes", "sentence"),
    [
        ({"evry": 2}, "no setting is named 'evry'; did you mean every"),
        ({"every": 0}, "observe.probes.every=0"),
        ({"images": 1}, "observe.probes.images=1"),
        ({"every": True}, "a number is expected, not true"),
        ("dense", "true, false or a table such as {every = 5, images = 256}"),
    ],
)
def test_probes_that_cannot_be_are_refused(probes: Any, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence.replace("{", r"\{")):
        load_study(study_values(observe={"probes": probes}))
