"""Networks back from a store: only with the code that they were trained with."""

import shutil
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.sweep import load_model
from made.sweeps import USERS_CODE, results, small_study, sweep


def test_a_model_is_not_loaded_into_code_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "later_changed.py"
    shutil.copy(USERS_CODE, module)
    study = small_study(
        activation=("later_changed:prints",), seeds=(0,), observe={"keep_weights": True}
    )
    sweep(tmp_path / "store", study)
    ((run_id, _),) = results(tmp_path / "store").items()
    assert load_model(tmp_path / "store", run_id) is not None
    module.write_text(module.read_text(encoding="utf-8") + "\nother = 1\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"is not the one that run .* was trained with"):
        load_model(tmp_path / "store", run_id)
