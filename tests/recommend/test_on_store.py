"""A race on a store: its trials are ordinary runs, and the same call goes on."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.recommend import CaseAdvice
from actwise.store import RunStore
from actwise.sweep.executors import StoppedError
from actwise.sweep.run import run
from actwise.sweep.watch import Note, RunEnded, RunStarted, SweepStarted
from actwise.usercode import PACKAGES
from made.pages import Page
from made.races import ALIKE, SMALL, TWO, race, without_times
from made.sweeps import Listener

NET = "made.own_networks:Quick"


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CaseAdvice]:
    folder = tmp_path_factory.mktemp("raced") / "store"
    return folder, race(folder, candidates=ALIKE, budget="3runs")


def plain(advice: CaseAdvice) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(advice.to_dict()))
    return without_times(values)


def test_every_trial_is_a_run_of_the_race_s_study(raced: tuple[Path, CaseAdvice]) -> None:
    folder, advice = raced
    with RunStore.open(folder) as store:
        lines = {line.run_id: line for line in store.planned(advice.study)}
        records = {run_id: store.result(run_id) for run_id in advice.run_ids}
    assert set(lines) == set(advice.run_ids)
    for told, run_id in zip(advice.trials, advice.run_ids, strict=True):
        spec, record = lines[run_id].spec, records[run_id]
        assert record is not None
        asked = (spec.activation, spec.seed, spec.train.epochs, spec.train.validation_fraction)
        trial = told.trial
        assert asked == (trial.activation, trial.seed, trial.epochs, 0.2)
        assert (trial.fold, told.value) == (trial.seed % 5, record.validation_accuracy)
        judged = [epoch.epoch for epoch in record.epochs if epoch.validation_accuracy is not None]
        assert judged == [trial.epochs]


def test_every_candidate_has_a_short_run_and_the_budget_is_kept(
    raced: tuple[Path, CaseAdvice],
) -> None:
    _, advice = raced
    short = [t.trial.activation for t in advice.trials if not t.trial.is_full]
    assert tuple(short) == ALIKE
    assert advice.spent <= advice.budget == 3.0
    assert advice.spent == pytest.approx(sum(t.trial.epochs for t in advice.trials) / 9)


def test_the_same_call_trains_nothing_and_says_the_same(raced: tuple[Path, CaseAdvice]) -> None:
    folder, advice = raced
    heard = Listener()
    again = race(folder, candidates=ALIKE, budget="3runs", progress=heard)
    assert plain(again) == plain(advice)
    assert heard.of(RunStarted) == []
    (started,) = heard.of(SweepStarted)
    assert started.num_done == len(advice.trials)


def test_a_notebook_shows_the_sentences_and_a_row_for_each_candidate(
    raced: tuple[Path, CaseAdvice],
) -> None:
    _, advice = raced
    shown = advice._repr_html_()
    text = Page(shown).text
    assert [line for line in str(advice).splitlines() if line not in text] == []
    names = [row.activation for row in advice.outlooks]
    assert re.findall(r'<tr><td class="">(.*?)</td>', shown) == names
    assert [row["activation"] for row in advice.to_rows()] == names


def test_a_budget_in_time_is_said_in_runs_and_is_what_it_was(
    raced: tuple[Path, CaseAdvice],
) -> None:
    folder, advice = raced
    with RunStore.open(folder) as store:
        stored = next(line.spec for line in store.studies() if line.study == advice.study)
        assert stored.race is not None
        noted = stored.race.model_copy(update={"budget": "30m"})
        store.add_study(stored.model_copy(update={"race": noted}), [])
    heard = Listener()
    again = race(folder, candidates=ALIKE, budget="30m", progress=heard)
    assert plain(again) == plain(advice)
    said = "the budget of 30m is 3.0 full runs: 3 candidates of 3 epochs, then up to 2 of 9"
    assert said in [note.text for note in heard.of(Note)]


def test_a_larger_budget_goes_on_from_the_short_runs(tmp_path: Path) -> None:
    folder, heard = tmp_path / "store", Listener()
    screened = race(folder, candidates=ALIKE, budget="2runs")
    assert (screened.is_screening, len(screened.trials)) == (True, 3)
    more = race(folder, candidates=ALIKE, budget="3runs", progress=heard)
    assert more.run_ids[:3] == screened.run_ids
    assert len(heard.of(RunEnded)) == len(more.trials) - 3 > 0


def test_nothing_is_said_of_the_test_split_before_the_advice(tmp_path: Path) -> None:
    heard = Listener()
    race(tmp_path / "store", budget="1runs", progress=heard)
    ended = heard.of(RunEnded)
    assert [event.test_accuracy for event in ended] == [None, None]
    assert all(event.metrics["validation accuracy"] > 0 for event in ended)


def test_finished_runs_of_a_study_are_taken_and_count_as_what_they_are(
    raced: tuple[Path, CaseAdvice], tmp_path: Path
) -> None:
    _, advice = raced
    study = {
        "name": "before",
        "width": 0.125,
        "factors": {
            "dataset": ["digits"],
            "model": ["convnet"],
            "regularization": ["bn"],
            "activation": [*ALIKE],
        },
        "train": {
            "epochs": 3,
            "schedule": "onecycle",
            "validation_fraction": 0.2,
            "train_size": 256,
            "batch_size": 32,
            "learning_rate": 0.05,
        },
    }
    folder, heard = tmp_path / "store", Listener()
    run(study, folder, executor="inline", device="cpu")
    taken = race(folder, candidates=ALIKE, budget="3runs", progress=heard)
    assert plain(taken) == plain(advice)
    assert len(heard.of(RunEnded)) == len(advice.trials) - len(ALIKE)


def test_a_stop_says_that_the_same_call_goes_on(
    raced: tuple[Path, CaseAdvice], tmp_path: Path
) -> None:
    with pytest.raises(StoppedError, match="the same command goes on") as stopped:
        race(tmp_path / "store", candidates=ALIKE, budget="3runs", time_limit_seconds=0.5)
    assert stopped.value.exit_code == 4
    _, advice = raced
    assert plain(race(tmp_path / "store", candidates=ALIKE, budget="3runs")) == plain(advice)


def test_trainings_of_several_numerics_fingerprints_are_told(tmp_path: Path) -> None:
    alike = race(tmp_path / "store", budget="1runs", threads=2)
    assert not any("fingerprint" in note for note in alike.notes)
    mixed = race(tmp_path / "store", budget="3runs")
    assert "the trainings come from 2 numerics fingerprints (processor, " in mixed.notes[-1]


@pytest.mark.zoo
@pytest.mark.skipif(not all(map(find_spec, PACKAGES)), reason="the extra `zoo` is not installed")
@pytest.mark.filterwarnings("ignore")  # what these packages say
def test_a_network_of_timm_is_raced(tmp_path: Path) -> None:
    advice = race(tmp_path / "store", "timm:test_resnet", budget="1runs", overrides=SMALL[1:])
    assert (advice.case["model"], advice.case["regularization"]) == ("timm:test_resnet", "own")
    assert len(advice.trials) == 2 and advice.apply is not None


def test_a_diverged_candidate_is_dropped_and_named(tmp_path: Path) -> None:
    advice = race(
        tmp_path / "store", candidates=("relu", "made.races_in_tasks:Explodes"), budget="1runs"
    )
    assert advice.diverged == ("made.races_in_tasks:Explodes",)
    assert (advice.activation, advice.why_stopped) == ("relu", "alone")


def test_where_all_diverge_there_is_no_pick(tmp_path: Path) -> None:
    overrides = (*SMALL[:3], "train.learning_rate=1e20")
    advice = race(tmp_path / "store", budget="1runs", overrides=overrides, costs=True)
    assert (advice.activation, advice.why_stopped) == (None, "diverged")
    assert (advice.apply, advice.costs) == (None, None)
    assert str(advice).startswith("No advice: all 2 candidates diverged.")


def test_a_race_in_which_nothing_learned_says_so_first(tmp_path: Path) -> None:
    overrides = (*SMALL[:3], "train.learning_rate=1e-6")
    advice = race(tmp_path / "store", budget="3runs", margin=9.0, overrides=overrides, costs=True)
    assert (advice.activation, advice.why_stopped) == (None, "unlearned")
    assert (advice.apply, advice.costs, len(advice.trials)) == (None, None, 2)
    assert str(advice).startswith("No advice: nothing has learned.")


def test_no_costs_are_said_of_steps_that_the_race_did_not_take(tmp_path: Path) -> None:
    heard = Listener()
    overrides = (*SMALL, "train.precision=bfloat16")
    advice = race(
        tmp_path / "store", budget="1runs", overrides=overrides, costs=True, progress=heard
    )
    assert advice.costs is None
    said = "costs are not known: .* the race trained with train.precision=bfloat16"
    assert any(re.match(said, note.text) for note in heard.of(Note))


def test_a_user_s_network_is_raced_with_its_own_layers(tmp_path: Path) -> None:
    advice = race(tmp_path / "store", NET, budget="1runs", overrides=SMALL[1:], costs=True)
    assert advice.case["regularization"] == "own"
    assert advice.apply is not None and advice.apply.startswith("aw.swap(model, ")
    assert advice.costs is not None and {row.activation for row in advice.costs.rows} == set(TWO)
    assert [row["step"] for row in advice.to_rows()] == [
        advice.costs[row.activation].step.median for row in advice.outlooks
    ]


@pytest.mark.parametrize("name", ["workers", "threads", "max_attempts", "time_limit_seconds"])
def test_an_option_that_is_no_number_is_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=f"{name}='two': expected a (whole )?number"):
        race(tmp_path / "store", **{name: "two"})


def test_trainings_too_large_for_this_machine_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(SpecError, match="GB of memory"):
        race(tmp_path / "store", "vgg16-table1", overrides=("width=16", *SMALL[1:]))
    assert list(tmp_path.iterdir()) == []


def test_two_names_of_one_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"elu and elu\(1\) are the same network"):
        race(tmp_path / "store", candidates=("relu", "elu", "elu(1)"))
    assert list(tmp_path.iterdir()) == []
