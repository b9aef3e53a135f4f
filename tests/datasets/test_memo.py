"""Under which numbers a pickled batch may memoize: memory is made up to the largest."""

import struct
from collections.abc import Callable

import pytest

from actwise.datasets.formats.pickles import read_batch
from actwise.errors import DataError


def put(number: int) -> bytes:
    return f"p{number}\n".encode()


def binput(number: int) -> bytes:
    return b"q" + bytes([number])


def long_binput(number: int) -> bytes:
    return b"r" + struct.pack("<I", number)


@pytest.mark.parametrize("memoize", [put, binput, long_binput])
@pytest.mark.parametrize("num_before", [0, 3])
def test_a_number_counts_up_from_what_came_before(
    num_before: int, memoize: Callable[[int], bytes]
) -> None:
    # Protocol, lists, and what memoizes: one operation each.
    start = b"\x80\x02" + b"]" * (num_before + 1)
    largest = num_before + 3
    with pytest.raises(DataError) as refusal:
        read_batch(start + memoize(largest) + b".", where="batch_1")
    assert str(refusal.value) == "batch_1 is not a batch: it holds a list"
    for number in (largest + 1, 255):
        with pytest.raises(DataError) as refusal:
            read_batch(start + memoize(number) + b".", where="batch_1")
        assert str(refusal.value) == (
            f"batch_1 is refused: it memoizes an object under the number {number}"
        )
