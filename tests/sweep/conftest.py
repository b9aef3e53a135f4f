"""What several tests of sweeps begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.store import RunStore
from actwise.sweep import RunOptions
from actwise.sweep.worker import ProcessState, Setup, make_setup


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    """A worker in this process, which is put back afterwards, on the new store ``store``."""
    state = ProcessState.capture()
    with RunStore.open(tmp_path / "store", create=True) as store:
        yield make_setup(store, RunOptions(executor="inline"), workers=1)
    state.restore()
