"""``actwise.run``: wrong input leaves nothing behind, whatever kind of place the store is."""

from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.sweep.api import run
from small_sweeps import small_study

WRONG = small_study(activation=("relu",), observe={"probes": True})


def test_a_wrong_study_writes_nothing_into_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with pytest.raises(SpecError, match="probes"):
        run(WRONG, folder)
    assert list(folder.iterdir()) == []


def test_a_wrong_study_writes_nothing_behind_a_url(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="probes"):
        run(WRONG, f"sqlite:///{tmp_path / 'runs.db'}", artifacts=tmp_path / "files")
    assert list(tmp_path.iterdir()) == []
