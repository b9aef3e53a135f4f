"""Image files as they are met: what Pillow would change silently is refused or put right."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actwise.datasets import load
from actwise.datasets.formats.images import decode_image
from actwise.errors import DataError
from made.data import encode_image, made_images, write_folder, write_shard

PIXELS = made_images(1, seed=1, shape=(32, 40, 3))[0]
GREY = PIXELS[:, :, 0]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_16(channels: int) -> bytes:
    """A PNG of 16 bits a channel, which Pillow would bring to 8 where it has three."""
    values = np.random.default_rng(1).integers(0, 2**16, (32, 40, channels)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in values)

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    header = struct.pack(">IIBBBBB", 40, 32, 16, {1: 0, 3: 2}[channels], 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def tiff_16(*excess: int) -> bytes:
    """An uncompressed RGB TIFF of 16 bits a channel, and of more channels than it has."""
    depths = (16, 16, 16, *excess)
    place = 8 + 2 * len(depths)
    raster = np.random.default_rng(1).integers(0, 2**16, (32, 40, 3)).astype("<u2").tobytes()
    tags = [
        (256, 3, 1, 40),
        (257, 3, 1, 32),
        (258, 3, len(depths), 8),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, place),
        (277, 3, 1, 3),
        (278, 3, 1, 32),
        (279, 4, 1, len(raster)),
    ]
    start = place + len(raster)
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    header = b"II*\0" + struct.pack("<I", start) + struct.pack(f"<{len(depths)}H", *depths)
    return header + raster + struct.pack("<H", len(tags)) + entries + bytes(4)


def netpbm_16(magic: bytes, channels: int) -> bytes:
    values = np.random.default_rng(1).integers(0, 2**16, (32, 40, channels)).astype(">u2")
    return magic + b"\n# made\n40 32\n65535\n" + values.tobytes()


DEEP: dict[str, Callable[[], bytes]] = {
    "PNG, RGB": lambda: png_16(3),
    "PNG, grey": lambda: png_16(1),
    "TIFF, RGB": tiff_16,
    "TIFF, RGB and one channel of 8 bits that is not there": lambda: tiff_16(8),
    "PPM": lambda: netpbm_16(b"P6", 3),
    "PGM": lambda: netpbm_16(b"P5", 1),
}


@pytest.mark.parametrize("kind", DEEP)
def test_images_of_16_bits_a_channel_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match=r"x\.png has (16 bits a channel|the mode I)"):
        decode_image(DEEP[kind](), "x.png")


@pytest.mark.parametrize(("most", "bits"), [(256, 9), (511, 9), (512, 10), (65535, 16)])
def test_a_netpbm_image_may_have_8_bits_a_channel_at_most(most: int, bits: int) -> None:
    content = b"P6 40 32 %d\n" % most + bytes(2 * 3 * 40 * 32)
    with pytest.raises(DataError) as refusal:
        decode_image(content, "x.ppm")
    assert str(refusal.value) == (
        f"x.ppm has {bits} bits a channel; expected grey or RGB of 8 bits: convert it"
    )


def test_netpbm_values_are_read_up_to_the_largest_of_8_bits() -> None:
    content = b"P6 40 32 255\n" + PIXELS.tobytes()
    decoded = decode_image(content, "x.ppm").pixels_CHW
    np.testing.assert_array_equal(decoded, PIXELS.transpose(2, 0, 1))


def frames() -> list[Image.Image]:
    return [Image.fromarray(made_images(1, seed=s, shape=(32, 40, 3))[0]) for s in range(3)]


def several(kind: str) -> bytes:
    first, *others = frames()
    return saved(first, kind, save_all=True, append_images=others)


SEVERAL: dict[str, Callable[[], bytes]] = {
    "animated GIF": lambda: several("GIF"),
    "animated PNG": lambda: several("PNG"),
    "animated WebP": lambda: several("WEBP"),
    "TIFF of several pages": lambda: several("TIFF"),
    "PPM images in a row": lambda: b"".join(saved(image, "PPM") for image in frames()),
    "JPEG of several pictures": lambda: several("MPO"),
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_files_of_several_frames_or_pages_are_refused(kind: str) -> None:
    with pytest.raises(DataError, match=r"x\.gif has \d frames or pages; expected one image"):
        decode_image(SEVERAL[kind](), "x.gif")


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF", "PPM", "BMP"])
def test_files_of_one_image_are_read(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    image = Image.fromarray(np.stack([GREY] * 3, axis=2) if kind == "GIF" else PIXELS)
    decoded = decode_image(saved(image, kind, **options), "x").pixels_CHW
    np.testing.assert_array_equal(decoded, np.asarray(image).transpose(2, 0, 1))


@pytest.mark.parametrize("name", ["x.gif", "x.jpg", "x.tiff"])
def test_a_png_is_known_by_its_first_bytes(name: str, tmp_path: Path) -> None:
    decoded = decode_image(saved(Image.fromarray(PIXELS), "PNG"), name).pixels_CHW
    np.testing.assert_array_equal(decoded, PIXELS.transpose(2, 0, 1))
    with pytest.raises(DataError, match="16 bits a channel"):
        decode_image(png_16(3), name)


TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_the_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    plain = Image.fromarray(PIXELS)
    stored = decode_image(saved(plain, kind, **options), "x").pixels_CHW
    decoded = decode_image(saved(plain, kind, exif=exif, **options), "x").pixels_CHW
    upright = TURNED[orientation](stored.transpose(1, 2, 0))
    np.testing.assert_array_equal(decoded, upright.transpose(2, 0, 1))


def test_the_orientation_is_applied_in_parquet_and_in_folders(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    images = made_images(10, seed=2)
    turned = [
        saved(Image.fromarray(np.rot90(image.transpose(1, 2, 0))), "PNG", exif=exif)
        for image in images
    ]
    labels = [0, 1] * 5
    for name, contents in (("turned", turned), ("upright", [encode_image(i) for i in images])):
        for part in ("train", "test"):
            write_shard(tmp_path / name / f"{part}-0.parquet", contents, labels, class_names=None)
            for number, content in enumerate(contents):
                path = tmp_path / f"{name}-folder" / part / "ab"[number % 2] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    digests = {
        load(level).info.digest
        for name in ("turned", "upright")
        for level in (f"parquet:{tmp_path / name}", f"folder:{tmp_path / f'{name}-folder'}")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: saved(Image.fromarray(GREY), "PNG"), "is grey 32x40 but .* is RGB 32x32"),
        (lambda: png_16(3), "has 16 bits a channel"),
        (lambda: encode_image(made_images(1, seed=1, shape=(3, 28, 28))[0]), "is RGB 28x28 but"),
        (lambda: saved(Image.fromarray(PIXELS).convert("CMYK"), "TIFF"), "has the mode CMYK"),
    ],
)
def test_one_image_of_another_depth_or_size_is_named(
    other: Callable[[], bytes], message: str, tmp_path: Path
) -> None:
    images_of = {name: list(made_images(6, seed=s)) for s, name in enumerate("ab")}
    folder = write_folder(tmp_path / "photos", images_of)
    (folder / "b" / "odd.png").write_bytes(other())
    with pytest.raises(DataError, match=rf"odd\.png {message}"):
        load(f"folder:{folder}")
