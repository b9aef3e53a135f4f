"""``actwise import``: folders, and answers from the data for results that came without them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.cli.main import run_command
from actwise.datasets import load
from actwise.store import RunStore
from actwise.store.records import hash_predictions, pack_predictions
from made.runs import finish, made_plan, made_study

DIGITS = load("digits")


def predicted(classes_N: np.ndarray) -> dict[str, Any]:
    return {
        "predictions": pack_predictions(classes_N),
        "predictions_sha256": hash_predictions(classes_N),
    }


UNFIT = {
    "fewer images": predicted(np.zeros(3)),
    "more images": predicted(np.zeros(9999)),
    "an unknown class": predicted(np.full(len(DIGITS.test_labels_N), 10)),
    "another accuracy": predicted(np.zeros(len(DIGITS.test_labels_N))),
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs on the digits, on one that is not what they were trained on, and on one not here."""
    monkeypatch.chdir(tmp_path)
    right = 100 * float(np.mean(np.asarray(DIGITS.test_labels_N) == 0))
    with RunStore.open("store", create=True) as opened:
        levels = {"digits": "digits", "other": "digits", "missing": "cifar10"}
        digests = {"digits": DIGITS.info.digest, "other": "0" * 64, "missing": "1" * 64}
        for seed, (name, digest) in enumerate(digests.items()):
            factors = {"dataset": [levels[name]]}
            study = made_study(name, seeds=str(seed), factors=factors)
            plan = [replace(r, settings={**r.settings, "data": digest}) for r in made_plan(study)]
            opened.add_study(study, plan)
            finish(
                opened,
                plan,
                test_accuracy=right,
                **predicted(np.zeros(len(DIGITS.test_labels_N))),
            )


def test_answers_are_taken_only_from_the_very_data(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["import", "--store", "store", "--data", ".", "--json"]
    assert run_command(command) == 0
    shown = json.loads(capsys.readouterr().out)
    why = "data set 'digits' is not what its runs were trained on"
    absent = shown["lacking"].pop("cifar10")
    assert "cifar10" in absent
    assert shown == {"added": 0, "present": 0, "answers": ["digits"], "lacking": {"digits": why}}
    with RunStore.open("store") as opened:
        (answers,) = opened.snapshot(most_predictions=9).answers.values()
    assert answers.labels.tolist() == DIGITS.test_labels_N.tolist()
    assert run_command(command[:-1]) == 0
    assert set(capsys.readouterr().out.splitlines()) == {
        "answers added of no data set",
        f"the answers of digits are still lacking: {why}",
        f"the answers of cifar10 are still lacking: {absent}",
    }


def test_an_import_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["import", "--store", "store"]) == 2
    assert "import needs folders" in capsys.readouterr().err
    assert run_command(["import", "--store", "nowhere", "--data", "."]) == 3
    assert not Path("nowhere").exists()


@pytest.mark.parametrize("changes", UNFIT.values(), ids=UNFIT)
def test_answers_that_stored_predictions_do_not_fit_are_not_added(
    changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exports without answers, as of versions that kept none, cannot be held to them."""
    with RunStore.open("store") as opened:
        study = made_study("unfit", seeds="7", activation=["elu"])
        plan = [
            replace(r, settings={**r.settings, "data": DIGITS.info.digest})
            for r in made_plan(study)
        ]
        opened.add_study(study, plan)
        finish(opened, plan, **changes)
    assert run_command(["import", "--store", "store", "--data", "."]) == 3
    sentence = capsys.readouterr().err
    assert "predict" in sentence and "fault" not in sentence and sentence.count("\n") == 1
    assert run_command(["analyze", "--store", "store", "--study", "unfit"]) == 0
