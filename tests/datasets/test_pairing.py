"""One data set in every published form is one run: the same id, the same weights."""

from pathlib import Path

import pytest

import actwise as aw
from actwise.spec import StudySpec, parse_study
from actwise.store import RunStore
from made.data import FORMS, write_tiny


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))


def tiny_study() -> StudySpec:
    return parse_study(
        {
            "name": "forms",
            "width": 0.125,
            "factors": {
                "dataset": ["tiny"],
                "model": ["convnet"],
                "regularization": ["bn+aug"],
                "activation": ["relu"],
            },
            "train": {"epochs": 1, "batch_size": 20, "schedule": "cosine"},
        },
        source="test",
    )


def test_every_form_of_a_data_set_gives_one_run_id_and_one_result(tmp_path: Path) -> None:
    results = set()
    for form in FORMS:
        data, store = tmp_path / form / "data", tmp_path / form / "store"
        data.mkdir(parents=True)
        write_tiny(form, data)
        outcome = aw.run(tiny_study(), store, data_dir=data, executor="inline", device="cpu")
        assert (outcome.finished, outcome.left) == (1, 0)
        with RunStore.open(store) as opened:
            (run,) = opened.planned()
            record = opened.result(run.run_id)
        assert record is not None
        results.add((run.run_id, record.weights_sha256, record.predictions_sha256))
    assert len(FORMS) >= 3 and len(results) == 1
