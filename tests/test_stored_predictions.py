"""A store with predictions: what they add to an analysis, through the public names."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import actwise as aw
from actwise.datasets import DATASETS, load
from actwise.report.analysis_text import analysis_renderables
from actwise.store import RunStore
from actwise.store.records import hash_predictions, pack_predictions
from made.runs import leased, made_plan, made_record, made_study

SEEDS = 4


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two activations at four seeds, each with its own errors on the digits' test images."""
    truth_N = np.asarray(load("digits").test_labels_N)
    pinned = DATASETS["digits"].pinned_info
    assert pinned is not None
    folder = tmp_path_factory.mktemp("predictions") / "store"
    study = made_study(seeds=f"0..{SEEDS - 1}")
    generator = np.random.default_rng(0)
    with RunStore.open(folder, create=True) as opened:
        plan = made_plan(study)
        plan = [replace(run, settings={**run.settings, "data": pinned.digest}) for run in plan]
        opened.add_study(study, plan)
        for run in plan:
            share = {"relu": 0.20, "elu": 0.08}[run.spec.activation]
            wrong_N = generator.random(len(truth_N)) < share
            classes_N = np.where(wrong_N, (truth_N + 1) % 10, truth_N).astype(np.uint8)
            changes: dict[str, Any] = {
                "test_accuracy": 100.0 * float(np.mean(~wrong_N)),
                "predictions": pack_predictions(classes_N),
                "predictions_sha256": hash_predictions(classes_N),
            }
            opened.record(leased(opened, run.run_id), made_record(run.run_id, **changes))
    return folder


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
