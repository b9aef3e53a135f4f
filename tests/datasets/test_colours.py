"""Grey, RGB and transparent images among each other: RGB, with white behind; said once."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actwise.datasets import info, load, verify
from actwise.errors import DataError
from made.data import made_images, write_shard
from made.photos import encoded, photo

SIDES = (32, 32)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def picture(seed: int, mode: str) -> bytes:
    return encoded(photo(seed, size=SIDES, mode=mode))


def as_folder(train: Sequence[bytes], test: Sequence[bytes]) -> str:
    for part, contents in (("train", train), ("test", test)):
        for number, content in enumerate(contents):
            path = Path("photos", part, "ab"[number % 2], f"{number}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return "folder:photos"


def as_parquet(train: Sequence[bytes], test: Sequence[bytes]) -> str:
    for part, contents in (("train", train), ("test", test)):
        labels = [number % 2 for number in range(len(contents))]
        write_shard(Path(f"shards/{part}.parquet"), contents, labels, class_names=["a", "b"])
    return "parquet:shards"


GREY_1, GREY_3 = "1 of 6 images is grey, made RGB", "3 of 6 images are grey, made RGB"
CLEAR_1, CLEAR_2 = (
    f"{number} of 6 images {be} transparent, laid over white"
    for number, be in ((1, "is"), (2, "are"))
)
MODES: list[tuple[str, int, list[str]]] = [
    ("RGB RGB RGB RGB | RGB RGB", 3, []),
    ("L L L L | L L", 1, []),
    ("L RGB RGB RGB | RGB RGB", 3, [GREY_1]),
    ("RGB RGB L L | L RGB", 3, [GREY_3]),
    ("RGB RGB RGB RGB | L RGB", 3, [GREY_1]),
    ("RGBA RGB RGB RGB | RGB RGB", 3, [CLEAR_1]),
    ("RGBA RGB L RGB | RGBA RGB", 3, [GREY_1, CLEAR_2]),
    ("L L L LA | L LA", 1, [CLEAR_2]),
    ("LA RGB RGB RGB | RGB RGB", 3, [GREY_1, CLEAR_1]),
    ("P RGB RGB RGB | 1 RGB", 3, [GREY_1]),
]


@pytest.mark.parametrize("write", [as_folder, as_parquet])
@pytest.mark.parametrize(("modes", "channels", "notes"), MODES)
def test_mixed_colours_become_one_and_are_said(
    modes: str, channels: int, notes: list[str], write: Callable[..., str]
) -> None:
    train, test = (part.split() for part in modes.split("|"))
    contents = [picture(seed, mode) for seed, mode in enumerate((*train, *test))]
    level = write(contents[:4], contents[4:])
    found = info(level)
    assert found.input_shape == (channels, *SIDES)
    assert list(found.notes) == notes
    report = verify(level)
    assert list(report.notes) == notes and report.info == load(level).info == found


def test_a_grey_image_is_the_same_image_as_its_rgb_copy() -> None:
    grey = [photo(seed, size=SIDES, mode="L") for seed in range(6)]
    coloured = [picture(seed, "RGB") for seed in range(10, 16)]
    contents = [encoded(image) for image in grey] + [encoded(i.convert("RGB")) for i in grey]
    for number, content in enumerate(contents + coloured * 2):
        path = Path("flat", "ab"[number % 2], f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    data = load("folder:flat")
    train, test = (
        {image.numpy().tobytes() for image in images}
        for images in (data.train_images_NCHW, data.test_images_NCHW)
    )
    assert len(train) + len(test) == 12 and not train & test


def transparent(kind: str) -> tuple[bytes, np.ndarray]:
    """A file, and what is seen of it on white paper: (H, W, C)."""
    colour = made_images(1, seed=4, shape=(*SIDES, 3))[0]
    alpha = made_images(1, seed=5, shape=SIDES)[0]
    if kind in ("LA", "RGBA"):
        layers = colour[..., :1] if kind == "LA" else colour
        seen = (layers * (alpha / 255)[..., None]) + 255 * (1 - alpha / 255)[..., None]
        return encoded(Image.fromarray(np.dstack([layers, alpha]))), seen
    palette = Image.fromarray(colour).quantize(16)
    if kind == "one colour of a palette":
        content = encoded(palette, transparency=3)
        seen = np.asarray(palette.convert("RGB")).copy()
        seen[np.asarray(palette) == 3] = 255
        return content, seen
    named = Image.fromarray(np.where(alpha[..., None] > 128, colour, 7).astype(np.uint8))
    seen = np.asarray(named).copy()
    seen[(seen == 7).all(axis=2)] = 255
    return encoded(named, transparency=(7, 7, 7)), seen


@pytest.mark.parametrize("kind", ["LA", "RGBA", "one colour of a palette", "one colour of RGB"])
def test_transparency_shows_white(kind: str) -> None:
    content, seen = transparent(kind)
    others = [picture(seed, "L" if kind == "LA" else "RGB") for seed in range(3)]
    data = load(as_folder([content, *others], others[:2]))
    distances = [
        np.abs(image.numpy().transpose(1, 2, 0) - seen).max() for image in data.train_images_NCHW
    ]
    assert min(distances) <= 0.5


def test_what_is_opaque_keeps_its_pixels() -> None:
    images = [photo(seed, size=SIDES) for seed in range(4)]
    plain = info(as_folder([encoded(image) for image in images], [encoded(images[0])] * 2))
    opaque = [encoded(image.convert("RGBA")) for image in images]
    assert info(as_folder(opaque, opaque[:1] * 2)).digest == plain.digest


@pytest.mark.parametrize("mode", ["CMYK", "F", "I", "LAB"])
def test_other_modes_are_refused(mode: str) -> None:
    odd = encoded(Image.new(mode, SIDES), "TIFF")
    others = [picture(seed, "RGB") for seed in range(3)]
    with pytest.raises(DataError, match=r"0\.png has .*; expected grey or RGB of 8 bits: convert"):
        info(as_folder([odd, *others], others[:2]))
