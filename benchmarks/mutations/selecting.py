"""A pytest plugin that runs the tests named in a file, and those that no record knows."""

import json
import os
from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out every test that is known and not named."""
    text = Path(os.environ["MUTATIONS_SELECTED"]).read_text(encoding="utf-8")
    selected = {key: set(tests) for key, tests in json.loads(text).items()}
    left_out = selected["known"] - selected["wanted"]
    kept = [item for item in items if item.nodeid not in left_out]
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = kept
