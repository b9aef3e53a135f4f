"""An export of made-up runs, which tests forge, and what an import says of it; a server's store."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from made.exports import Refused, made_export
from made.postgresql import Server
from made.runs import made_plan, made_study


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of :func:`made_export`, whose store lies beside it; not to be changed."""
    return made_export(tmp_path_factory.mktemp("made"))


@pytest.fixture
def exported(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to be changed, ``e`` in the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(template, tmp_path / "e")
    return Path("e")


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Import folders into stores that are not there; the sentence. Nothing may be left."""

    def import_them(*folders: str) -> str:
        before = sorted(Path().rglob("*"))
        sentence = ""
        for place in (["new/deep/store"], ["sqlite:///new/runs.db", "--artifacts", "files/here"]):
            capsys.readouterr()
            code = run_command(["import", *folders, "--store", *place])
            sentence = capsys.readouterr().err
            assert code == 3, sentence
            assert sentence.startswith("actwise: ") and sentence.count("\n") == 1, sentence
            assert "fault of actwise" not in sentence and len(sentence) < 600
            assert sorted(Path().rglob("*")) == before
        return sentence

    return import_them


@pytest.fixture
def url(postgresql: Server) -> str:
    """Of an empty schema."""
    return postgresql.new_url()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[RunStore]:
    """A store with four pending runs."""
    with RunStore.open(url, create=True, artifacts=tmp_path / "files") as store:
        study = made_study()
        store.add_study(study, made_plan(study))
        yield store
