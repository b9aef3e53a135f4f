"""Memory that ends while images are read says memory and how much, never damaged data."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actwise.cli.main import run_command
from actwise.datasets import load
from actwise.datasets.formats.images import MAX_FILE_BYTES
from actwise.errors import DataError
from made.data import encode_image, made_images, write_folder, write_shard
from made.forks import run_forked

NUM_IMAGES = 40
CASES = """
import sys
import numpy as np

def refusing(*arguments, **settings):
    raise {error}

if {place!r} == "decode":
    from PIL import ImageFile
    ImageFile.ImageFile.load = refusing
elif {place!r} == "stack":
    np.stack = refusing
elif {place!r} == "sort":
    np.lexsort = refusing
from actwise.cli.main import run_command
sys.exit(run_command(["data", "verify", sys.argv[1]]))
"""
ERRORS = {
    "Python's": "MemoryError()",
    "numpy's": 'np._core._exceptions._ArrayMemoryError((1000000, 3, 32, 32), np.dtype("uint8"))',
    "Pillow's": 'OSError("out of memory error when reading image file")',
    "the system's": 'OSError(12, "Cannot allocate memory")',
}


def write(form: str, root: Path) -> str:
    images = [list(made_images(NUM_IMAGES, seed=seed)) for seed in (1, 2)]
    if form == "folder":
        return f"folder:{write_folder(root / 'photos', dict(zip('ab', images, strict=True)))}"
    for part, those in zip(("train", "test"), images, strict=True):
        encoded = [encode_image(image) for image in those]
        write_shard(root / f"{part}-0.parquet", encoded, [0, 1] * 20, class_names=["a", "b"])
    return f"parquet:{root}"


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    ("form", "place"), [("folder", "decode"), ("parquet", "decode"), ("folder", "stack")]
)
def test_memory_that_ends_says_memory(form: str, place: str, error: str, tmp_path: Path) -> None:
    code = CASES.format(place=place, error=ERRORS[error])
    done = run_forked(code, write(form, tmp_path))
    assert done.returncode == 3, done.stderr
    assert "memory ran out while" in done.stderr and " MB" in done.stderr
    assert "not a readable image" not in done.stderr and "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0


def test_a_set_larger_than_the_memory_says_memory(tmp_path: Path) -> None:
    """In a process that gets little more than it has: 200,000 small images take 600 MB."""
    content = encode_image(np.zeros((3, 32, 32), dtype=np.uint8))
    for part in ("train", "test"):
        write_shard(tmp_path / f"{part}-0.parquet", [content] * 200_000, [0, 1] * 100_000)
    code = """
import resource, sys
import numpy, psutil, PIL.Image, pyarrow.parquet
from actwise.cli.main import run_command
import actwise.datasets
limit = psutil.Process().memory_info().vms + 500_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(run_command(["data", "verify", sys.argv[1]]))
"""
    done = run_forked(code, f"parquet:{tmp_path}")
    assert done.returncode == 3, done.stderr
    assert "memory ran out while" in done.stderr and "Traceback" not in done.stderr


def test_a_decompression_bomb_says_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    level = write("folder", tmp_path)
    small = encode_image(np.zeros((3, 32, 32), dtype=np.uint8))
    huge = small[:16] + (60_000).to_bytes(4, "big") * 2 + small[24:]
    import struct
    import zlib

    huge = huge[:29] + struct.pack(">I", zlib.crc32(huge[12:29])) + huge[33:]
    (tmp_path / "photos" / "a" / "bomb.png").write_bytes(huge)
    assert run_command(["data", "verify", level]) == 3
    assert "bomb.png would take too much memory" in capsys.readouterr().err


def test_a_file_too_long_for_an_image_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    level = write("folder", tmp_path)
    with (tmp_path / "photos" / "a" / "0000.png").open("r+b") as file:
        file.truncate(2**40)  # sparse
    with pytest.raises(DataError, match=rf"0000\.png .* is larger than {MAX_FILE_BYTES:,} bytes"):
        load(level)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            pa.ArrowMemoryError("malloc of size 64 failed\nand where"),
            r"memory ran out while {root} was read: this process had [\d,]+ MB of it and was given "
            r"no more \({shard}: malloc of size 64 failed\)",
        ),
        (
            pa.ArrowInvalid("a page is cut off\nand where"),
            "{shard} is not a readable Parquet file: a page is cut off",
        ),
        (OSError("a disk is gone"), "{shard} is not a readable Parquet file: a disk is gone"),
    ],
)
def test_a_fault_amid_a_shard_is_told_by_its_first_line(
    error: Exception, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    level = write("parquet", tmp_path / "shards")
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", refuse)
    with pytest.raises(DataError) as refusal:
        load(level)
    root = tmp_path / "shards"
    assert re.fullmatch(told.format(root=root, shard=root / "train-0.parquet"), str(refusal.value))
