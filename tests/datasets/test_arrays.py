"""``arrays:FILE.npz``: four plain arrays; pickles and everything else are refused by name."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.datasets import info, load, verify
from actwise.errors import DataError
from made.data import made_images, made_labels

ARRAYS: dict[str, Any] = {
    "x_train": made_images(12, seed=1, shape=(32, 32, 3)),
    "y_train": made_labels(12),
    "x_test": made_images(6, seed=2, shape=(32, 32, 3)),
    "y_test": made_labels(6),
}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def save(**changed: Any) -> str:
    arrays = {name: array for name, array in {**ARRAYS, **changed}.items() if array is not None}
    np.savez("x.npz", **arrays)
    return "arrays:x.npz"


def test_arrays_of_several_layouts_are_one_set() -> None:
    digest = info(save()).digest
    nchw = {name: ARRAYS[name].transpose(0, 3, 1, 2) for name in ("x_train", "x_test")}
    columns = {name: ARRAYS[name][:, None].astype(np.uint8) for name in ("y_train", "y_test")}
    fortran = {name: np.asfortranarray(ARRAYS[name]) for name in ("x_train", "x_test")}
    for changed in (nchw, columns, fortran):
        assert info(save(**changed)).digest == digest
    np.savez_compressed("x.npz", **ARRAYS)
    assert info("arrays:x.npz").digest == digest


def test_grey_arrays_have_one_channel() -> None:
    grey = {name: ARRAYS[name][..., 0] for name in ("x_train", "x_test")}
    found = info(save(**grey))
    assert found.input_shape == (1, 32, 32)
    assert info(save(**{name: a[..., None] for name, a in grey.items()})).digest == found.digest


def test_images_keep_their_labels() -> None:
    data = load(save())
    label_of = {
        image.transpose(2, 0, 1).tobytes(): int(label)
        for image, label in zip(ARRAYS["x_train"], ARRAYS["y_train"], strict=True)
    }
    for image, label in zip(data.train_images_NCHW, data.train_labels_N, strict=True):
        assert label_of[image.numpy().tobytes()] == int(label)


def test_other_arrays_are_named_as_not_read() -> None:
    level = save(x_val=ARRAYS["x_test"], y_val=ARRAYS["y_test"])
    assert info(level).notes == ("x_val, y_val are not read",) == verify(level).notes


def test_a_file_lies_under_the_data_folder_too(tmp_path: Path) -> None:
    Path("data").mkdir()
    save()
    Path("x.npz").rename("data/x.npz")
    assert info("arrays:x.npz", tmp_path / "data").num_train == 12


class Gadget:
    """Its pickle would print."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return print, ("executed",)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"y_test": None}, "x.npz has no y_test; it holds x_train, y_train, x_test: save it by numpy"),
    ({"x_test": None, "y_test": None}, "has no x_test and no y_test"),
    ({"x_train": ARRAYS["x_train"] / 255}, "x_train, .* must be uint8, not float64: 0 is black"),
    ({"x_train": ARRAYS["x_train"].astype(int)}, "must be uint8, not int64"),
    ({"x_train": np.array([Gadget()] * 12)}, "x_train is an array of Python objects, .* a pickle"),
    ({"y_train": np.array(["a", None] * 6)}, "y_train is an array of Python objects"),
    ({"y_train": np.array(["a"] * 12)}, "y_train: labels must be whole numbers .*, not <U1"),
    ({"y_train": np.eye(3)[made_labels(12)]}, r"of shape \(12, 3\); of one-hot rows take \.argmax"),
    ({"y_train": made_labels(11)}, "12 images but 11 labels"),
    ({"y_test": made_labels(6) - 1}, "a test label is -1; expected 0 to 2"),
    ({"y_train": made_labels(12) + 2**16}, "a label is 65538; expected 0 to 65535"),
    ({"x_train": ARRAYS["x_train"][:0], "y_train": made_labels(0)}, "holds no images"),
    (
        {"x_train": ARRAYS["x_train"].reshape(12, -1)},
        r"images of shape \(12, 3072\); expected 1 or",
    ),
    (
        {"x_train": made_images(12, seed=1, shape=(32, 32, 4))},
        r"images of shape \(12, 32, 32, 4\); expected 1 or 3 channels",
    ),
    (
        {"x_test": made_images(6, seed=1, shape=(28, 28, 3))},
        r"RGB 32x32, test images RGB 28x28; arrays\(x\.npz, size=64\) resizes them",
    ),
    ({"x_test": ARRAYS["x_test"][..., 0]}, "training images are RGB 32x32, test images grey 32x32"),
]


