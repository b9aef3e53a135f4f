"""Images of any size: brought to one by ``size=``, refused with that hint without it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actwise.datasets import info, load, verify
from actwise.errors import DataError, SpecError
from made.data import encode_image, made_images, write_folder, write_shard
from made.forks import run_forked
from made.photos import encoded, photo, write_photos

# Height and width; at 40 pixels all sides are whole numbers.
SIZES = [(64, 64), (100, 80), (80, 120), (224, 224), (16, 24), (40, 60), (2, 3)]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def write(contents: Sequence[bytes], *, suffix: str = "png") -> str:
    """All of them in either part, in two classes in turn."""
    for part in ("train", "test"):
        for number, content in enumerate(contents):
            path = Path("photos", part, "ab"[number % 2], f"{number}.{suffix}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return "photos"


def pixels(level: str) -> set[bytes]:
    return {image.numpy().tobytes() for image in load(level).train_images_NCHW}


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_shorter_side_is_scaled_and_the_centre_cut(mode: str) -> None:
    images = [photo(seed, size=sides, mode=mode) for seed, sides in enumerate(SIZES)]
    for number, image in enumerate(images):
        for part in ("train", "test"):
            path = Path("photos", part, str(number), "0.png")
            path.parent.mkdir(parents=True)
            path.write_bytes(encoded(image))
    data = load("folder(photos, size=40)")
    for found, label in zip(data.train_images_NCHW.numpy(), data.train_labels_N, strict=True):
        width, height = images[int(label)].size
        scale = 40 / min(width, height)
        sides = round(width * scale), round(height * scale)
        left, top = (side // 2 - 20 for side in sides)
        whole = images[int(label)].resize(sides, Image.Resampling.BILINEAR)
        cut = np.asarray(whole.crop((left, top, left + 40, top + 40))).reshape(40, 40, -1)
        np.testing.assert_allclose(found.transpose(1, 2, 0).astype(int), cut, atol=1)


def test_an_uneven_picture_keeps_its_proportions() -> None:
    ramp = np.tile(np.arange(0, 250, 2, dtype=np.uint8), (100, 1))
    level = write([encoded(Image.fromarray(p)) for p in (ramp, ramp[::-1] // 2)])
    (middle, _) = sorted(pixels(f"folder({level}, size=50)"), key=lambda content: -max(content))
    row = np.frombuffer(middle, np.uint8).reshape(50, 50)[25]
    # 125 columns on 100 rows: the middle 100 of them, two to a pixel.
    np.testing.assert_allclose(row[2:-2], (ramp[0, 13:112:2])[2:-2], atol=2.1)


def test_the_size_is_part_of_the_digest_and_the_pixels_are_all_of_it() -> None:
    write([encoded(photo(seed)) for seed in range(4)])
    digests = {size: info(f"folder(photos, size={size})").digest for size in (32, 48, 64)}
    assert len(set(digests.values())) == 3
    small = [np.frombuffer(image, np.uint8) for image in sorted(pixels("folder(photos, size=48)"))]
    assert all(len(image) == 3 * 48 * 48 for image in small)
    for spelled in ("folder(photos,48)", "folder( photos , size = 48 )"):
        assert info(spelled).digest == digests[48]


def test_images_that_have_the_size_are_left_alone() -> None:
    write([encode_image(image) for image in made_images(4, seed=1, shape=(3, 48, 48))])
    assert info("folder(photos, size=48)").digest == info("folder:photos").digest


def test_an_orientation_is_applied_before_the_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = [photo(seed, size=(100, 150)) for seed in range(4)]
    turned = [image.transpose(Image.Transpose.ROTATE_90) for image in upright]
    expected = pixels(f"folder({write([encoded(i) for i in upright])}, size=40)")
    write([encoded(image, exif=exif) for image in turned])
    assert pixels("folder(photos, size=40)") == expected


def as_parquet(contents: Sequence[bytes]) -> str:
    for part in ("train", "test"):
        labels = [number % 2 for number in range(len(contents))]
        write_shard(Path(f"shards/{part}.parquet"), contents, labels, class_names=["a", "b"])
    return "parquet:shards"


def as_arrays(contents: Sequence[bytes]) -> str:
    images = np.stack([np.asarray(photo(seed, size=(90, 100))) for seed in range(4)])
    labels = np.arange(4) % 2
    np.savez("x.npz", x_train=images, y_train=labels, x_test=images[:2], y_test=labels[:2])
    return "arrays:x.npz"


LARGE, SMALL = [photo(seed) for seed in range(4)], [photo(seed, size=(16, 24)) for seed in range(4)]
MIXED = [photo(seed, size=(32 + seed, 40)) for seed in range(4)]
REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "too large": (
        lambda: "folder:" + write([encoded(image, "JPEG") for image in LARGE], suffix="jpg"),
        r"photos/train/a/0\.jpg is 224x224; expected 28 to 64 pixels; "
        r"folder\(photos, size=64\) resizes them",
    ),
    "too small": (
        lambda: "folder:" + write([encoded(image) for image in SMALL]),
        r"is 16x24; expected 28 to 64 pixels; folder\(photos, size=32\) resizes them",
    ),
    "of several sizes": (
        lambda: "folder:" + write([encoded(image) for image in MIXED]),
        r"is RGB 34x40 but .* is RGB 32x40; all images must have one size; "
        r"folder\(photos, size=64\) resizes them",
    ),
    "Parquet": (
        lambda: as_parquet([encoded(image) for image in LARGE]),
        r"train\.parquet: row 0 is 224x224; .*; parquet\(shards, size=64\) resizes them",
    ),
    "arrays": (
        lambda: as_arrays([]),
        r"images are 90x100; expected 28 to 64 pixels; arrays\(x\.npz, size=64\) resizes them",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_sizes_are_refused_with_the_setting_that_helps(kind: str) -> None:
    make, message = REFUSED[kind]
    level = make()
    for read in (info, load, verify):
        with pytest.raises(DataError, match=message) as caught:
            read(level)
    hint = str(caught.value).rpartition("; ")[2].removesuffix(" resizes them")
    assert info(hint).input_shape[1] in (32, 64)


def test_a_data_set_of_ones_own_resizes_in_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own_photos.py").write_text(
        "import numpy as np\n"
        "def make():\n"
        "    x, y = np.zeros((4, 96, 96), np.uint8), np.arange(4) % 2\n"
        "    return x, y, x, y\n"
    )
    monkeypatch.syspath_prepend(".")
    with pytest.raises(DataError, match=r"are 96x96; .*; resize them in its code, to 64x64 for"):
        info("own_photos:make")


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("folder(photos, size=0)", "size=0 must be a whole number of pixels from 28 to 64"),
        ("folder(photos, size=27)", "size=27 must be a whole number"),
        ("folder(photos, size=65)", "size=65 must be a whole number"),
        ("folder(photos, size=-64)", "size=-64 must be a whole number"),
        ("folder(photos, size=32.5)", r"size=32\.5 must be a whole number"),
        ("folder(photos, size=abc)", "size=abc must be a whole number"),
        ("folder(photos, size=)", "size= must be a whole number"),
        ("arrays(x.npz, size=٣٢)", "size=٣٢ must be a whole number"),
        ("folder(photos, sise=64)", "no argument of folder is named 'sise'; did you mean size"),
        ("folder(photos, size=64, size=32)", "size is given 2 times"),
        ("folder(photos, size=64", r"no closing parenthesis: write folder\(PATH, size=64\)"),
        ("folder(size=64)", r"needs a path: write folder:PATH or folder\(PATH, size=64\)"),
        ("parquet()", "needs a path"),
        ("arrays", "needs a path: write arrays:PATH"),
        ("foldr(photos, size=64)", "did you mean folder"),
        ("foldr:photos", "no module 'foldr' .*; did you mean folder:photos"),
        ("cifar10(size=48)", "no argument of cifar10 is named 'size'"),
    ],
)
def test_a_size_that_is_none_is_refused(level: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        info(level)


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("folder:photoz", "nothing of this kind in photoz.*; did you mean photos"),
        ("folder:photos(size=64)", r"a size is written folder\(PATH, size=64\)"),
        ("folder:photos, size=64", r"a size is written folder\(PATH, size=64\)"),
        ("folder:photos/train/a/0.png", "this is a file, give the folder that holds it"),
    ],
)
def test_a_path_that_is_none_names_what_was_meant(level: str, message: str) -> None:
    write([encode_image(image) for image in made_images(4, seed=1)])
    with pytest.raises(DataError, match=message):
        info(level)


def test_a_path_may_hold_commas_and_parentheses() -> None:
    name = "photos, all (2)"
    write_folder(Path(name), {k: list(made_images(6, seed=s)) for s, k in enumerate("ab")})
    assert info(f"folder({name}, size=32)").digest == info(f"folder:{name}").digest


@pytest.mark.parametrize(("height", "width"), [(32, 40), (48, 36), (32, 64)])
def test_pictures_that_are_one_after_resizing_stay_on_one_side(height: int, width: int) -> None:
    """They differ at the ends that are cut off."""
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    for name in "ab":
        Path("photos", name).mkdir(parents=True)
        for number, middle in enumerate(made_images(10, seed=ord(name), shape=(3, side, side))):
            for frame in made_images(3, seed=number, shape=(3, height, width)):
                frame[:, top : top + side, left : left + side] = middle
                path = Path("photos", name, f"{len(list(Path('photos', name).iterdir()))}.png")
                path.write_bytes(encode_image(frame))
    assert len(pixels("folder:photos")) == 48
    data = load(f"folder(photos, size={side})")
    train, test = (
        {image.numpy().tobytes() for image in images}
        for images in (data.train_images_NCHW, data.test_images_NCHW)
    )
    assert len(train) + len(test) == 20 and not train & test
    assert len(data.test_labels_N) == 12
    assert verify(f"folder(photos, size={side})").is_sound


def test_large_photographs_are_decoded_one_by_one(tmp_path: Path) -> None:
    """Forty of 6 MB each, in a process that gets little more memory than it has."""
    content = encoded(photo(1, size=(1400, 1400)), "JPEG", quality=50)
    for part in ("train", "test"):
        for number in range(20):
            path = tmp_path / "photos" / part / "ab"[number % 2] / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    code = """
import resource, psutil, PIL.Image, PIL.JpegImagePlugin
from actwise.datasets import info
limit = psutil.Process().memory_info().vms + 120_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(info("folder(photos, size=64)").num_train)
"""
    done = run_forked(code, folder=tmp_path)
    assert done.stdout == "20\n", done.stderr


def test_photographs_come_from_the_cache_the_second_time(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", {"a": 6, "b": 6})
    first = info("folder(photos, size=32)")
    path = tmp_path / "photos" / "a" / "000.jpg"
    stat = path.stat()
    path.write_bytes(bytes(stat.st_size))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert load("folder(photos, size=32)").info == first
    with pytest.raises(DataError, match=r"000\.jpg is not a readable image"):
        load("folder(photos, size=48)")
