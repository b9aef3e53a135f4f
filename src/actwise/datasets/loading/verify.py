"""``data verify``: reads a data set anew and says what is right and wrong with it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..content import (
    Arrays,
    Copies,
    DatasetInfo,
    count_copies,
    cut,
    is_pinned,
    notes_on_leaks,
    telling_memory,
)
from ..levels import Request, locate, parse_dataset
from .load import as_found, mismatch, read_found


@dataclass(frozen=True)
class VerifyReport:
    """What a data set holds.

    Attributes:
        where: The file or folder read.
        pinned_digest: What the digest has to be; None where nothing is pinned.
        train_per_class: Training images of each class, in the order of the labels.
        train_duplicates: Training images whose pixels equal an earlier training image's.
        test_duplicates: The same within the test part.
        shared_images: Test images whose pixels are also a training image's: leakage, and a problem
            but in pinned content.
        notes: Sentences that are no problems: what is not read, what reading changed, the known
            copies of pinned content.
        problems: Sentences, at most 20 and a count; empty if the data can be used as what they
            claim to be.
    """

    info: DatasetInfo
    where: str
    pinned_digest: str | None
    train_per_class: tuple[int, ...]
    test_per_class: tuple[int, ...]
    train_duplicates: int
    test_duplicates: int
    shared_images: int
    notes: tuple[str, ...]
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
    found = locate(request, data_dir)
    info, arrays = read_found(request, found)
    published = request.entry.published if isinstance(request, Request) else None
    with telling_memory(found.where):
        copies = count_copies(arrays)
    pinned = is_pinned(info.digest)
    problem = mismatch(info, published) if published else None
    train_per_class, test_per_class = _per_class(arrays)
    problems = (
        *([problem] if problem else []),
        *(() if pinned else notes_on_leaks(copies)),
        *_empty_classes(info, train_per_class, part="training"),
        *_empty_classes(info, test_per_class, part="test"),
    )
    return VerifyReport(
        info=as_found(info, found),
        where=found.where,
        pinned_digest=published.digest if published else None,
        train_per_class=train_per_class,
        test_per_class=test_per_class,
        train_duplicates=copies.in_train,
        test_duplicates=copies.in_test,
        shared_images=copies.shared,
        notes=(*found.notes, *arrays.notes, *(_known(copies) if pinned else ())),
        problems=cut(problems),
    )


def _known(copies: Copies) -> tuple[str, ...]:
    if copies == Copies(0, 0, 0):
        return ()
    return ("the published set has these duplicates; its test split and folds stay as they are",)


def _per_class(arrays: Arrays) -> tuple[tuple[int, ...], tuple[int, ...]]:
    train, test = (
        tuple(np.bincount(part.labels_N, minlength=arrays.num_classes).tolist())
        for part in (arrays.train, arrays.test)
    )
    return train, test


def _empty_classes(info: DatasetInfo, per_class: tuple[int, ...], *, part: str) -> list[str]:
    return [
        f"class {name!r} has no {part} image"
        for name, count in zip(info.class_names, per_class, strict=True)
        if count == 0
    ]