@pytest.mark.parametrize(("changed", "message"), REFUSED)
def test_arrays_that_are_no_data_set_are_refused(
    changed: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    level = save(**changed)
    for read in (info, verify):
        with pytest.raises(DataError, match=message):
            read(level)
    assert "executed" not in capsys.readouterr().out


def whole() -> bytes:
    save()
    return Path("x.npz").read_bytes()


def damaged() -> bytes:
    content = bytearray(whole())
    content[9000:9008] = b"overlaid"
    return bytes(content)


def headers(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    told = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, told)
    return zipped(file.getvalue())


def written_header(text: str) -> bytes:
    content = text.encode().ljust(117) + b"\n"
    return zipped(b"\x93NUMPY\x01\x00" + len(content).to_bytes(2, "little") + content)


def damaged_lzma() -> bytes:
    content = bytearray(zipped(bytes(5000), zipfile.ZIP_LZMA))
    # Behind the name of the first member and the properties of its stream.
    start = content.index(b"x_train.npy") + len("x_train.npy") + 9
    content[start : start + 4] = bytes([255] * 4)
    return bytes(content)


def later_version() -> bytes:
    content = bytearray(whole())
    content[content.index(b"PK\x01\x02") + 6] = 99
    return bytes(content)


def zipped(content: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name in ARRAYS:
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def one_array() -> bytes:
    file = io.BytesIO()
    np.save(file, ARRAYS["x_train"])
    return file.getvalue()


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut": (lambda: whole()[:-2000], "x.npz is not an .npz file, or damaged"),
    "halved": (lambda: whole()[:20_000], "is not an .npz file, or damaged"),
    "overlaid": (damaged, "is not an .npz file, or damaged"),
    "empty": (lambda: b"", "is not an .npz file, or damaged"),
    "a pickle": (lambda: pickle.dumps(ARRAYS), "is not an .npz file, or damaged"),
    "an .npy": (one_array, r"is not an .npz file.*: save it by numpy\.savez\(FILE, x_train="),
    "no arrays": (lambda: zipped(b"hello"), "x_train is not a readable array"),
    "a header alone": (lambda: headers((9, 32, 32, 3)), "x_train is not a readable array: EOF"),
    "a negative size": (lambda: headers((-1, 32, 32, 3)), "x_train is not a readable array"),
    "keys of two types": (lambda: written_header("{1: 2, 'descr': '|u1'}"), "is not a readable"),
    "a key that is a list": (lambda: written_header("{[]: 2}"), "is not a readable array"),
    "a size beyond counting": (lambda: headers((10**30,)), "x_train is not a readable array"),
    "a damaged member": (damaged_lzma, "x_train is not a readable array"),
    "a later version of zip": (later_version, "is not an .npz file, or damaged"),
    "a bomb": (lambda: headers((10**12, 64, 64, 3)), "memory ran out while x.npz was read"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_holds_no_arrays_is_refused(kind: str) -> None:
    make, message = BROKEN[kind]
    Path("x.npz").write_bytes(make())
    with pytest.raises(DataError, match=message) as caught:
        info("arrays:x.npz")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file_of_arrays() -> None:
    Path("x.npz").mkdir()
    with pytest.raises(DataError, match=r"nothing of this kind in x\.npz; expected an \.npz"):
        info("arrays:x.npz")
