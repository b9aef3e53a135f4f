"""A store with predictions: what they add to an analysis, through the public names."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import actwise as aw
from actwise.datasets import load
from actwise.report.analysis_text import analysis_renderables
from actwise.store import RunStore
from actwise.store.exchange import export_all, import_folders
from actwise.store.records import Answers, hash_predictions, pack_predictions
from made.runs import finish, leased, made_plan, made_record, made_study

SEEDS = 4


def made_store(folder: Path, *, has_answers: bool) -> Path:
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
    return made_store(tmp_path_factory.mktemp("predictions") / "store", has_answers=True)


def test_a_difference_has_both_errors_and_a_test_of_two_models(store: Path) -> None:
    (row,) = [row for row in aw.analyze(store).to_json()["contrasts"] if row["kind"] == "simple"]
    images = row["images"]
    assert images["new_images"]["standard_error"] >= images["these_images"]["standard_error"]
    assert images["these_images"]["estimate"] == pytest.approx(row["estimate"])
    models = images["mcnemar"]
    assert models["compares"] == "these two trained models, not the activations"
    assert (models["seed"], models["family"]) == ("0", "McNemar, two trained models")
    assert models["adjusted_p"] == models["p"] < 0.05
    assert models["only_low"] > models["only_high"]


def test_the_components_of_variance_hold_the_test_images(store: Path) -> None:
    (precision,) = aw.analyze(store).to_json()["precision"]
    assert [row["name"] for row in precision["components"]] == [
        "seed",
        "cell x seed",
        "test images",
    ]
    for row in precision["components"]:
        assert 0 <= row["lower"] <= row["upper"]


def test_rules_are_scored_on_other_seeds_and_other_images(store: Path) -> None:
    analysis = aw.analyze(store)
    labels = {row.label for row in analysis.rules}
    assert labels == {"in-sample", "cross-fitted, seeds and test images"}
    observed = analysis.source.observed
    assert observed is not None and observed.image_halves_R2 is not None
    assert observed.image_halves_R2.mean(axis=1) == pytest.approx(observed.response_R, abs=0.2)
    scored = {r.rule: r.mean for r in analysis.rules if r.label.startswith("cross-fitted")}
    assert scored["always elu"] < scored["always relu"]


def test_people_see_them_too(store: Path) -> None:
    shown = StringIO()
    Console(file=shown, width=200).print(*analysis_renderables(aw.analyze(store)))
    text = shown.getvalue()
    assert "seeds and test images" in text
    assert "two models p" in text
    assert "test images" in text.partition("Variance components")[2]


def test_an_export_says_the_same_elsewhere(store: Path, tmp_path: Path) -> None:
    with RunStore.open(store) as origin, RunStore.open(tmp_path / "a", create=True) as target:
        export_all(origin, tmp_path / "exported")
        import_folders([tmp_path / "exported"], target)
    here, there = (aw.analyze(folder).to_json() for folder in (store, tmp_path / "a"))
    assert here["contrasts"] == there["contrasts"]
    assert here["precision"] == there["precision"]
    assert here["source"]["not_computed"] == there["source"]["not_computed"] == []


def test_without_answers_one_sentence_says_what_is_not_computed(tmp_path: Path) -> None:
    analysis = aw.analyze(made_store(tmp_path / "store", has_answers=False))
    (sentence,) = analysis.to_json()["source"]["not_computed"]
    assert sentence.startswith("this store lacks the answers to the test images of digits, ")
    assert {row.get("images") for row in analysis.to_json()["contrasts"]} == {None}
    shown = StringIO()
    Console(file=shown, width=200).print(*analysis_renderables(analysis))
    assert shown.getvalue().replace("\n", " ").count("lacks the answers") == 1
    assert "seeds and test images" not in shown.getvalue()


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
    with_cache = aw.analyze(folder).to_json()
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "empty"))
    without = aw.analyze(folder).to_json()
    assert with_cache["source"]["not_computed"] != []
    for key in ("contrasts", "precision", "rules", "source"):
        assert with_cache[key] == without[key]
