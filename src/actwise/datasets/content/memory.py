"""Memory that ends while data are read is told as memory, never as damaged data."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import DataError

_WORDS = ("out of memory", "allocate memory", "failed to allocate", "not enough memory")


def is_memory(error: BaseException) -> bool:
    """Whether memory is what an exception is about, whoever raised it.

    Pillow's decoders raise an OSError that says so, torch's allocator a RuntimeError.
    """
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    text = str(error).lower()
    return isinstance(error, OSError | RuntimeError) and any(words in text for words in _WORDS)


@contextmanager
def telling_memory(where: str) -> Iterator[None]:
    """While ``where`` is read.

    Raises:
        DataError: if memory ends; it says how much this process had taken.
    """
    try:
        yield
    except Exception as error:
        if not is_memory(error):
            raise
        first_line = (str(error).splitlines() or [""])[0]
        reason = f" ({first_line})" if first_line else ""
        raise DataError(
            f"memory ran out while {where} was read: this process had {_held()} of it and was "
            f"given no more{reason}"
        ) from None


def _held() -> str:
    import psutil

    return f"{psutil.Process().memory_info().rss / 1e6:,.0f} MB"
