"""Pickled batches: read without executing, and without more memory than they are long."""

import math
import pickle
import re
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.datasets import load
from actwise.datasets.formats.cifar import MAX_MEMBER_BYTES
from actwise.datasets.formats.pickles import read_batch
from actwise.errors import DataError
from made.data import TRAIN_IMAGES, python2_batch, write_tiny

MEBIBYTE = 2**20


def encoded(text: bytes, *, times: int) -> bytes:
    """A list with one text encoded several times."""
    arguments = b"X" + struct.pack("<I", len(text)) + text + b"X\x06\x00\x00\x00latin1\x86q\x01"
    encode = b"c_codecs\nencode\n"
    return b"\x80\x02](" + encode + arguments + b"R" + (encode + b"h\x01R") * (times - 1) + b"e."


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
def test_a_batch_of_plain_values_is_read_in_any_protocol(protocol: int) -> None:
    batch = {b"labels": [3, 1, 2], b"filenames": [b"a.png", b"b.png"], b"batch_label": b"one"}
    content = pickle.dumps(batch, protocol=protocol)
    assert read_batch(content, where="batch") == batch


def test_an_array_is_read_as_python_2_wrote_it() -> None:
    images = TRAIN_IMAGES[:2]
    content = python2_batch(images, [0, 1], key=b"labels")
    batch = read_batch(content, where="batch")
    assert batch[b"labels"] == [0, 1]
    np.testing.assert_array_equal(batch[b"data"], images.reshape(2, -1))


class Pickled:
    """Is pickled as an array with a state of any form."""

    def __init__(self, *state: Any) -> None:
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        make, arguments, _ = np.zeros(1, dtype=np.uint8).__reduce__()
        return make, arguments, self.state


U1 = np.dtype(np.uint8)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 2, 3)])
def test_an_array_is_read_in_the_order_in_which_it_was_written(
    shape: tuple[int, ...], order: Any, protocol: int
) -> None:
    array = np.arange(math.prod(shape), dtype=np.uint8).reshape(shape)
    content = pickle.dumps({b"data": np.array(array, order=order)}, protocol=protocol)
    found = read_batch(content, where="batch")[b"data"]
    assert (found.dtype, found.shape) == (np.uint8, shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.arange(6), "is refused: it holds an array of type .*i8.*, not uint8"),
        (np.zeros(2, dtype=np.float32), "is refused: it holds an array of type .*f4.*, not uint8"),
        (np.zeros(2, dtype=bool), "is refused: it holds an array of type .*b1.*, not uint8"),
        (np.array([None]), "is refused: it holds an array of type .*O8.*, not uint8"),
        (np.zeros(2, dtype="S3"), "is refused: it holds an array of type .*S3.*, not uint8"),
        (Pickled(1, (2, 3), U1, False, b"12345"), "is not a readable batch: cannot reshape"),
        (Pickled(1, (2, 3), U1, False, b"1234567"), "is not a readable batch: cannot reshape"),
        (Pickled(1, (2, 3), None, False, b"123456"), "is refused: it holds an array that is not"),
        (Pickled(1, (2, 3), "u1", False, b"123456"), "is refused: it holds an array that is not"),
        (Pickled(1, (2, 3), U1, False, "123456"), "is refused: it holds an array that is not"),
        (Pickled(1, (2, 3), U1, False, [1] * 6), "is refused: it holds an array that is not"),
        (Pickled(1, "ab", U1, False, b"123456"), "is not a readable batch"),
        (Pickled(1, (2, 3), U1, False), "is not a readable batch: not enough values"),
        (Pickled(), "is not a readable batch"),
    ],
)
def test_a_malformed_array_is_refused(array: object, complaint: str) -> None:
    content = pickle.dumps({b"data": array, b"labels": [0, 1]}, protocol=2)
    with pytest.raises(DataError, match=f"^batch {complaint}"):
        read_batch(content, where="batch")


@pytest.mark.parametrize(("value", "kind"), [([1], "list"), (7, "int"), (None, "NoneType")])
def test_a_batch_that_is_no_table_is_refused(value: object, kind: str) -> None:
    with pytest.raises(DataError, match=f"^batch is not a batch: it holds a {kind}$"):
        read_batch(pickle.dumps(value), where="batch")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x80\x02]r\xff\xff\xff\x0f.", "memoizes an object under the number 268435455"),
        (b"]p268435455\n.", "memoizes an object under the number 268435455"),
        (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".", "is not a readable batch"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b".", "is not a readable batch"),
        (b"T" + struct.pack("<i", 2**30) + b".", "is not a readable batch"),
        (encoded(b"a" * MEBIBYTE, times=100), "encodes more text than it holds"),
        (
            b"\x80\x02c_codecs\nencode\nN}X\x09\x00\x00\x00_num_leftK\x00s\x86b.",
            "alters a function",
        ),
        (b"", "is not a readable batch"),
    ],
)
def test_a_small_file_cannot_take_much_memory(content: bytes, complaint: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=complaint):
            read_batch(content, where="batch")
        assert tracemalloc.get_traced_memory()[1] < 10 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_a_file_too_long_for_a_batch_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    folder = write_tiny("python folder", tmp_path / "data")
    with (folder / "tiny-python" / "batch_1").open("r+b") as file:
        file.truncate(MAX_MEMBER_BYTES + 1)  # sparse: it takes no room on the disk
    with pytest.raises(DataError, match=f"is larger than {MAX_MEMBER_BYTES:,} bytes"):
        load("tiny", folder)


@pytest.mark.parametrize(
    "arguments", [b"K\x07\x85", b"X\x01\x00\x00\x00aX\x05\x00\x00\x00utf-8\x86", b"N\x85"]
)
def test_what_is_no_text_of_single_bytes_is_not_encoded(arguments: bytes) -> None:
    content = b"\x80\x02c_codecs\nencode\n" + arguments + b"R."
    with pytest.raises(DataError) as refusal:
        read_batch(content, where="batch")
    assert str(refusal.value) == "batch is refused: it encodes something that is not text"


def test_memory_that_ends_while_a_batch_is_read_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError("no 3 bytes left")

    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    folder = write_tiny("python folder", tmp_path / "data")
    monkeypatch.setattr(np, "frombuffer", refuse)
    with pytest.raises(DataError) as refusal:
        load("tiny", folder)
    told = rf"memory ran out while {folder}/tiny-python was read: .* no more \(no 3 bytes left\)"
    assert re.fullmatch(told, str(refusal.value))
