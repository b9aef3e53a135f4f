"""The notebook of examples/ runs, and shows what it was kept with."""

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = [pytest.mark.docs, pytest.mark.slow]
Output = dict[str, Any]


def results(notebook: Any) -> list[list[Output]]:
    return [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def kinds(outputs: list[list[Output]]) -> list[list[list[str]]]:
    return [[sorted(output.get("data", {})) for output in cell] for cell in outputs]


def shown(outputs: list[list[Output]]) -> Iterator[Output]:
    for cell in outputs:
        yield from (output["data"] for output in cell if output["output_type"] == "execute_result")


def test_the_notebook_runs_and_was_kept_with_what_it_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    import nbformat

    from scripts.notebook import NOTEBOOK, executed

    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("notebook")))
    kept, found = nbformat.read(NOTEBOOK, as_version=4), executed()
    assert kinds(results(found)) == kinds(results(kept))
    for notebook in (kept, found):
        first = next(shown(results(notebook)))
        assert all(tag in first["text/html"] for tag in ("decision", "<table>", "<svg"))
        assert first["text/plain"].startswith("first-steps, 18 runs, 3 seeds")
    assert "/tmp" not in NOTEBOOK.read_text(encoding="utf-8")
