"""What ``--store`` and ``--artifacts`` may name, and that no password of a URL is shown."""

from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore


@pytest.mark.parametrize(
    ("path", "artifacts", "sentence"),
    [
        ("postgresql://me:secret@db/runs", None, r"'postgresql://me:\*\*\*@db/runs' is a URL"),
        ("postgresql://me:se:cr@secret@db/runs", "files", "as %40"),
        ("postgresql://me:secret@db:port/runs", "files", r"//\*\*\*@db:port.*neither a folder"),
        ("postgresql://me@srv:secret@db/runs", None, r"'postgresql://me%40srv:\*\*\*@db/runs' is"),
        ("postgresql://a/b:secret@db/runs", "files", "and / as %2F"),
        ("postgresql://db/runs?%70assword=secret", None, r"runs\?password=\*\*\*' is a URL"),
        ("postgresql://db:x/runs?Password=secret", "files", "neither a folder"),
        ("sqlite://me:secret@/runs.db", "files", "does not name a file"),
        ("mysql://db/runs", "files", "mysql databases are not supported"),
        ("sqlite:///runs.db", None, "add --artifacts DIR"),
        ("sqlite://", "files", "does not name a file"),
        ("sqlite:///:memory:", "files", "does not name a file"),
        ("sqlite:///runs.db?mode=ro", "files", "does not name a file"),
        ("://runs", "files", "neither a folder nor a database URL"),
        ("store", "files", "--artifacts goes with a URL"),
    ],
)
def test_a_place_that_cannot_hold_a_store_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    artifacts: str | None,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=sentence) as refusal:
        RunStore.open(path, create=True, artifacts=Path(artifacts) if artifacts else None)
    assert "secret" not in str(refusal.value)
    assert not list(tmp_path.iterdir())
