"""A project of a user's own."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from made.code_versions import CODE, Write


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes modules of a project, and forgets those of it that were imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(modules: Mapping[str, str]) -> None:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        for name in CODE:
            monkeypatch.delitem(sys.modules, name, raising=False)

    write(CODE)
    return write
