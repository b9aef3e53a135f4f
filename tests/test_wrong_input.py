"""Wrong input of every kind: one clear sentence, the right exit code, nothing written."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from made_data import encode_image, make_archive, made_images, write_shard

from actwise.cli.main import run_command
from actwise.store import RunStore

Prepare = Callable[[Path], None]


@dataclass(frozen=True)
class Wrong:
    """One wrong command.

    ``command`` is split at blanks; S is a store that does not exist, D a data folder.
    """

    command: str
    complaint: tuple[str, ...]
    exit_code: int = 2
    prepare: Prepare = lambda folder: None


def write(name: str, content: str | bytes) -> Prepare:
    def prepare(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return prepare


def empty_store(folder: Path) -> None:
    RunStore.open(folder / "made", create=True).close()


def newer_store(folder: Path) -> None:
    empty_store(folder)
    with sqlite3.connect(folder / "made" / "store.sqlite") as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 99}")
    connection.close()


def corrupt_store(folder: Path) -> None:
    empty_store(folder)
    path = folder / "made" / "store.sqlite"
    path.write_bytes(b"\x00garbage" * 100)


def gadget(folder: Path) -> None:
    """A pickle that would run a command when loaded."""
    for name in ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"):
        write(f"cifar-10-batches-py/{name}", b"cos\nsystem\n(S'echo harm'\ntR.")(folder)
    write("cifar-10-batches-py/test_batch", b"cos\nsystem\n(S'echo harm'\ntR.")(folder)


def idx_with_a_wrong_type(folder: Path) -> None:
    for part in ("train", "t10k"):
        for kind, rank in (("images-idx3", 3), ("labels-idx1", 1)):
            header = b"\x00\x00\x09" + bytes([rank])
            write(f"mnist/{part}-{kind}-ubyte", header + bytes(4 * rank))(folder)


def parquet_without_labels(folder: Path) -> None:
    images = [encode_image(image) for image in made_images(4, seed=0)]
    for part in ("train", "test"):
        path = folder / "sets" / f"{part}-00000.parquet"
        write_shard(path, images, [0, 1, 0, 1], columns=("img", "other"))


def folder_of_two_sizes(folder: Path) -> None:
    for part in ("train", "test"):
        for name, side in (("a", 32), ("b", 40)):
            image = encode_image(made_images(1, seed=0, shape=(3, side, side))[0])
            write(f"pictures/{part}/{name}/1.png", image)(folder)


STUDY = """
name = "mine"
[factors]
dataset = ["digits"]
model = ["mlp"]
regularization = ["none"]
activation = ["relu"]
"""

RUN = "run mine.toml --store S "
STUDY_FILE = write("mine.toml", STUDY)

WRONG = [
    # Names
    Wrong("rnu", ("'rnu'", "Did you mean 'run'")),
    Wrong("run demo --stroe S", ("--stroe", "--store")),
    Wrong("run papr --store S", ("'papr'", "did you mean paper")),
    Wrong("run missing.toml --store S", ("'missing.toml'", "cannot be read")),
    Wrong(RUN + "factors.activation=rellu", ("'rellu'", "did you mean relu"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.model=vgg61", ("'vgg61'", "did you mean vgg16"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.dataset=cifar", ("'cifar'", "cifar10"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.regularization=bn+dropuot", ("'dropuot'", "dropout"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.activations=relu", ("'activations'", "activation"), prepare=STUDY_FILE),
    Wrong(RUN + "train.learning_rat=1", ("'learning_rat'", "learning_rate"), prepare=STUDY_FILE),
    Wrong(RUN + "nmae=x", ("'nmae'", "did you mean name"), prepare=STUDY_FILE),
    Wrong("show activation swich", ("'swich'", "did you mean swish")),
    Wrong("data verify cifar01", ("'cifar01'", "cifar10")),
    # Types and ranges
    Wrong(RUN + "train.epochs=many", ("train.epochs='many'", "integer"), prepare=STUDY_FILE),
    Wrong(RUN + "train.epochs=0", ("train.epochs=0", "greater than"), prepare=STUDY_FILE),
    Wrong(RUN + "train.learning_rate=-1", ("learning_rate=-1", "greater"), prepare=STUDY_FILE),
    Wrong(RUN + "train.schedule=linear", ("'linear'", "'cosine'"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.activation=elu(-1)", ("alpha=-1", "above 0"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.activation=relu(1)", ("relu(1)", "no arguments"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.regularization=dropout(1.5)", ("1.5", "below 1"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.regularization=bn+gn", ("bn", "gn"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.regularization=flip+aug", ("flip", "twice"), prepare=STUDY_FILE),
    Wrong(RUN + "factors.model=resnet(depth=21)", ("21", "6n + 2"), prepare=STUDY_FILE),
    Wrong(RUN + "seeds=0..x", ("0..x", "0..9"), prepare=STUDY_FILE),
    Wrong(RUN + "width=0", ("width=0", "greater than 0"), prepare=STUDY_FILE),
    Wrong(RUN + "train.train_size=5000", ("5000", "1437"), prepare=STUDY_FILE),
    Wrong(RUN + "train.batch_size=2000", ("2000", "1437"), prepare=STUDY_FILE),
    Wrong(RUN + "epochs", ("'epochs'", "key=value"), prepare=STUDY_FILE),
    Wrong(RUN + "--workers 0", ("workers=0", "at least 1"), prepare=STUDY_FILE),
    Wrong(RUN + "--workers two", ("--workers", "two"), prepare=STUDY_FILE),
    Wrong(RUN + "--time-limit soon", ("'soon'", "10m"), prepare=STUDY_FILE),
    Wrong(RUN + "--executor ray", ("'ray'", "process"), prepare=STUDY_FILE),
    Wrong(RUN + "--device gpu", ("'gpu'", "cuda"), prepare=STUDY_FILE),
    Wrong("run mine.toml", ("--store",), prepare=STUDY_FILE),
    # Users' code
    Wrong(RUN + "factors.activation=__main__:Act", ("__main__:Act",), prepare=STUDY_FILE),
    Wrong(RUN + "factors.activation=no_such:Act", ("no_such",), prepare=STUDY_FILE),
    Wrong(RUN + "factors.activation=json:Act", ("json:Act",), prepare=STUDY_FILE),
    # Study files
    Wrong("plan mine.toml", ("mine.toml", "TOML"), prepare=write("mine.toml", STUDY[:-3])),
    Wrong("plan mine.toml", ("mine.toml", "UTF-8"), prepare=write("mine.toml", b"\xff\xfe\x00")),
    Wrong("plan mine.toml", ("'model'",), prepare=write("mine.toml", STUDY.replace("model", "#"))),
    # Data
    Wrong("run cifar-mini --store S --data D", ("D",), 3),
    Wrong("data verify cifar10 --data .", ("cifar10", "data fetch"), 3),
    Wrong(
        "data verify cifar10 --data .",
        ("cifar-10-python.tar.gz",),
        3,
        write("cifar-10-python.tar.gz", make_archive({"x": b"y"})[:40]),
    ),
    Wrong("data verify cifar10 --data .", ("data_batch_1",), 3, gadget),
    Wrong(
        "data verify mnist --data .",
        ("train-images-idx3-ubyte",),
        3,
        idx_with_a_wrong_type,
    ),
    Wrong("data verify parquet:sets", ("label",), 3, parquet_without_labels),
    Wrong("data verify folder:pictures", ("40",), 3, folder_of_two_sizes),
    Wrong("data verify folder:pictures", ("pictures",), 3),
    Wrong("data fetch digits", ("digits", "nothing to fetch")),
    # Stores
    Wrong("table --store S", ("S",), 3),
    Wrong("status --store made", ("made",), 3, corrupt_store),
    Wrong("status --store made", ("made", "newer"), 3, newer_store),
    Wrong("status --store file", ("file",), 3, write("file", "no store")),
    Wrong("run mine.toml --store mine.toml/S", ("mine.toml",), 3, STUDY_FILE),
    Wrong("run mine.toml --store postgresql://h/d", ("postgresql",), 3, STUDY_FILE),
    Wrong("show run abc --store made", ("abc",), 3, empty_store),
    Wrong("table --store made --study other", ("'other'",), 2, empty_store),
    Wrong("export --store made --what rums", ("'rums'", "runs"), 2, empty_store),
    Wrong("export --store made --format xls", ("'xls'", "csv"), 2, empty_store),
    Wrong(
        "export --store made --where activaton=relu", ("'activaton'", "activation"), 2, empty_store
    ),
    Wrong("export --store made --where relu", ("'relu'", "FIELD=VALUE"), 2, empty_store),
    Wrong("export --store made --what all", ("-o DIR",), 2, empty_store),
    Wrong("import nowhere --store S", ("nowhere",), 3),
    Wrong("store rm --store made --study demo", ("'demo'",), 2, empty_store),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.command)
def test_wrong_input_is_refused_in_one_sentence(
    wrong: Wrong,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong.prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_size for path in tmp_path.rglob("*")}
    exit_code = run_command(wrong.command.split())
    out, err = capsys.readouterr()
    assert (exit_code, out) == (wrong.exit_code, "")
    assert len(err.splitlines()) == 1 and "Traceback" not in err
    assert [part for part in wrong.complaint if part not in err] == [], err
    after = {path: path.stat().st_size for path in tmp_path.rglob("*") if "-shm" not in path.name}
    assert {p: s for p, s in after.items() if p not in before or before[p] != s} == {}
