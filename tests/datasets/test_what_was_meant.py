"""What the sentences on data that are not there tell, and which of several files are taken."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from actwise.datasets import info, load
from actwise.errors import DataError, SpecError
from made.data import encode_image, made_images, write_folder, write_shard


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def refusal_of(level: str, data_dir: str | None = None) -> str:
    with pytest.raises((DataError, SpecError)) as refusal:
        info(level, data_dir)
    return str(refusal.value)


def write_photos(name: str, *, seed: int = 0) -> None:
    write_folder(Path(name), {k: list(made_images(5, seed=seed + s)) for s, k in enumerate("ab")})


def test_nearest_names_come_from_beside_every_place_that_was_looked_at() -> None:
    for name in ("photos1", "photos22", "photos333", "photos4444", "zebras"):
        Path(name).mkdir()
    (Path("data") / "photoz9").mkdir(parents=True)
    assert refusal_of("folder:photos") == (
        "folder:photos: nothing of this kind in photos; expected one subfolder per class; did you "
        "mean photos1, photos22, photos333?"
    )
    said = refusal_of("folder:photoz", "data")
    assert said.startswith("folder:photoz: nothing of this kind in photoz and data/photoz; ")
    assert said.endswith("did you mean photoz9, photos1, photos22?")
    assert refusal_of("folder:quite-another").endswith("; expected one subfolder per class")


def test_a_place_that_is_there_gets_no_nearest_name() -> None:
    for name in ("shards", "shards1"):
        Path(name).mkdir()
    assert refusal_of("parquet:shards") == (
        "parquet:shards: nothing of this kind in shards; expected train-*.parquet or train.parquet"
    )


def test_a_path_is_looked_for_here_before_the_data_folder() -> None:
    write_photos("photos")
    write_photos("data/photos", seed=5)
    here, there = (info(f"folder:{place}").digest for place in ("photos", "data/photos"))
    assert here != there
    assert info("folder:photos", "data").digest == here
    whole = Path("photos").absolute()
    assert info(f"folder:{whole}", "data").digest == here
    Path("photos").rename("pictures")
    assert info("folder:photos", "data").digest == there
    assert refusal_of(f"folder:{whole}", "data").startswith(
        f"folder:{whole}: nothing of this kind in {whole}; expected"
    )


def test_a_set_that_cannot_be_fetched_gets_no_command_for_it() -> None:
    Path("data").mkdir()
    assert refusal_of("emnist-digits") == (
        "emnist-digits needs a data folder: give --data DIR or set ACTWISE_DATA"
    )
    places = " and ".join(
        f"data/{name}" for name in ("emnist", "EMNIST/raw", "EMNIST", "emnist/gzip", "gzip")
    )
    assert refusal_of("emnist-digits", "data") == (
        f"emnist-digits is not in {places} and data (looked for "
        "emnist-digits-train-images-idx3-ubyte[.gz])"
    )
    assert refusal_of("kmnist") == (
        "kmnist needs a data folder: give --data DIR or set ACTWISE_DATA, or fetch it: actwise "
        "data fetch kmnist --data DIR"
    )


def test_the_data_folder_of_the_environment_is_taken_unless_one_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_photos("data/photos")
    Path("other").mkdir()
    monkeypatch.setenv("ACTWISE_DATA", "data")
    assert info("folder:photos").num_classes == 2
    assert "nothing of this kind in photos and other/photos" in refusal_of("folder:photos", "other")
    monkeypatch.setenv("ACTWISE_DATA", "nowhere")
    said = "the data folder nowhere does not exist or is not a folder"
    assert refusal_of("folder:photos") == said


def test_a_home_folder_is_written_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path("home").absolute()))
    write_photos("home/data/photos")
    assert info("folder:~/data/photos").num_classes == 2
    assert info("folder(~/data/photos, size=32)").num_classes == 2
    assert info("folder:photos", "~/data").num_classes == 2


def two_names() -> str:
    """A ``labels`` column beside the ``label`` that is meant."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [encode_image(image) for image in made_images(4, seed=1)]
    columns = {"labels": [5, 5, 5, 5], "image": images[::-1], "label": [0, 1, 0, 1], "img": images}
    for part in ("train", "test"):
        pq.write_table(pa.table(columns), f"{part}.parquet")
    return "parquet:."


def two_files() -> str:
    """``train.parquet`` beside shards, and a folder ``data`` beside both."""
    for root in (Path(), Path("data")):
        for part, seed in (("train", 1), ("test", 2)):
            images = [encode_image(i) for i in made_images(4, seed=seed)]
            labels = [0, 1, 0, 1] if root == Path() else [0, 2, 0, 2]
            write_shard(root / f"{part}-0.parquet", images, labels, class_names=None)
            write_shard(root / f"{part}.parquet", images, [3, 3, 3, 3], class_names=None)
    return "parquet:."


@pytest.mark.parametrize("write", [two_names, two_files])
def test_of_several_columns_and_files_the_first_of_their_order_are_taken(
    write: Callable[[], str],
) -> None:
    data = load(write())
    assert data.info.num_classes == 2 and data.info.num_train == 4
    assert sorted(data.train_labels_N.tolist()) == [0, 0, 1, 1]
    images = {
        image.numpy().tobytes(): int(label)
        for image, label in zip(data.train_images_NCHW, data.train_labels_N, strict=True)
    }
    made = made_images(4, seed=1)
    assert [images[image.tobytes()] for image in made] == [0, 1, 0, 1]


def test_arrays_that_are_not_read_are_named_in_their_order() -> None:
    images, labels = made_images(4, seed=1), np.array([0, 1, 0, 1])
    parts = {"x_train": images, "y_train": labels, "x_test": images[:2] // 2, "y_test": labels[:2]}
    np.savez("one.npz", zebra=labels, **parts)
    assert info("arrays:one.npz").notes == ("zebra is not read",)
    np.savez("two.npz", zebra=labels, **parts, ant=labels)
    assert info("arrays:two.npz").notes == ("zebra, ant are not read",)
    np.savez("less.npz", x_train=images, zebra=labels)
    assert refusal_of("arrays:less.npz") == (
        "less.npz has no y_train and no x_test and no y_test; it holds x_train, zebra: save it by "
        "numpy.savez(FILE, x_train=..., y_train=..., x_test=..., y_test=...)"
    )
