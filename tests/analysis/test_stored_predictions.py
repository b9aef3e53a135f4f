"""A store with predictions: what they add to an analysis, and that it is the same everywhere."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.datasets import load
from actwise.report import analysis_json
from actwise.report.html import render_html
from actwise.store import RunStore
from actwise.store.exchange import export_all, import_folders
from actwise.store.records import Answers, hash_predictions, pack_predictions
from made.cases import RESULTS
from made.printed import printed
from made.runs import finish, leased, made_plan, made_record, made_study

SEEDS = 4


def made_store(folder: Path, *, has_answers: bool = True) -> Path:
    """Two activations at four seeds, each with its own errors on 300 test images."""
    truth_N = np.arange(300) % 10
    study = made_study(seeds=f"0..{SEEDS - 1}")
    generator = np.random.default_rng(0)
    with RunStore.open(folder, create=True) as opened:
        opened.add_study(study, made_plan(study))
        for run in made_plan(study):
            share = {"relu": 0.20, "elu": 0.08}[run.spec.activation]
            wrong_N = generator.random(len(truth_N)) < share
            classes_N = np.where(wrong_N, (truth_N + 1) % 10, truth_N)
            changes: dict[str, Any] = {
                "test_accuracy": 100.0 * float(np.mean(~wrong_N)),
                "predictions": pack_predictions(classes_N),
                "predictions_sha256": hash_predictions(classes_N),
                "answers": Answers.of(truth_N, 10) if has_answers else None,
            }
            opened.record(leased(opened, run.run_id), made_record(run.run_id, **changes))
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_store(tmp_path_factory.mktemp("predictions") / "store")


def said_of(folder: Path) -> dict[str, Any]:
    """What ``--json`` says of a store, apart from its looks and its path."""
    values = analysis_json(aw.analyze(folder))
    text = json.dumps(values, allow_nan=False)
    source = {k: v for k, v in values["source"].items() if k not in ("name", "citation")}
    assert json.loads(text) == values
    return {**values, "looks": None, "source": source}


def imported(folders: list[Path], target: Path) -> Path:
    with RunStore.open(target, create=True) as opened:
        import_folders(folders, opened)
    return target


def test_a_difference_has_an_error_on_these_and_on_new_test_images(store: Path) -> None:
    analysis = aw.analyze(store)
    (pair,), (images,) = analysis.pairs, analysis.images.values()
    assert images.new.standard_error >= images.these.standard_error > 0
    assert images.these.value == pytest.approx(pair.judged.estimate.value)
    assert images.new.name == f"{pair.a} - {pair.b}"
    assert images.these.df == SEEDS - 1


def test_an_export_says_the_same_elsewhere_with_and_without_data(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunStore.open(store) as origin:
        export_all(origin, tmp_path / "exported")
    here = said_of(store)
    assert here["contrasts"][0]["images"] is not None
    assert here["source"]["not_computed"] == []
    load("digits")
    assert said_of(imported([tmp_path / "exported"], tmp_path / "full")) == here
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "empty"))
    assert said_of(imported([tmp_path / "exported"], tmp_path / "other")) == here


def test_the_users_own_data_are_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs on the digits, which any cache may hold, in a store without their answers."""
    folder, digest = tmp_path / "store", load("digits").info.digest
    study = made_study()
    plan = [replace(r, settings={**r.settings, "data": digest}) for r in made_plan(study)]
    predicted_N = np.zeros(len(load("digits").test_labels_N), dtype=np.int64)
    changes: dict[str, Any] = {
        "predictions": pack_predictions(predicted_N),
        "predictions_sha256": hash_predictions(predicted_N),
    }
    with RunStore.open(folder, create=True) as opened:
        opened.add_study(study, plan)
        finish(opened, plan, **changes)
    with_cache = said_of(folder)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "empty"))
    assert with_cache["source"]["not_computed"] != []
    assert with_cache == said_of(folder)


def test_without_answers_one_sentence_says_what_is_not_computed(tmp_path: Path) -> None:
    analysis = aw.analyze(made_store(tmp_path / "store", has_answers=False))
    (sentence,) = analysis_json(analysis)["source"]["not_computed"]
    assert sentence.startswith("this store lacks the answers to the test images of digits, ")
    assert analysis.images == {}
    for text in (printed(analysis), render_html(analysis, command="test")):
        assert text.count("lacks the answers") == 1


@pytest.mark.parametrize(("most", "is_read"), [(2 * SEEDS, True), (2 * SEEDS - 1, False)])
def test_the_predictions_of_very_many_runs_are_not_read_and_a_sentence_says_so(
    store: Path, monkeypatch: pytest.MonkeyPatch, most: int, is_read: bool
) -> None:
    for module in ("analyze", "reading.predictions"):
        monkeypatch.setattr(sys.modules[f"actwise.analysis.{module}"], "MOST_RUNS", most)
    analysis = aw.analyze(store)
    assert bool(analysis.images) is is_read
    said = (
        "of more than 7 runs predictions are not read: what needs each run's right and wrong "
        "images (errors on new images) is not computed"
    )
    assert analysis.results.not_computed == (() if is_read else (said,))
    assert (f"O{said[1:]}" in printed(analysis)) is not is_read


def test_our_own_study_has_a_choice_for_each_network_and_says_its_scale(tmp_path: Path) -> None:
    folders = sorted((RESULTS / "cifar-mini").glob("seed-*"))
    analysis = aw.analyze(imported(folders, tmp_path / "store"))
    decision = analysis.decision
    assert (decision.kind, len(decision.networks)) == ("per_network", 4)
    assert all(network.levels and network.kind != "nothing" for network in decision.networks)
    short = printed(analysis, full=False)
    assert "Use elu" not in short
    assert "width 1/4, 6 epochs" in short
