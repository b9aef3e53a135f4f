"""What the table of data sets holds: a name, the forms in which it may lie on disk, its facts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...registry import Registry
from .dataset import Arrays, DatasetInfo


@dataclass(frozen=True)
class Found:
    """Data that are there: the files, and how to read them.

    Attributes:
        where: For messages: the file, or the folder that holds the files.
        files: Everything that ``read`` opens; their sizes and times are the key to the cache.
        read: Decodes the images, in any order; may raise DataError and OSError.
        notes: What is read and what is not, where that is not plain; one sentence each.
    """

    where: str
    files: tuple[Path, ...]
    read: Callable[[], Arrays]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """One form in which a data set is published.

    Attributes:
        looks_for: The files, in words, for the message when nothing is found.
        find: Looks into one folder; None where this form is not there, DataError where it is
            incomplete.
    """

    looks_for: str
    find: Callable[[Path], Found | None]


@dataclass(frozen=True)
class Published:
    """Facts of a published data set, which what was read is held against.

    Attributes:
        digest: Of the content in canonical order; None where nobody has pinned it yet.
    """

    input_shape: tuple[int, int, int]
    num_train: int
    num_test: int
    class_names: tuple[str, ...]
    digest: str | None = None


@dataclass(frozen=True)
class Download:
    """A file to fetch, and its digest as published: ``md5:...`` or ``sha256:...``."""

    url: str
    known_hash: str

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """One line of the table.

    Attributes:
        location: ``embedded`` in an installed package; under the ``data_dir``; or at a ``path``
            that the level names (``folder:PATH``).
        forms: Tried in this order; of sets that lie under a data folder.
        form_at: Of sets at a path, the form that brings images to a size, in pixels a side; None
            leaves them as they are.
        folders: Looked into under the data folder, before that folder itself.
        downloads: What ``data fetch`` gets, into the first of ``folders``.
    """

    name: str
    description: str
    forms: tuple[Form, ...] = ()
    form_at: Callable[[int | None], Form] | None = None
    location: Literal["embedded", "data_dir", "path"] = "data_dir"
    folders: tuple[str, ...] = ()
    published: Published | None = None
    downloads: tuple[Download, ...] = ()

    @property
    def pinned_info(self) -> DatasetInfo | None:
        """All facts, without any data, where the table pins the digest."""
        facts = self.published
        if facts is None or facts.digest is None:
            return None
        return DatasetInfo(
            level=self.name,
            digest=facts.digest,
            input_shape=facts.input_shape,
            num_classes=len(facts.class_names),
            num_train=facts.num_train,
            num_test=facts.num_test,
            class_names=facts.class_names,
        )


DATASETS: Registry[DatasetEntry] = Registry("data set")


def is_pinned(digest: str) -> bool:
    """Whether the table pins this content, under whatever name it was asked for."""
    facts = [entry.published for entry in DATASETS.values()]
    return any(published is not None and published.digest == digest for published in facts)
