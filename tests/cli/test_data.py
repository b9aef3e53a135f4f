"""``actwise data`` as people read it."""

from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.datasets import DATASETS
from actwise.datasets.content.check import make_split
from actwise.datasets.content.dataset import Arrays
from actwise.datasets.loading.cache import Cache
from made.data import TRAIN_IMAGES, TRAIN_LABELS


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    Path("empty").mkdir()


def line_of(name: str, command: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run_command(command.split()) == 0
    (line,) = (x for x in capsys.readouterr().out.splitlines() if x.split()[:1] == [name])
    return " ".join(line.split())


def test_data_that_are_nowhere_are_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no no data folder given (--data DIR)" in line_of("cifar10", "data list", capsys)
    assert "no not in the data folder" in line_of("cifar10", "data list --data empty", capsys)
    assert run_command(["data", "list"]) == 0
    assert "`actwise data fetch NAME --data DIR`" in capsys.readouterr().out


def test_a_decoded_copy_is_ready_where_no_folder_says_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    info = DATASETS["cifar10"].pinned_info
    assert info is not None
    images, labels = TRAIN_IMAGES, TRAIN_LABELS
    split = make_split(images, labels, where="made")
    arrays = Arrays(split, split, info.class_names)
    assert Cache.default().store("made", info, arrays=arrays)
    assert line_of("cifar10", "data list", capsys).endswith("yes decoded before, kept in the cache")
    assert "no not in the data folder" in line_of("cifar10", "data list --data empty", capsys)


def test_a_form_with_a_path_is_neither(capsys: pytest.CaptureFixture[str]) -> None:
    assert "- the folder or file that you name" in line_of("folder:PATH", "data list", capsys)
    assert "yes scikit-learn's digits" in line_of("digits", "data list", capsys)
