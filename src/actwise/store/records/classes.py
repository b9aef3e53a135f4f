"""Class indices as they are kept: small, and with a hash that does not depend on how small."""

import hashlib
import zlib

import numpy as np


def pack_predictions(classes_N: np.ndarray) -> bytes:
    """Class indices (N,) as little-endian uint16, deflated."""
    return zlib.compress(classes_N.astype("<u2").tobytes(), 9)


def hash_predictions(classes_N: np.ndarray) -> str:
    """SHA-256 of class indices (N,).

    Over the classes, not over the packed bytes: what zlib makes of them may change.
    """
    return hashlib.sha256(classes_N.astype("<u2").tobytes()).hexdigest()


def unpack_predictions(packed: bytes) -> np.ndarray:
    """The inverse of :func:`pack_predictions`: int64 (N,)."""
    return np.frombuffer(zlib.decompress(packed), dtype="<u2").astype(np.int64)
