"""``actwise data`` as people read it."""

from pathlib import Path

import pytest
from PIL import Image

from actwise.cli import sign_of_life
from actwise.cli.main import run_command
from actwise.datasets import DATASETS
from actwise.datasets.content.check import make_split
from actwise.datasets.content.dataset import Arrays
from actwise.datasets.loading.cache import Cache
from made.data import TRAIN_IMAGES, TRAIN_LABELS, made_images, write_tiny


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


def test_data_that_are_damaged_are_not_ready_and_say_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = write_tiny("binary folder", Path("mine")) / "tiny-binary"
    where = "yes mine/tiny-binary"
    assert line_of("tiny", "data list --data mine", capsys) == f"tiny 60 30 {where}"
    (folder / "batch_1.bin").unlink()
    said = "no mine/tiny-binary is incomplete: batch_1.bin is missing"
    assert line_of("tiny", "data list --data mine", capsys) == f"tiny 60 30 {said}"


def test_a_form_with_a_path_is_neither(capsys: pytest.CaptureFixture[str]) -> None:
    assert "- the folder or file that you name" in line_of("folder:PATH", "data list", capsys)
    assert "yes scikit-learn's digits" in line_of("digits", "data list", capsys)


@pytest.mark.parametrize(
    "command",
    [
        "data verify folder:photos",
        "plan paper factors.dataset=folder:photos factors.model=mlp factors.regularization=none "
        "factors.activation=relu seeds=0",
        "plan paper factors.dataset=folder:photos factors.model=made.own_networks:for_colour "
        "factors.regularization=own factors.activation=relu seeds=0",
    ],
    ids=["verify", "plan", "plan with users' code"],
)
def test_a_long_reading_of_images_says_how_far_it_is(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_photos(Path("photos"), num_images=10)
    run_command(command.split())
    assert "reading" not in capsys.readouterr().err
    monkeypatch.setattr(sign_of_life, "SIGN_SECONDS", 0.0)
    make_photos(Path("photos"), num_images=11)
    run_command(command.split())
    lines = capsys.readouterr().err.splitlines()
    told = [line for line in lines if line.startswith("reading photos: ")]
    assert told[-1].startswith("reading photos: 22 of 22 images, about 0 s left")


def make_photos(root: Path, *, num_images: int) -> None:
    """Of two classes."""
    for label in ("a", "b"):
        (root / label).mkdir(parents=True, exist_ok=True)
        for number, pixels in enumerate(
            made_images(num_images, seed=ord(label), shape=(32, 32, 3))
        ):
            Image.fromarray(pixels).save(root / label / f"{number}.png")
