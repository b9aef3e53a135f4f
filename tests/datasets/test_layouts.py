"""Every layout in which others keep image data is read, and what is not read is said."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actwise.datasets import DATASETS, DatasetInfo, info, load, verify
from actwise.errors import DataError
from made.data import CLASSES, encode_image, made_images, made_labels, write_folder, write_shard

TRAIN, TEST = made_images(12, seed=1), made_images(6, seed=2)
EXTRA = made_images(3, seed=3)
TESTS = ("test", "val", "valid", "validation")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def by_class(images: np.ndarray) -> dict[str, list[np.ndarray]]:
    return {name: list(images[number :: len(CLASSES)]) for number, name in enumerate(CLASSES)}


def folder(root: Path, *tests: str) -> str:
    """With the same test images in the first of ``tests``, and others in the rest."""
    write_folder(root / "train", by_class(TRAIN))
    for name, images in zip(tests, (TEST, EXTRA, EXTRA, EXTRA), strict=False):
        write_folder(root / name, by_class(images))
    return f"folder:{root}"


def shard(path: Path, images: np.ndarray) -> None:
    write_shard(path, [encode_image(i) for i in images], made_labels(len(images)).tolist())


def parquet(root: Path, train: str, *tests: str) -> str:
    shard(root / f"{train}.parquet", TRAIN)
    for name, images in zip(tests, (TEST, EXTRA), strict=False):
        shard(root / f"{name}.parquet", images)
    return f"parquet:{root}"


def arrays(path: Path, images: Callable[[np.ndarray], np.ndarray] = lambda x: x) -> str:
    labels = {"y_train": made_labels(len(TRAIN)), "y_test": made_labels(len(TEST))[:, None]}
    np.savez_compressed(path, x_train=images(TRAIN), x_test=images(TEST), **labels)
    return f"arrays:{path}"


ONE, OF_TWO = "-00000-of-00001", "-00000-of-00002"
LAYOUTS: dict[str, Callable[[Path], str]] = {
    **{f"folder, {name}/": lambda root, name=name: folder(root, name) for name in TESTS},
    "folder in parentheses": lambda root: f"folder({folder(root, 'test')[7:]})",
    "folder at its own size": lambda root: f"folder({folder(root, 'val')[7:]}, size=32)",
    "train.parquet": lambda root: parquet(root, "train", "test"),
    "validation.parquet": lambda root: parquet(root, "train", "validation"),
    "train-*, validation-*": lambda root: parquet(root, f"train{ONE}", f"validation{ONE}"),
    "train-*, valid.parquet": lambda root: parquet(root, f"train{ONE}", "valid"),
    "train.parquet, val-*": lambda root: parquet(root / "data", "train", f"val{ONE}")[:-5],
    "shards before one file": lambda root: parquet(root, f"train{ONE}", f"test{ONE}", "test"),
    "arrays, NCHW": lambda root: arrays(root / "x.npz"),
    "arrays, NHWC": lambda root: arrays(root / "x.npz", lambda x: x.transpose(0, 2, 3, 1)),
    "arrays, size=32": lambda root: f"arrays({arrays(root / 'x.npz')[7:]}, size=32)",
}


def facts(level: str) -> DatasetInfo:
    found = info(level)
    assert verify(level).info == found == load(level).info
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_set_has_one_digest_in_all_layouts(layout: str, tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
    expected = facts(folder(tmp_path / "there", "test"))
    found = facts(LAYOUTS[layout](tmp_path / "here"))
    assert found.digest == expected.digest
    assert (found.num_train, found.num_test, found.num_classes) == (12, 6, 3)


BESIDE: list[tuple[tuple[str, ...], list[str]]] = [
    (("test",), []),
    (("val",), ["its test part is val/"]),
    (("test", "val"), ["val/ is not read"]),
    (("test", "validation", "unlabelled"), ["unlabelled/, validation/ are not read"]),
    (("valid", "validation"), ["its test part is valid/", "validation/ is not read"]),
]


@pytest.mark.parametrize(("tests", "notes"), BESIDE)
def test_a_folder_says_what_its_test_part_is_and_what_is_not_read(
    tests: tuple[str, ...], notes: list[str], tmp_path: Path
) -> None:
    level = folder(tmp_path, *tests)
    found = facts(level)
    assert list(found.notes) == notes == list(verify(level).notes)
    assert found.num_test == 6


def test_a_test_folder_without_classes_is_not_the_test_part(tmp_path: Path) -> None:
    level = folder(tmp_path, "val")
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "0.png").write_bytes(encode_image(EXTRA[0]))
    assert facts(level).notes == ("its test part is val/", "test/ is not read")


def test_parquet_says_what_its_test_part_is_and_what_is_not_read(tmp_path: Path) -> None:
    assert facts(parquet(tmp_path, "train", "validation")).notes == ("its test part is validation",)
    shard(tmp_path / "test.parquet", TEST)
    assert facts(f"parquet:{tmp_path}").notes == ("validation is not read",)


def test_an_incomplete_part_that_is_not_read_does_not_matter(tmp_path: Path) -> None:
    level = parquet(tmp_path, "train", "test")
    shard(tmp_path / f"validation{OF_TWO}.parquet", EXTRA)
    assert facts(level).num_test == 6


def test_a_test_part_without_labels_names_the_part_that_has_some(tmp_path: Path) -> None:
    level = parquet(tmp_path, "train", "validation")
    write_shard(tmp_path / "test.parquet", [encode_image(i) for i in TEST], [-1] * 6)
    with pytest.raises(DataError, match=r"test\.parquet has no labels.* validation is the test"):
        load(level)


def test_files_beside_class_folders_are_passed_over_and_counted(tmp_path: Path) -> None:
    level = folder(tmp_path, "val")
    clean = info(level)
    for name in ("README.md", "train/labels.csv", "val/x.zip", "train/ant/Thumbs.db", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "train" / "dangling").symlink_to(tmp_path / "nowhere")
    found = facts(level)
    assert found.digest == clean.digest
    (note,) = (text for text in found.notes if "passed over" in text)
    assert note.startswith("5 other files were passed over: README.md, train/")
    assert note.endswith(", and 2 more")
    # Though the images come from the cache, what is said is what lies there now.
    (tmp_path / "README.md").unlink()
    assert any(text.startswith("4 other files") for text in info(level).notes)


def test_a_flat_folder_passes_files_over_too(tmp_path: Path) -> None:
    write_folder(tmp_path, by_class(made_images(18, seed=4)))
    (tmp_path / "README").touch()
    assert facts(f"folder:{tmp_path}").notes == ("1 other file was passed over: README",)


Features = dict[str, str]
NAMED: list[tuple[tuple[str, str], Features | None]] = [
    (("image", "label"), None),
    (("img", "labels"), None),
    (("image", "fine_label"), None),
    (("image", "species"), {"species": "ClassLabel"}),
    (("picture", "species"), {"picture": "Image", "species": "ClassLabel", "number": "Value"}),
]
UNNAMED: list[tuple[tuple[str, str], Features | None, str]] = [
    (("image", "species"), None, "no label column .*its columns are image, species, number"),
    (
        ("image", "species"),
        {"species": "ClassLabel", "number": "ClassLabel"},
        "no label column .*of type ClassLabel are species, number: rename .* to label",
    ),
    (("picture", "label"), {"label": "ClassLabel"}, "no image column called img or image"),
]


def with_columns(root: Path, columns: tuple[str, str], features: Features | None) -> str:
    for part, images in (("train", TRAIN), ("test", TEST)):
        labels = made_labels(len(images))
        contents = [encode_image(image) for image in images]
        table = pa.table(dict(zip((*columns, "number"), (contents, labels, labels), strict=True)))
        if features is not None:
            told = {name: {"_type": kind} for name, kind in features.items()}
            metadata = json.dumps({"info": {"features": told}})
            table = table.replace_schema_metadata({"huggingface": metadata})
        root.mkdir(exist_ok=True)
        pq.write_table(table, root / f"{part}.parquet")
    return f"parquet:{root}"


@pytest.mark.parametrize(("columns", "features"), NAMED)
def test_columns_are_found_by_name_or_as_the_only_one_of_their_kind(
    columns: tuple[str, str], features: Features | None, tmp_path: Path
) -> None:
    found = info(with_columns(tmp_path, columns, features))
    assert (found.num_train, found.num_classes) == (12, 3)


@pytest.mark.parametrize(("columns", "features", "message"), UNNAMED)
def test_columns_that_cannot_be_told_are_refused(
    columns: tuple[str, str], features: Features | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        info(with_columns(tmp_path, columns, features))


def test_every_data_set_and_every_test_part_stands_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    table = page.partition("## All layouts")[2].partition("\n\nA relative")[0]
    shipped = [name for name, entry in DATASETS.items() if "made" not in entry.description]
    assert "arrays" in shipped
    for name in (*shipped, *(f"{part}/" for part in TESTS)):
        assert f"`{name}" in table or f"`-{name.removeprefix('emnist-')}`" in table, name
