"""KMNIST and the six sets of EMNIST, each told from the other sets of IDX files."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from actwise.datasets import DATASETS, info, listing, load
from actwise.datasets.content.entry import DatasetEntry
from actwise.datasets.formats import idx as idx_files
from actwise.datasets.formats.idx import TEST, TRAIN, IdxLayout, idx_form, read_idx
from actwise.errors import DataError
from made.data import CLASSES, idx, made_images, made_labels

TEST_LABELS = made_labels(6)


DATASETS.add(
    DatasetEntry(
        name="tiny-idx-twin",
        description="made grey images, for tests",
        folders=("twin",),
        forms=(
            idx_form(
                IdxLayout(
                    CLASSES, others_md5={hashlib.md5(idx(TEST_LABELS)).hexdigest(): "tiny-idx"}
                )
            ),
        ),
    )
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def write(folder: Path, names: tuple[str, ...], *, first_label: int = 0, suffix: str = "") -> None:
    """Four files, called ``names``: training images and labels, then those for tests."""
    folder.mkdir(parents=True)
    images = made_images(18, seed=4, shape=(28, 28))
    labels = np.concatenate([made_labels(12), TEST_LABELS]) + first_label
    contents = (images[:12], labels[:12], images[12:], labels[12:])
    for name, content in zip(names, map(idx, contents), strict=True):
        packed = gzip.compress(content, mtime=0) if suffix else content
        (folder / f"{name}{suffix}").write_bytes(packed)


def emnist_files(name: str) -> tuple[str, ...]:
    return tuple(
        f"emnist-{name}-{part}-{what}-ubyte"
        for part in ("train", "test")
        for what in ("images-idx3", "labels-idx1")
    )


SETS = {name: entry for name, entry in DATASETS.items() if name.startswith("emnist-")}


def test_the_sets_of_emnist_are_in_the_table() -> None:
    sizes = {
        name: (len(entry.published.class_names), entry.published.num_train)
        for name, entry in SETS.items()
        if entry.published is not None
    }
    assert sizes == {
        "emnist-balanced": (47, 112_800),
        "emnist-byclass": (62, 697_932),
        "emnist-bymerge": (47, 697_932),
        "emnist-digits": (10, 240_000),
        "emnist-letters": (26, 124_800),
        "emnist-mnist": (10, 60_000),
    }
    names = SETS["emnist-byclass"].published.class_names  # type: ignore[union-attr]
    assert (names[10], names[35], names[36], names[61]) == ("A", "Z", "a", "z")


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", SETS)
def test_images_of_emnist_are_set_upright_and_labels_run_from_0(
    name: str, suffix: str, tmp_path: Path
) -> None:
    first_label = 1 if name == "emnist-letters" else 0
    files = emnist_files(name.removeprefix("emnist-"))
    write(tmp_path / "emnist", files, first_label=first_label, suffix=suffix)
    found = SETS[name].forms[0].find(tmp_path / "emnist")
    assert found is not None
    arrays = found.read()
    images = made_images(18, seed=4, shape=(28, 28))
    assert (arrays.train.images_NCHW[:, 0] == images[:12].transpose(0, 2, 1)).all()
    assert (arrays.test.images_NCHW[:, 0] == images[12:].transpose(0, 2, 1)).all()
    assert arrays.train.labels_N.tolist() == made_labels(12).tolist()


def test_emnist_is_found_where_others_put_it_and_held_against_its_size(tmp_path: Path) -> None:
    write(tmp_path / "EMNIST" / "raw", emnist_files("letters"), first_label=1)
    (line,) = (line for line in listing(tmp_path) if line.level == "emnist-letters")
    assert line.where == str(tmp_path / "EMNIST" / "raw")
    with pytest.raises(DataError, match=r"not the published emnist-letters.* expected 124800"):
        info("emnist-letters", tmp_path)
    with pytest.raises(DataError, match=r"emnist-digits is not in .*looked for emnist-digits-tr"):
        info("emnist-digits", tmp_path)


def test_a_label_below_the_first_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "emnist", emnist_files("letters"))
    with pytest.raises(DataError, match=r"a training label is -1; expected 0 to 25"):
        load("emnist-letters", tmp_path)


def test_kmnist_is_held_against_its_size_and_can_be_fetched(tmp_path: Path) -> None:
    write(tmp_path / "KMNIST" / "raw", TRAIN + TEST)
    with pytest.raises(DataError, match="not the published kmnist: it has 12 training images"):
        load("kmnist", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="fetch it: actwise data fetch kmnist"):
        load("kmnist", tmp_path / "empty")
    assert len(DATASETS["kmnist"].downloads) == 4


@pytest.mark.parametrize("damaged", range(4))
def test_each_of_the_four_files_is_held_against_its_digest(damaged: int, tmp_path: Path) -> None:
    names = TRAIN + TEST
    write(tmp_path / "tiny", names)
    digests = {
        name: hashlib.md5((tmp_path / "tiny" / name).read_bytes()).hexdigest() for name in names
    }
    form = idx_form(IdxLayout(CLASSES, payload_md5=digests))
    found = form.find(tmp_path / "tiny")
    assert found is not None and len(found.read().test.labels_N) == 6
    path = tmp_path / "tiny" / names[damaged]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match=f"{names[damaged]} is not the published file"):
        found = form.find(tmp_path / "tiny")
        assert found is not None
        found.read()


def test_files_of_another_set_under_the_same_names_are_named(tmp_path: Path) -> None:
    write(tmp_path / "twin", TRAIN + TEST)
    with pytest.raises(DataError, match=r"t10k-labels.* is of tiny-idx; each set needs its own"):
        load("tiny-idx-twin", tmp_path)
    (tmp_path / "twin" / TEST[1]).write_bytes(idx(TEST_LABELS[::-1]))
    assert load("tiny-idx-twin", tmp_path).info.num_test == 6


def test_a_file_is_unpacked_up_to_a_length_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = made_labels(92)
    content = idx(labels)
    monkeypatch.setattr(idx_files, "MAX_PAYLOAD_BYTES", len(content))
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(content))
    assert read_idx(path, num_dimensions=1).tolist() == labels.tolist()
    path.write_bytes(gzip.compress(content + bytes(1)))
    with pytest.raises(DataError) as refusal:
        read_idx(path, num_dimensions=1)
    assert str(refusal.value) == f"{path} unpacks to more than 100 bytes"
