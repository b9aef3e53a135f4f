"""Named streams."""

import numpy as np
import pytest

from actwise import rng


def test_a_stream_depends_on_its_four_names_only() -> None:
    first = rng.stream(3, "weights", "stage1.conv.weight").random(4)
    rng.stream(3, "weights", "another").random(100)
    assert np.array_equal(first, rng.stream(3, "weights", "stage1.conv.weight").random(4))


@pytest.mark.parametrize(
    "other", [(4, "order", "a", 1), (3, "mask", "a", 1), (3, "order", "b", 1), (3, "order", "a", 2)]
)
def test_each_name_makes_another_stream(other: tuple[int, str, str, int]) -> None:
    assert rng.stream_seed(3, "order", "a", 1) != rng.stream_seed(*other)


def test_names_do_not_run_into_one_another() -> None:
    assert rng.stream_seed(1, "ab", "c") != rng.stream_seed(1, "a", "bc")


def test_streams_are_pinned() -> None:
    words = rng.stream(0, "order", "", 1).bit_generator.random_raw(2)
    assert [int(word) for word in words] == [17701750415839757962, 5278061247509973429]


def test_a_stream_goes_on_from_its_position() -> None:
    generator = rng.stream(0, "mask", "site")
    generator.integers(0, 10, size=3, dtype=np.int32)
    where = rng.position(generator)
    expected = generator.integers(0, 10, size=5, dtype=np.int32)
    other = rng.stream(9, "mask")
    rng.move_to(other, where)
    assert np.array_equal(other.integers(0, 10, size=5, dtype=np.int32), expected)
