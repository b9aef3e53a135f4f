"""A folder of things that are wrong, each in one way, for tests/test_wrong_input.py."""

import sqlite3
import struct
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from actwise.store import RunStore
from made.data import TRAIN_IMAGES, encode_image, made_images, write_shard, write_tiny
from made.runs import finish, made_plan, made_study

STUDY = """name = "mine"
[factors]
dataset = ["digits"]
model = ["mlp"]
regularization = ["none"]
activation = ["relu"]
[train]
epochs = 1
"""
GADGET = b"cos\nsystem\n(S'touch executed'\ntR."


def write_mistakes(folder: Path) -> None:
    """One working study and store, and everything that is wrong."""
    for name, text in STUDIES.items():
        (folder / name).write_text(text)
    (folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "raises.py").write_text("raise RuntimeError('at import')\n")
    (folder / "mine.py").write_text("def double(x):\n    return 2 * x\n")
    for name, write in STORES.items():
        write(folder / name)
    for name, write in DATA.items():
        (folder / name).mkdir()
        write(folder / name)


STUDIES: Mapping[str, str] = {
    "mine.toml": STUDY,
    "truncated.toml": STUDY[: STUDY.index('"relu"') + 2],
    "duplicate.toml": STUDY + "epochs = 2\n",
    "no_model.toml": STUDY.replace('model = ["mlp"]\n', ""),
    "one_string.toml": STUDY.replace('["relu"]', '"relu"'),
    "table_level.toml": STUDY.replace('["relu"]', '[{name = "relu"}]'),
    "misspelt_key.toml": STUDY.replace("[train]\n", "[train]\nepoch = 3\n"),
    "true_seed.toml": "seeds = [true]\n" + STUDY,
    "empty_rule.toml": "exclude = [{}]\n" + STUDY,
    "lost_rule.toml": "exclude = [{activation = 'elu'}]\n" + STUDY,
    "no_cell.toml": "exclude = [{activation = 'relu'}]\n" + STUDY,
    "unknown_table.toml": STUDY + "[trian]\nepochs = 2\n",
}


def _store(folder: Path) -> None:
    study = made_study()
    with RunStore.open(folder, create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)


def _newer(folder: Path) -> None:
    _store(folder)
    with closing(sqlite3.connect(folder / "store.sqlite")) as database:
        database.execute("PRAGMA user_version = 999")


def _other_database(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "store.sqlite")) as database:
        database.execute("CREATE TABLE songs (title)")


def _corrupt(folder: Path) -> None:
    _store(folder)
    path = folder / "store.sqlite"
    path.write_bytes(path.read_bytes()[:3000])


def _bad_idx(folder: Path) -> None:
    mnist = folder / "mnist"
    mnist.mkdir()
    for part, count in (("train", 6), ("t10k", 3)):
        header = struct.pack(">IIII", 0x00000D03, count, 28, 28)  # type 0x0D is float
        (mnist / f"{part}-images-idx3-ubyte").write_bytes(header + bytes(count * 784 * 4))
        labels = struct.pack(">II", 0x00000801, count) + bytes(count)
        (mnist / f"{part}-labels-idx1-ubyte").write_bytes(labels)


def _no_labels(folder: Path) -> None:
    images = [encode_image(image) for image in TRAIN_IMAGES[:3]]
    for part in ("train", "test"):
        shard = folder / "cifar10" / f"{part}-0.parquet"
        write_shard(shard, images, [0, 1, 2], columns=("img", "wrong"))


def _gadget(folder: Path) -> None:
    write_tiny("python folder", folder)
    (folder / "tiny-python" / "batch_1").write_bytes(GADGET)


def _truncated_archive(folder: Path) -> None:
    write_tiny("python archive", folder)
    path = folder / "tiny-python.tar.gz"
    path.write_bytes(path.read_bytes()[:-100])


def _tiny_images(folder: Path) -> None:
    for part in ("train", "test"):
        for label in ("a", "b"):
            path = folder / part / label / "0.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(encode_image(TRAIN_IMAGES[0][:, :8, :8]))


def _two_sizes(folder: Path) -> None:
    for part in ("train", "test"):
        for label, side in (("a", 32), ("b", 40)):
            image = made_images(1, seed=0, shape=(3, side, side))[0]
            path = folder / part / label / "0.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(encode_image(image))


STORES: Mapping[str, Callable[[Path], object]] = {
    "store": _store,
    "newer": _newer,
    "corrupt": _corrupt,
    "songs": _other_database,
    "empty": lambda folder: folder.mkdir(),
    "a_file": lambda path: path.touch(),
}
DATA: Mapping[str, Callable[[Path], object]] = {
    "nothing": lambda folder: None,
    "bad_idx": _bad_idx,
    "no_labels": _no_labels,
    "gadget": _gadget,
    "truncated_archive": _truncated_archive,
    "tiny_images": _tiny_images,
    "two_sizes": _two_sizes,
}
