"""Reads a pickled CIFAR batch without executing anything that it names.

The published Python batches are pickles of a dict with a uint8 array. Their five globals are
resolved to stand-ins of our own that only keep what they are given; every other global is refused.
numpy itself never sees the pickle: its ``__setstate__`` trusts its input, and it warns about the
arguments that Python 2 wrote. The operations are looked at before they are carried out, since one
of ten bytes can ask for gigabytes.
"""

import io
import pickle
import pickletools
from typing import Any

import numpy as np

from ...errors import DataError


def read_batch(content: bytes, *, where: str) -> dict[bytes, Any]:
    """The dict of one batch; its uint8 arrays as numpy arrays.

    Raises:
        DataError: if it is damaged, holds anything but plain values and uint8 arrays, or is
            not a dict.
    """
    try:
        _check_memory(content)
        batch = _RestrictedUnpickler(content).load()
    except _RefusedError as error:
        raise DataError(f"{where} is refused: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle can raise any type
        raise DataError(f"{where} is not a readable batch: {error}") from error
    if not isinstance(batch, dict):
        raise DataError(f"{where} is not a batch: it holds a {type(batch).__name__}")
    return {k: v.array if isinstance(v, _Array) else v for k, v in batch.items()}


def _check_memory(content: bytes) -> None:
    """Refuse what would take more memory than the file is long.

    Python's C unpickler makes room for the memo up to the largest index that is named; what is
    written by a pickler counts up. Lengths beyond the end of the file are errors to ``genops``.
    """
    for number, (operation, argument, _) in enumerate(pickletools.genops(content)):
        is_memo = operation.name in ("PUT", "BINPUT", "LONG_BINPUT")
        if is_memo and isinstance(argument, int) and argument > number + 1:
            raise _RefusedError(f"it memoizes an object under the number {argument}")


class _RefusedError(pickle.UnpicklingError):
    """The pickle names something that no published batch contains."""


class _Array:
    """Stands in for an ndarray; the pickle sets its state."""

    def __init__(self) -> None:
        self.array = np.empty(0, dtype=np.uint8)

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, is_fortran, content = state
        if not isinstance(kind, _Dtype) or not isinstance(content, bytes):
            raise _RefusedError("it holds an array that is not uint8")
        flat = np.frombuffer(content, dtype=np.uint8)
        self.array = flat.reshape(shape, order="F" if is_fortran else "C")


class _Dtype:
    """Stands in for the dtype uint8, the only one that a batch holds."""

    def __setstate__(self, state: Any) -> None:
        pass  # byte order and alignment: a byte has none


class _Callable:
    """A global of the pickle, which cannot alter it."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise _RefusedError("it alters a function")


class _Reconstruct(_Callable):
    def __call__(self, *_: Any) -> _Array:
        return _Array()


class _MakeDtype(_Callable):
    def __call__(self, name: Any, *_: Any) -> _Dtype:
        if name not in ("u1", b"u1"):
            raise _RefusedError(f"it holds an array of type {name!r}, not uint8")
        return _Dtype()


class _Encode(_Callable):
    """``_codecs.encode``, by which protocol 2 writes bytes; ``most`` of them in all.

    A text stands once in a file, but could be encoded again and again.
    """

    __slots__ = ("_num_left",)

    def __init__(self, most: int) -> None:
        self._num_left = most

    def __call__(self, text: Any, encoding: Any = "latin1") -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
            raise _RefusedError("it encodes something that is not text")
        self._num_left -= len(text)
        if self._num_left < 0:
            raise _RefusedError("it encodes more text than it holds")
        return text.encode("latin1")


_GLOBALS: dict[tuple[str, str], _Callable] = {
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy._core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy", "ndarray"): _Callable(),
    ("numpy", "dtype"): _MakeDtype(),
}


class _RestrictedUnpickler(pickle.Unpickler):
    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self._globals = {**_GLOBALS, ("_codecs", "encode"): _Encode(len(content))}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return self._globals[module_name, global_name]
        except KeyError:
            raise _RefusedError(
                f"it names {module_name}.{global_name}, which no published batch contains"
            ) from None
