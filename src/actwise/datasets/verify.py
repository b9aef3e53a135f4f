"""``data verify``: reads a data set anew and says what is right and wrong with it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .canonical import pixel_hashes
from .dataset import Arrays, DatasetInfo
from .load import mismatch, read_found
from .locate import data_folder, locate, parse_dataset


@dataclass(frozen=True)
class VerifyReport:
    """What a data set holds.

    Attributes:
        where: The file or folder read.
        pinned_digest: What the digest has to be; None where nothing is pinned.
        train_per_class: Training images of each class, in the order of the labels.
        train_duplicates: Training images whose pixels equal an earlier training image's.
        test_duplicates: The same within the test part.
        shared_images: Test images whose pixels are also a training image's: leakage. The
            published sets have some; they are reported and no problem.
        problems: Sentences; empty if the data can be used as what they claim to be.
    """

    info: DatasetInfo
    where: str
    pinned_digest: str | None
    train_per_class: tuple[int, ...]
    test_per_class: tuple[int, ...]
    train_duplicates: int
    test_duplicates: int
    shared_images: int
    problems: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems


def verify(level: str, data_dir: str | Path | None = None) -> VerifyReport:
    """Decode the data themselves, never the cache, and count.

    Raises:
        SpecError: for an unknown name.
        DataError: if the data are missing or cannot be read.
    """
    request = parse_dataset(level)
    found = locate(request, data_folder(data_dir))
    info, arrays = read_found(request.level, found)
    published = request.entry.published if request.entry else None
    train, test = (_distinct(part.images_NCHW) for part in (arrays.train, arrays.test))
    problem = mismatch(info, published) if published else None
    train_per_class, test_per_class = _per_class(arrays)
    return VerifyReport(
        info=info,
        where=found.where,
        pinned_digest=published.digest if published else None,
        train_per_class=train_per_class,
        test_per_class=test_per_class,
        train_duplicates=info.num_train - len(train),
        test_duplicates=info.num_test - len(test),
        shared_images=_num_shared(arrays, train),
        problems=(
            *([problem] if problem else []),
            *_empty_classes("training", info, train_per_class),
            *_empty_classes("test", info, test_per_class),
        ),
    )


def _distinct(images_NCHW: np.ndarray) -> set[bytes]:
    return {words.tobytes() for words in pixel_hashes(images_NCHW)}


def _num_shared(arrays: Arrays, train: set[bytes]) -> int:
    return sum(words.tobytes() in train for words in pixel_hashes(arrays.test.images_NCHW))


def _per_class(arrays: Arrays) -> tuple[tuple[int, ...], tuple[int, ...]]:
    train, test = (
        tuple(np.bincount(part.labels_N, minlength=arrays.num_classes).tolist())
        for part in (arrays.train, arrays.test)
    )
    return train, test


def _empty_classes(part: str, info: DatasetInfo, per_class: tuple[int, ...]) -> list[str]:
    return [
        f"class {name!r} has no {part} image"
        for name, count in zip(info.class_names, per_class, strict=True)
        if count == 0
    ]
