"""What is odd about a set: test images in training, labels with gaps; said once, in one line."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from actwise.cli.main import run_command
from actwise.datasets import DATASETS, info, load, pictures_of, verify
from actwise.datasets.content.entry import DatasetEntry, Published
from actwise.datasets.formats.parquet import parquet_form
from made.data import encode_image, made_images, write_folder, write_shard


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def write(
    train: Sequence[np.ndarray],
    labels: Sequence[int],
    test: Sequence[np.ndarray],
    *,
    class_names: Sequence[str] | None = None,
) -> str:
    """A Parquet folder whose test images are of class ``labels[0]``."""
    parts = (("train", train, labels), ("test", test, [labels[0]] * len(test)))
    for part, images, of_images in parts:
        encoded = [encode_image(image) for image in images]
        write_shard(Path(f"set/{part}-0.parquet"), encoded, of_images, class_names=class_names)
    return "parquet:set"


IMAGES = list(made_images(24, seed=1))
OTHERS = list(made_images(4, seed=2))
ALL = [0, 1] * 12


def command(level: str, *words: str) -> list[str]:
    study = Path("study.toml")
    study.write_text(
        f"""
name = "odd"
width = 0.125
[factors]
dataset = ["{level}"]
model = ["convnet"]
regularization = ["bn"]
activation = ["relu", "elu"]
[train]
epochs = 1
batch_size = 8
schedule = "cosine"
""",
        encoding="utf-8",
    )
    return [words[0], str(study), *words[1:]]


def leaky_parquet() -> str:
    return write(IMAGES, ALL, [*OTHERS, IMAGES[3], IMAGES[4]])


def leaky_labels() -> str:
    """The same picture as a test image of another class."""
    return write(IMAGES, ALL, [*OTHERS, IMAGES[1], IMAGES[3]])


def leaky_folder() -> str:
    for part, images in (("train", IMAGES[:8]), ("test", [*OTHERS, *IMAGES[:2]])):
        write_folder(Path("photos") / part, {"a": images[::2], "b": images[1::2]})
    return "folder:photos"


LEAKS = {"Parquet": leaky_parquet, "other labels": leaky_labels, "folder": leaky_folder}
LEAK = "2 test images are also in training, so test accuracy is higher than on new images"


@pytest.mark.parametrize("kind", LEAKS)
def test_test_images_in_training_are_not_sound_and_said_once(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    level = LEAKS[kind]()
    assert run_command(["data", "verify", level]) == 3
    out = capsys.readouterr().out
    assert f"  problem     {LEAK}\n" in out and out.endswith("not sound\n")
    for words in (("plan",), ("run", "--store", "store", "--executor", "inline")):
        assert run_command(command(level, *words)) == 0
        printed = capsys.readouterr()
        assert (printed.out + printed.err).count(f"{level}: {LEAK}") == 1, words
    assert run_command(command(level, "plan", "--json")) == 0
    assert f"{level}: {LEAK}" in json.loads(capsys.readouterr().out)["note"]


GAPS: dict[str, tuple[list[int], list[str] | None, str]] = {
    "from 1": ([1, 2] * 12, None, "from 0 to 2: no training image has 0, and"),
    "a gap": ([0, 2, 5] * 8, None, "from 0 to 5: no training image has 1, 3, 4, and"),
    "a named class": (
        [0, 2] * 12,
        ["a", "b", "c"],
        "from 0 to 2: no training image has 1 (b), and",
    ),
    "many": ([0, 40] * 12, None, "18, 19, 20, and 19 more, and the network has 41 outputs"),
}


@pytest.mark.parametrize("kind", GAPS)
def test_labels_that_do_not_run_from_0_are_said_in_one_line(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, class_names, message = GAPS[kind]
    level = write(IMAGES, labels, OTHERS, class_names=class_names)
    for words in (("plan",), ("run", "--store", "store", "--executor", "inline")):
        assert run_command(command(level, *words)) == 0
        printed = capsys.readouterr()
        lines = [x for x in (printed.out + printed.err).splitlines() if "do not run from" in x]
        assert len(lines) == 1 and message in lines[0], words


def test_a_set_without_oddities_is_said_nothing_of(capsys: pytest.CaptureFixture[str]) -> None:
    level = write(IMAGES, ALL, OTHERS)
    assert run_command(command(level, "plan")) == 0
    assert f"{level}:" not in capsys.readouterr().out


@pytest.mark.parametrize(("num_classes", "num_more"), [(30, 37), (22, 21), (11, None)])
def test_a_list_of_problems_is_cut_after_20(num_classes: int, num_more: int | None) -> None:
    names = [str(number) for number in range(num_classes)]
    report = verify(write(IMAGES, ALL, OTHERS, class_names=names))
    assert len(report.problems) == min(21, 2 * num_classes - 3)
    assert report.problems[-1] == (
        f"and {num_more} more" if num_more else f"class '{num_classes - 1}' has no test image"
    )


def test_known_duplicates_of_pinned_content_are_one_note(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    level = write([*IMAGES, *IMAGES[:3]], [*ALL, 0, 1, 0], [*OTHERS, IMAGES[0]])
    facts = info(level)
    published = Published(
        facts.input_shape, facts.num_train, facts.num_test, facts.class_names, facts.digest
    )
    DATASETS.add(
        DatasetEntry(
            name=request.node.name,
            description="made",
            location="data_dir",
            folders=("set",),
            forms=(parquet_form(["label"]),),
            published=published,
        )
    )
    # The second class has no test image, which is a problem of its own.
    for name in (request.node.name, level):
        assert run_command(["data", "verify", name, "--data", "."]) == 3
        out = capsys.readouterr().out
        assert out.count("the published set has these duplicates") == 1
        assert "3 in training, 0 in test, 1 test image also in training" in out
        assert "higher than" not in out
    assert pictures_of(load(level)) is None
