"""A user's own data set is a level like the others."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from actwise.datasets import Dataset, info, load, load_planned
from actwise.errors import DataError, SpecError

MODULE = """
import numpy as np
import torch
from actwise.datasets import load

def arrays(shape, *, num_images=6, dtype=np.uint8):
    images = np.random.default_rng(0).integers(0, 256, (num_images, *shape)).astype(dtype)
    labels = np.arange(num_images) % 2
    return images, labels, images[:4], labels[:4]

def grey():
    return arrays((28, 28))

def named(data_dir):
    return (*arrays((3, 28, 28)), ["no", "yes"])

def channels_last(data_dir):
    return arrays((28, 28, 3))

def tensors(data_dir):
    return tuple(torch.from_numpy(a) for a in arrays((28, 28)))

def sized(data_dir, side, channels=1):
    return arrays((channels, side, side))

def whole(data_dir):
    return load("digits")

def where(data_dir):
    return arrays((28, 28), num_images=int((data_dir / "size").read_text()))

def floats(data_dir):
    return arrays((28, 28), dtype=np.float32)

def small(data_dir):
    return arrays((8, 8))

def unequal(data_dir):
    images, labels, *test = arrays((28, 28))
    return images, labels[:-1], *test

def nothing(data_dir):
    return None

def ragged(data_dir):
    images, *others = arrays((28, 28))
    return [images[0], images[1][:20]], *others

def unnamed(data_dir):
    return (*arrays((28, 28)), None)

def with_gradients(data_dir):
    images, *others = arrays((28, 28), dtype=np.float32)
    return torch.from_numpy(images).requires_grad_(), *others

def failing(data_dir):
    raise KeyError("no such table")

def large(data_dir):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")

def refusing(data_dir):
    return load("tiny-of-nobody")

def without_folder(data_dir):
    return load("cifar10")
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "made_sets.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    yield
    sys.modules.pop("made_sets", None)


@pytest.mark.parametrize(
    ("level", "shape"),
    [
        ("made_sets:grey", (1, 28, 28)),
        ("made_sets:named", (3, 28, 28)),
        ("made_sets:channels_last", (3, 28, 28)),
        ("made_sets:tensors", (1, 28, 28)),
        ("made_sets:sized(32)", (1, 32, 32)),
        ("made_sets:sized(32,channels=3)", (3, 32, 32)),
    ],
)
def test_a_callable_may_return_arrays_or_tensors_in_the_usual_shapes(
    level: str, shape: tuple[int, int, int]
) -> None:
    data: Dataset = load(level)
    assert data.info == info(level)
    assert data.info.input_shape == shape
    assert (data.info.level, data.info.num_train, data.info.num_test) == (level, 6, 4)
    assert data.train_images_NCHW.dtype == torch.uint8


def test_class_names_are_numbers_unless_given() -> None:
    assert info("made_sets:grey").class_names == ("0", "1")
    assert info("made_sets:named").class_names == ("no", "yes")


def test_a_returned_dataset_keeps_its_content() -> None:
    assert info("made_sets:whole").digest == info("digits").digest


def test_the_callable_is_given_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "size").write_text("8")
    assert info("made_sets:where", tmp_path).num_train == 8
    (tmp_path / "size").write_text("10")
    assert info("made_sets:where", tmp_path).num_train == 10


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("made_sets:floats", "images must be uint8, not float32"),
        ("made_sets:small", "images are 8x8; expected 28 to 64 pixels"),
        ("made_sets:unequal", "training part: 6 images but 5 labels"),
        ("made_sets:nothing", "returned a NoneType; expected a Dataset or a tuple"),
        ("made_sets:ragged", "failed: ValueError: setting an array element"),
        ("made_sets:unnamed", "failed: TypeError: 'NoneType' object is not iterable"),
        ("made_sets:with_gradients", "failed: RuntimeError: Can't call numpy"),
        ("made_sets:failing", "failed: KeyError: 'no such table'"),
    ],
)
def test_what_is_no_data_set_is_refused(level: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(level)


def test_a_missing_module_a_missing_name_and_wrong_arguments_are_refused() -> None:
    for level in ("no_such_module_here:Name", "made_sets:Gray", "made_sets:grey(1)"):
        with pytest.raises(SpecError):
            load(level)


@pytest.mark.parametrize(
    ("level", "error", "said"),
    [
        ("refusing", SpecError, "no data set is named 'tiny-of-nobody'"),
        ("without_folder", DataError, "cifar10 needs a data folder: give --data DIR or set"),
    ],
)
def test_what_a_callable_is_refused_itself_is_said_as_it_is(
    level: str, error: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    with pytest.raises(error) as refusal:
        load(f"made_sets:{level}")
    assert str(refusal.value).startswith(said)


def test_memory_that_ends_in_a_callable_says_memory() -> None:
    with pytest.raises(DataError) as refusal:
        load("made_sets:large")
    told = (
        r"memory ran out while data set made_sets:large was read: this process had (.+) MB of it "
        r"and was given no more \(DefaultCPUAllocator: can't allocate memory: 9 bytes\)"
    )
    found = re.fullmatch(told, str(refusal.value))
    assert found and 10 < int(found[1].replace(",", "")) < 1_000_000


def test_a_run_takes_a_callables_data_from_the_cache_alone(tmp_path: Path) -> None:
    digest = load("made_sets:named").info.digest
    assert load_planned("made_sets:named", None, digest=digest).info.class_names == ("no", "yes")
    with pytest.raises(DataError) as refusal:
        load_planned("made_sets:named", None, digest="0" * 64)
    assert str(refusal.value) == (
        f"data set 'made_sets:named' is not in the cache {tmp_path / 'cache'}, through which a "
        "plan hands users' data to its runs; it must be writable, and keep them until the last run"
    )
