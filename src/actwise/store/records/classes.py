"""Class indices as they are kept: small, and with a hash that does not depend on how small."""

import hashlib
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Answers:
    """The true classes of a data set's test images, packed, and how many classes there are."""

    num_classes: int
    packed: bytes

    @classmethod
    def of(cls, labels_N: np.ndarray, num_classes: int) -> Self:
        """From class indices (N,) in canonical order."""
        return cls(num_classes, pack_predictions(labels_N))

    @cached_property
    def labels(self) -> np.ndarray:
        """True class of every test image in canonical order, int64 (N,)."""
        return unpack_predictions(self.packed)

    def says_the_same(self, other: "Answers") -> bool:
        """Whether the classes are equal, however they are packed."""
        return self.num_classes == other.num_classes and np.array_equal(self.labels, other.labels)


def pack_predictions(classes_N: np.ndarray) -> bytes:
    """Class indices (N,) as little-endian uint16, deflated.

    At level 4: 10,000 of ours take 0.4 ms, at 9 take 4 ms, and no fewer bytes (n = 40 runs).
    """
    return zlib.compress(classes_N.astype("<u2").tobytes(), 4)


def hash_predictions(classes_N: np.ndarray) -> str:
    """SHA-256 of class indices (N,).

    Over the classes, not over the packed bytes: what zlib makes of them may change.
    """
    return hashlib.sha256(classes_N.astype("<u2").tobytes()).hexdigest()


def unpack_predictions(packed: bytes) -> np.ndarray:
    """The inverse of :func:`pack_predictions`: int64 (N,)."""
    return np.frombuffer(zlib.decompress(packed), dtype="<u2").astype(np.int64)
