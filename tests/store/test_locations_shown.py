"""How a store is named: in messages, and in the options of a command that somebody may type."""

from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore, locate


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, to which folders are told relatively."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "artifacts", "words", "to_write"),
    [
        ("my store", None, "--store 'my store'", ""),
        ("sqlite:///runs.db", "files/here", "--store sqlite:///runs.db --artifacts files/here", ""),
        ("sqlite:///runs.db", None, "--store sqlite:///runs.db", " --artifacts DIR"),
        ("postgresql://db/runs", "f", "--store postgresql://db/runs --artifacts f", ""),
    ],
)
def test_options_name_a_store_and_the_folder_of_its_files(
    path: str, artifacts: str | None, words: str, to_write: str
) -> None:
    location = locate(path, artifacts=Path(artifacts) if artifacts else None)
    assert location.as_options == words
    assert " ".join(location.words_to_write) == " ".join(location.words) + to_write
    assert location.shown == path


def test_a_store_lies_in_its_folder_or_where_its_url_says(inside: Path) -> None:
    own, file = locate("store"), locate("sqlite:///runs.db", artifacts=Path("files"))
    assert (own.folder, own.database) == (inside / "store", inside / "store" / "store.sqlite")
    assert (file.folder, file.database) == (inside / "files", inside / "runs.db")
    assert (own.name, file.name) == (str(own.database), str(file.database))
    server = locate("postgresql://db/runs", artifacts=Path("files"))
    assert (server.name, server.database, own.server) == ("postgresql://db/runs", None, None)
    assert server.server is not None and server.server.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db/runs?options=-csearch_path%3Da", None),
        ("postgresql://me@db/runs?sslmode=require", None),
        ("postgres://me:word@db/runs", "postgresql://me:***@db/runs"),
        (
            "postgresql://me:word@db/runs?sslmode=require&sslpassword=word&host=a:1,b:2",
            "postgresql://me:***@db/runs?sslmode=require&sslpassword=***&host=a:1,b:2",
        ),
        (
            "postgresql://db/runs?passwords=word&options=-c%20x&host=/run/a&host=/run/b",
            "postgresql://db/runs?passwords=***&options=-c%20x&host=/run/a&host=/run/b",
        ),
        ("postgresql://db/runs?ssl_conninfo=word", "postgresql://db/runs?ssl_conninfo=***"),
    ],
)
def test_a_url_is_shown_as_it_was_written_but_for_secrets(url: str, shown: str | None) -> None:
    location = locate(url)
    assert location.shown == (shown or url)
    assert "word" not in repr(location).replace("passwords", "").replace("password", "")


@pytest.mark.parametrize(
    ("path", "artifacts", "sentence"),
    [
        (
            "postgres:me@db/runs",
            None,
            "store 'postgres:me@db/runs' is no URL: write postgres://..., or ./postgres:... for a "
            "folder of that name",
        ),
        (
            "mysql://db/runs",
            None,
            "store 'mysql://db/runs': mysql databases are not supported; give a folder, "
            "sqlite:///FILE or postgresql://HOST/DATABASE",
        ),
        (
            "store",
            Path("files"),
            "store 'store' is a folder, which keeps its checkpoints and weights itself; "
            "--artifacts goes with a URL such as sqlite:///FILE",
        ),
        (
            "sqlite:///runs.db?mode=ro",
            None,
            "store 'sqlite:///runs.db?mode=ro' does not name a file; write sqlite:///FILE",
        ),
        (
            "postgresql://me:w@rd@db/ru@ns?password=word",
            None,
            "store 'postgresql://***@ns' has @ in its host or database: write it as %40 in a "
            "user's name or password, and / as %2F",
        ),
        (
            "postgresql://me:word@db:port/runs?password=word",
            None,
            "store 'postgresql://***@db:port/runs' is neither a folder nor a database URL such "
            "as sqlite:///FILE or postgresql://HOST/DATABASE",
        ),
    ],
)
def test_what_names_no_place_is_refused_with_what_to_write(
    path: str, artifacts: Path | None, sentence: str
) -> None:
    with pytest.raises(StoreError) as refusal:
        locate(path, artifacts=artifacts)
    assert str(refusal.value) == sentence


def test_a_url_without_a_folder_says_what_to_add(inside: Path) -> None:
    RunStore.open("sqlite:///runs.db", create=True, artifacts=inside / "files").close()
    with RunStore.open("sqlite:///runs.db") as store, pytest.raises(StoreError) as refusal:
        store.require_folder()
    assert str(refusal.value) == (
        "store 'sqlite:///runs.db' is a URL and needs a folder for checkpoints and weights; add "
        "--artifacts DIR"
    )
    assert str(store) == "sqlite:///runs.db"
