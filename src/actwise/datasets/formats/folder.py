"""Image folders: ``PATH/train/CLASS/*.png`` with a test part beside, or ``PATH/CLASS/*.png``.

The test part is ``test/``, ``val/``, ``valid/`` or ``validation/``. Classes are the subfolders in
alphabetical order. Without train/ and test/, every fifth image of a class is a test image, and
copies of one image stay together (:mod:`actwise.datasets.content.own_split`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...errors import DataError
from ...files import read_file
from ...numbers import counted
from ..content import SPLIT_STRIDE, Arrays, Form, Found, Split, cut, make_split, split_whole
from .decoder import Decoder
from .files import refuse_special
from .images import MAX_FILE_BYTES
from .parts import TESTS, TRAIN, notes_on_parts, or_list

SUFFIXES = (".png", ".webp", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff")
LEFT_BY_SYSTEMS = ("thumbs.db", "desktop.ini")
MOST_NAMED = 3
LAYOUT = f"PATH/CLASS/*.png, or PATH/{TRAIN}/CLASS/*.png and the same in {or_list(TESTS)}"


@dataclass(frozen=True)
class _Part:
    """The files of one part.

    Attributes:
        classes: Class name -> its image files, both in alphabetical order.
        others: Files that are passed over.
    """

    folder: Path
    classes: Mapping[str, Sequence[Path]]
    others: tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for files in self.classes.values() for path in files)


def image_folder_form(size: int | None = None) -> Form:
    """The form of a folder with one subfolder per class.

    Args:
        size: What to bring the images to, in pixels a side; None leaves them.
    """
    return Form("one subfolder per class", partial(_find, size=size))


def _find(root: Path, *, size: int | None) -> Found | None:
    if not root.is_dir():
        return None
    folders = {path.name: path for path in _visible(root) if path.is_dir()}
    # A class may be called "val".
    if TRAIN not in folders and TESTS[0] not in folders:
        return _find_whole(root, size=size)
    tests = [name for name in TESTS if name in folders]
    if TRAIN not in folders or not tests:
        there, missing = (TESTS[0], f"{TRAIN}/") if tests else (TRAIN, or_list(_slashed(TESTS)))
        raise DataError(f"{root} is incomplete: {there}/ has no {missing} beside it")
    # A test part without labels has no folders of classes.
    test_name = next((name for name in tests if _has_folders(folders[name])), tests[0])
    return _find_parts(root, folders, test_name=test_name, size=size)


def _find_parts(
    root: Path, folders: Mapping[str, Path], *, test_name: str, size: int | None
) -> Found:
    train, test = _list_part(folders[TRAIN]), _list_part(folders[test_name])
    unknown = sorted(set(test.classes) - set(train.classes))
    if unknown:
        raise DataError(f"{test.folder / unknown[0]} is a class that {train.folder} does not have")
    unread = _slashed(name for name in folders if name not in (TRAIN, test_name))
    beside = (path for path in _visible(root) if not path.is_dir())
    notes = (
        *notes_on_parts(f"{test_name}/", unread=unread),
        *_passed_over(root, (*beside, *train.others, *test.others)),
    )
    read = partial(_read, train, test, size=size)
    return Found(str(root), train.files + test.files, read, notes=notes)


def _find_whole(root: Path, *, size: int | None) -> Found:
    whole = _list_part(root)
    for name, files in whole.classes.items():
        if len(files) < SPLIT_STRIDE:
            raise DataError(
                f"{root / name} has {len(files)} images; at least {SPLIT_STRIDE} are needed "
                "to split them, or give train/ and test/"
            )
    read = partial(_read_and_split, whole, size=size)
    return Found(str(root), whole.files, read, notes=_passed_over(root, whole.others))


def _list_part(folder: Path) -> _Part:
    classes, others = {}, []
    for path in _visible(folder):
        if path.is_dir():
            classes[path.name], left_over = _list_images(path)
            others += left_over
        else:
            others.append(path)
    if not classes:
        raise DataError(f"{folder} has no subfolder; it must hold one per class")
    return _Part(folder, classes, tuple(others))


def _list_images(folder: Path) -> tuple[list[Path], list[Path]]:
    """The images of a class, and what an operating system left beside them."""
    images, left_over = [], []
    for path in _visible(folder):
        refuse_special(path)
        if path.is_dir():
            raise DataError(
                f"{path} is a folder inside the class folder {folder}; expected {LAYOUT}"
            )
        if path.name.lower() in LEFT_BY_SYSTEMS:
            left_over.append(path)
        elif path.suffix.lower() not in SUFFIXES:
            raise DataError(
                f"{path} is not an image; known are {', '.join(SUFFIXES)}: "
                "move it out of the folders of classes"
            )
        else:
            images.append(path)
    if not images:
        raise DataError(f"{folder} holds no images; remove it")
    return images, left_over


def _visible(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if not path.name.startswith("."))


def _has_folders(folder: Path) -> bool:
    return any(path.is_dir() for path in _visible(folder))


def _slashed(names: Iterable[str]) -> list[str]:
    return [f"{name}/" for name in names]


def _passed_over(root: Path, files: Sequence[Path]) -> tuple[str, ...]:
    if not files:
        return ()
    be = "was" if len(files) == 1 else "were"
    names = cut([str(path.relative_to(root)) for path in files], most=MOST_NAMED)
    return (f"{counted(len(files), 'other file')} {be} passed over: {', '.join(names)}",)


def _read_and_split(whole: _Part, *, size: int | None) -> Arrays:
    (images,), notes = _decode([whole], names=list(whole.classes), size=size)
    train, test = split_whole(images)
    for part, split in (("training", train), ("test", test)):
        missing = sorted(set(range(len(whole.classes))) - set(split.labels_N.tolist()))
        if missing:
            raise DataError(
                f"{whole.folder / list(whole.classes)[missing[0]]} has too few different images to "
                f"be split: copies stay together, which leaves it no {part} image; give train/ and "
                "test/"
            )
    return Arrays(train, test, tuple(whole.classes), notes)


def _read(train: _Part, test: _Part, *, size: int | None) -> Arrays:
    names = list(train.classes)
    (train_images, test_images), notes = _decode([train, test], names=names, size=size)
    return Arrays(train_images, test_images, tuple(names), notes)


def _decode(
    parts: Sequence[_Part], *, names: Sequence[str], size: int | None
) -> tuple[list[Split], tuple[str, ...]]:
    """The images of all parts, made alike, and what had to be changed for that."""
    num_images = sum(len(part.files) for part in parts)
    folder = parts[0].folder
    where = folder if len(parts) == 1 else folder.parent
    decoder = Decoder(size, where=where, num_images=num_images)
    decoded = [
        decoder.decode(
            (str(path), read_file(path, most_bytes=MAX_FILE_BYTES)) for path in part.files
        )
        for part in parts
    ]
    splits = []
    for part, images in zip(parts, decoded, strict=True):
        labels: list[int] = []
        for name, files in part.classes.items():
            labels += [names.index(name)] * len(files)
        splits.append(make_split(decoder.join(images), labels, where=str(part.folder)))
    return splits, decoder.notes
