"""Image folders: ``PATH/train/CLASS/*.png`` and ``PATH/test/CLASS/*.png``, or ``PATH/CLASS/*.png``.

Classes are the subfolders in alphabetical order. Without train/ and test/, every fifth image of a
class is a test image, and copies of one image stay together (:mod:`actwise.datasets.own_split`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ..errors import DataError
from ..files import read_file
from .check import make_split
from .dataset import Arrays, Split
from .entry import Form, Found
from .files import refuse_special
from .images import MAX_FILE_BYTES, decode_images
from .own_split import SPLIT_STRIDE, split_whole

SUFFIXES = (".png", ".webp", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff")

Classes = Mapping[str, Sequence[Path]]
"""Class name -> its image files, both in alphabetical order."""


def image_folder_form() -> Form:
    """The form of a folder with one subfolder per class."""
    return Form("one subfolder per class", _find)


def _find(root: Path) -> Found | None:
    if not root.is_dir():
        return None
    train, test = root / "train", root / "test"
    if train.is_dir() != test.is_dir():
        there, missing = (train, test) if train.is_dir() else (test, train)
        raise DataError(f"{root} is incomplete: {there.name}/ has no {missing.name}/ beside it")
    if not train.is_dir():
        classes = _list_classes(root)
        _can_be_split(root, classes)
        return Found(str(root), _files(classes), partial(_read_and_split, root, classes))
    train_classes, test_classes = _list_classes(train), _list_classes(test)
    unknown = sorted(set(test_classes) - set(train_classes))
    if unknown:
        raise DataError(f"{test / unknown[0]} is a class that {train} does not have")
    files = _files(train_classes) + _files(test_classes)
    return Found(str(root), files, partial(_read, root, train=train_classes, test=test_classes))


def _list_classes(folder: Path) -> dict[str, list[Path]]:
    classes = {}
    for subfolder in sorted(folder.iterdir()):
        if subfolder.name.startswith("."):
            continue
        if not subfolder.is_dir():
            raise DataError(f"{subfolder} is not a folder; {folder} must hold one per class")
        classes[subfolder.name] = _list_images(subfolder)
    if not classes:
        raise DataError(f"{folder} has no subfolder; it must hold one per class")
    return classes


def _list_images(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    for path in files:
        refuse_special(path)
        if path.is_dir() or path.suffix.lower() not in SUFFIXES:
            raise DataError(f"{path} is not an image; known are {', '.join(SUFFIXES)}")
    if not files:
        raise DataError(f"{folder} holds no images")
    return files


def _can_be_split(root: Path, classes: Classes) -> None:
    for name, files in classes.items():
        if len(files) < SPLIT_STRIDE:
            raise DataError(
                f"{root / name} has {len(files)} images; at least {SPLIT_STRIDE} are needed "
                "to split them, or give train/ and test/"
            )


def _files(classes: Classes) -> tuple[Path, ...]:
    return tuple(path for files in classes.values() for path in files)


def _read_and_split(root: Path, classes: Classes) -> Arrays:
    train, test = split_whole(_read_part(root, classes, names=list(classes)))
    for part, split in (("training", train), ("test", test)):
        missing = sorted(set(range(len(classes))) - set(split.labels_N.tolist()))
        if missing:
            raise DataError(
                f"{root / list(classes)[missing[0]]} has too few different images to be split: "
                f"copies stay together, which leaves it no {part} image; give train/ and test/"
            )
    return Arrays(train, test, tuple(classes))


def _read(root: Path, *, train: Classes, test: Classes) -> Arrays:
    names = list(train)
    return Arrays(
        _read_part(root / "train", train, names=names),
        _read_part(root / "test", test, names=names),
        tuple(names),
    )


def _read_part(folder: Path, classes: Classes, *, names: Sequence[str]) -> Split:
    labels = [names.index(name) for name, files in classes.items() for _ in files]
    images = decode_images(
        (str(path), read_file(path, most_bytes=MAX_FILE_BYTES)) for path in _files(classes)
    )
    return make_split(images, labels, where=str(folder))
