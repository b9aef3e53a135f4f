"""Decoded data sets on disk: content-addressed, memory-mapped, verified, shared by all processes.

::

    CACHE/data/<digest>/   train_images.npy train_labels.npy test_images.npy test_labels.npy
    CACHE/index/<key>.json what decoding one source gave; the key is made of path, size and time
                           of every file read
    CACHE/locks/<key>      held while a source is decoded; vanishes with its holder

A folder is written under a temporary name and renamed, so it is there as a whole or not at all.
It is named by its digest, and the digest is computed again at every load: 0.1 s for the 184 MB of
CIFAR-10 (2 cores with SHA instructions, n = 3), which also brings the pages into memory. CACHE is
$ACTWISE_CACHE, or ~/.cache/actwise. Where it cannot be written, data are decoded into memory.
"""

import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from ...files import read_file, special_kind
from ..content import Arrays, DatasetInfo, Split, digest

ABANDONED_AFTER_SECONDS = 3600
_FILES = ("train_images", "train_labels", "test_images", "test_labels")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cache:
    """The cache in one folder, which need not exist yet."""

    root: Path

    @classmethod
    def default(cls) -> Self:
        """$ACTWISE_CACHE, or ~/.cache/actwise."""
        given = os.environ.get("ACTWISE_CACHE")
        return cls(Path(given) if given else Path.home() / ".cache" / "actwise")

    def holds(self, content_digest: str) -> bool:
        """Whether there is a folder for this content; not verified."""
        return self._folder(content_digest).is_dir()

    def read(self, content_digest: str, class_names: tuple[str, ...]) -> Arrays | None:
        """Memory-mapped arrays (copy on write), verified; None if absent or damaged."""
        folder = self._folder(content_digest)
        if any(special_kind(folder / f"{name}.npy") for name in _FILES):
            return None
        try:
            images, labels, test_images, test_labels = (
                np.load(folder / f"{name}.npy", mmap_mode="c") for name in _FILES
            )
            arrays = Arrays(Split(images, labels), Split(test_images, test_labels), class_names)
            is_sound = digest(arrays) == content_digest
        except (OSError, ValueError, EOFError):
            # numpy reports a truncated or overwritten file by the last two.
            return None
        return arrays if is_sound else None

    def recall(self, key: str, level: str) -> DatasetInfo | None:
        """What the source of ``key`` was found to hold, under the name ``level``."""
        try:
            facts = json.loads(read_file(self._index(key)))
            facts |= {name: tuple(facts[name]) for name in ("input_shape", "class_names", "notes")}
            return DatasetInfo(**facts | {"level": level})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def store(self, key: str, info: DatasetInfo, *, arrays: Arrays) -> bool:
        """Keep canonical ``arrays`` and remember their source; False (logged) if that fails."""
        try:
            if self.read(info.digest, info.class_names) is None:
                self._publish(info.digest, arrays)
            self._remember(key, info)
        except OSError as error:
            _log.warning(
                "the data cache %s cannot be written (%s); %s is decoded anew by every process",
                self.root,
                error.strerror or error,
                info.level,
            )
            return False
        return True

    @contextmanager
    def decoding(self, key: str) -> Iterator[None]:
        """While one process decodes a source, others wait for what it will store."""
        path = self.root / "locks" / key
        with ExitStack() as stack:
            # Without a lock (Windows, a read-only cache, a network file system that has none)
            # two processes may decode at once, which is only slower.
            with suppress(OSError, ModuleNotFoundError):
                import fcntl

                path.parent.mkdir(parents=True, exist_ok=True)
                fcntl.flock(stack.enter_context(path.open("wb")), fcntl.LOCK_EX)
            yield

    def _publish(self, content_digest: str, arrays: Arrays) -> None:
        final = self._folder(content_digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        self._remove_abandoned(final.parent)
        made = final.parent / f".new-{secrets.token_hex(8)}"
        made.mkdir()
        try:
            parts = (arrays.train, arrays.test)
            pieces = [piece for part in parts for piece in (part.images_NCHW, part.labels_N)]
            for name, piece in zip(_FILES, pieces, strict=True):
                np.save(made / f"{name}.npy", piece)
            self._put_in_place(made, final)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    @staticmethod
    def _put_in_place(made: Path, final: Path) -> None:
        # What is there is damaged. A process that has it mapped keeps its pages.
        with suppress(FileNotFoundError):
            final.rename(made / "damaged")
        try:
            made.rename(final)
        except OSError:
            # Another process was first, with another source of the same content.
            if not final.is_dir():
                raise
        shutil.rmtree(final / "damaged", ignore_errors=True)

    def _remember(self, key: str, info: DatasetInfo) -> None:
        path = self._index(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(f".{secrets.token_hex(8)}")
        made.write_text(json.dumps(asdict(info), indent=1), "utf-8")
        made.replace(path)

    @staticmethod
    def _remove_abandoned(folder: Path) -> None:
        """What a process that was killed while writing left behind."""
        for path in folder.glob(".new-*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > ABANDONED_AFTER_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)

    def _folder(self, content_digest: str) -> Path:
        return self.root / "data" / content_digest

    def _index(self, key: str) -> Path:
        return self.root / "index" / f"{key}.json"
