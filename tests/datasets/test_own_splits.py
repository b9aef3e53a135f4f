"""Own splits leak nothing: copies of one image lie on one side, in test parts and in folds."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import actwise as aw
from actwise.datasets import Dataset, deal_folds, info, load, pictures_of
from actwise.datasets.content.check import make_split
from actwise.datasets.content.own_split import split_every_fifth, split_whole
from actwise.datasets.formats.builtin import read_digits
from actwise.engine import split_images
from actwise.errors import ActwiseError, DataError, SpecError
from actwise.models import make_describe
from actwise.spec import parse_study
from actwise.store import RunStore
from actwise.store.exchange import export_all, read_exported
from actwise.sweep import Plan, make_plan
from made.data import encode_image, made_images, write_folder, write_shard

USERS_SETS = """
import numpy as np

def copied(data_dir):
    images = np.random.default_rng(5).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    labels = np.arange(40) % 2
    return np.repeat(images, 2, axis=0), np.repeat(labels, 2), images[:4] // 2, labels[:4]
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    (tmp_path / "users_sets.py").write_text(USERS_SETS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("users_sets", None)


def pictures(images_NCHW: object) -> list[bytes]:
    return [image.tobytes() for image in np.asarray(images_NCHW)]


def parted(dataset: Dataset) -> int:
    """Pictures that are trained on and tested with."""
    train, test = pictures(dataset.train_images_NCHW), pictures(dataset.test_images_NCHW)
    return len(set(train) & set(test))


def copied(images: np.ndarray, times: int) -> list[np.ndarray]:
    return [image for image in images for _ in range(times)]


FOLDERS: dict[str, Callable[[], dict[str, list[np.ndarray]]]] = {
    "every picture twice": lambda: {
        name: copied(made_images(20, seed=seed), 2) for seed, name in enumerate("ab")
    },
    "a few pictures often": lambda: {
        name: [
            *copied(made_images(2, seed=seed), 9),
            *made_images(40, seed=seed + 5),
        ]
        for seed, name in enumerate("abc")
    },
    "one picture under two labels": lambda: {
        name: [*made_images(3, seed=9), *made_images(20, seed=seed)]
        for seed, name in enumerate("ab")
    },
    "two pictures a class, copied": lambda: {
        name: copied(made_images(2, seed=seed), 6) for seed, name in enumerate("ab")
    },
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_copies_in_a_flat_folder_stay_on_one_side(kind: str, tmp_path: Path) -> None:
    images_of = FOLDERS[kind]()
    dataset = load(f"folder:{write_folder(tmp_path / 'photos', images_of)}")
    assert parted(dataset) == 0
    train, test = (
        np.bincount(labels.numpy(), minlength=len(images_of))
        for labels in (dataset.train_labels_N, dataset.test_labels_N)
    )
    sizes = [len(images) for images in images_of.values()]
    assert (train + test == sizes).all() and (train > 0).all() and (test > 0).all()
    if kind != "two pictures a class, copied":
        assert np.abs(test - np.array(sizes) / 5).max() <= 1


def test_a_folder_whose_copies_are_not_parted_keeps_its_split() -> None:
    images = make_split(made_images(50, seed=3), np.arange(50) % 2, where="made")
    for one, other in zip(split_every_fifth(images), split_whole(images), strict=True):
        assert (one.images_NCHW == other.images_NCHW).all()
        assert (one.labels_N == other.labels_N).all()


def test_a_class_of_one_picture_cannot_be_split(tmp_path: Path) -> None:
    images = made_images(2, seed=1)
    folder = write_folder(
        tmp_path / "photos", {n: [i] * 6 for n, i in zip("ab", images, strict=True)}
    )
    with pytest.raises(DataError, match="a has too few different images to be split"):
        load(f"folder:{folder}")


LABELS: dict[str, tuple[np.ndarray, np.ndarray]] = {
    "every picture twice": (np.arange(100) // 2, np.arange(100) // 2 % 4),
    "one picture thirty times": (np.maximum(np.arange(100), 29) - 29, np.arange(100) % 4),
    "triples under several labels": (np.arange(99) // 3, np.arange(99) % 3),
    "copies of unequal number": (
        np.repeat(np.arange(40), np.arange(40) % 5 + 1),
        np.repeat(np.arange(40), np.arange(40) % 5 + 1) % 3,
    ),
}


@pytest.mark.parametrize("num_folds", [2, 3, 5, 10])
@pytest.mark.parametrize("kind", LABELS)
def test_folds_hold_copies_together_and_cover_every_image_once(kind: str, num_folds: int) -> None:
    pictures_N, labels_N = LABELS[kind]
    held_out = []
    for seed in range(num_folds):
        split = split_images(
            labels_N,
            seed=seed,
            validation_fraction=1 / num_folds,
            train_size=20,
            pictures_N=pictures_N,
        )
        assert not set(pictures_N[split.train_indices_N]) & set(
            pictures_N[split.validation_indices_N]
        )
        assert len(split.train_indices_N) == 20
        held_out.append(split.validation_indices_N)
    everything = np.sort(np.concatenate(held_out))
    np.testing.assert_array_equal(everything, np.arange(len(labels_N)))


@pytest.mark.parametrize("kind", ["every picture twice", "copies of unequal number"])
def test_folds_of_copies_are_as_even_as_pictures_allow(kind: str) -> None:
    pictures_N, labels_N = LABELS[kind]
    folds = deal_folds(labels_N, 5, pictures_N=pictures_N)
    assert folds.version == 2
    most_copies = np.bincount(pictures_N).max()
    for label in np.unique(labels_N):
        sizes = np.bincount(folds.fold_N[labels_N == label], minlength=5)
        assert np.ptp(sizes) <= most_copies
    sizes = np.bincount(folds.fold_N, minlength=5)
    assert np.ptp(sizes) <= most_copies and folds.largest == sizes.max()


def test_folds_that_part_no_copies_stay_those_of_single_images() -> None:
    labels_N = np.arange(60) % 3
    singly = deal_folds(labels_N, 5)
    # Copies that lie in one fold anyhow: two neighbours of the same fold are one picture.
    pair = int(np.flatnonzero(singly.fold_N[1:] == singly.fold_N[:-1])[0])
    pictures_N = np.arange(60) - (np.arange(60) > pair)
    again = deal_folds(labels_N, 5, pictures_N=pictures_N)
    assert again.version == singly.version == 1
    np.testing.assert_array_equal(again.fold_N, singly.fold_N)


def test_more_folds_than_pictures_are_refused() -> None:
    with pytest.raises(SpecError, match="asks for 10 folds of 4 different training images"):
        deal_folds(np.arange(40) % 2, 10, pictures_N=np.arange(40) // 10)


def write_parquet(folder: Path, *, times: int) -> str:
    images = [encode_image(i) for i in copied(made_images(40, seed=1), times)]
    labels = np.repeat(np.arange(40) % 3, times).tolist()
    write_shard(folder / "train-0.parquet", images, labels)
    tests = [encode_image(image) for image in made_images(6, seed=2)]
    write_shard(folder / "test-0.parquet", tests, [0, 1, 2, 0, 1, 2])
    return f"parquet:{folder}"


def write_flat(folder: Path, *, times: int) -> str:
    images_of = {n: copied(made_images(25, seed=s), times) for s, n in enumerate("abc")}
    return f"folder:{write_folder(folder, images_of)}"


SETS: dict[str, Callable[[Path], str]] = {
    "folder": lambda root: write_flat(root / "flat", times=2),
    "Parquet": lambda root: write_parquet(root / "shards", times=2),
    "a user's": lambda root: "users_sets:copied",
}


def plan_of(level: str, **train: object) -> Plan:
    study = parse_study(
        {
            "name": "copies",
            "width": 0.125,
            "factors": {
                "dataset": [level],
                "model": ["convnet"],
                "regularization": ["bn"],
                "activation": ["relu"],
            },
            "train": {"epochs": 1, "batch_size": 8, "schedule": "cosine", **train},
        },
        source="test",
    )
    return make_plan(study, make_describe(None))


@pytest.mark.parametrize("kind", SETS)
def test_the_split_version_enters_the_id_where_copies_change_the_folds(
    kind: str, tmp_path: Path
) -> None:
    level = SETS[kind](tmp_path)
    (run,) = plan_of(level, validation_fraction=0.2).runs
    assert run.settings["split"] == 2
    (without,) = plan_of(level).runs
    assert "split" not in without.settings
    dataset = load(level)
    pictures_N = pictures_of(dataset)
    split = split_images(
        dataset.train_labels_N.numpy(),
        seed=0,
        validation_fraction=0.2,
        train_size=None,
        pictures_N=pictures_N,
    )
    assert pictures_N is not None
    assert not set(pictures_N[split.train_indices_N]) & set(pictures_N[split.validation_indices_N])


def test_sets_without_copies_keep_their_ids(tmp_path: Path) -> None:
    for level in (
        write_parquet(tmp_path / "shards", times=1),
        write_flat(tmp_path / "flat", times=1),
        "digits",
    ):
        (run,) = plan_of(level, validation_fraction=0.2).runs
        assert "split" not in run.settings


def test_pinned_content_keeps_its_folds_under_any_name(tmp_path: Path) -> None:
    arrays = read_digits()
    for part, split in (("train", arrays.train), ("test", arrays.test)):
        images = [encode_image(image) for image in split.images_NCHW]
        write_shard(
            tmp_path / f"{part}-0.parquet",
            images,
            split.labels_N.tolist(),
            class_names=arrays.class_names,
        )
    level = f"parquet:{tmp_path}"
    assert info(level).digest == info("digits").digest
    assert pictures_of(load(level)) is None and pictures_of(load("digits")) is None


def test_a_training_size_is_held_against_the_largest_fold(tmp_path: Path) -> None:
    images = [*copied(made_images(1, seed=1), 21), *made_images(39, seed=2)]
    labels = [*[0] * 21, *(np.arange(39) % 3).tolist()]
    encoded = [encode_image(image) for image in images]
    write_shard(tmp_path / "train-0.parquet", encoded, labels)
    write_shard(tmp_path / "test-0.parquet", encoded[-3:], [0, 1, 2])
    level = f"parquet:{tmp_path}"
    largest = deal_folds(
        load(level).train_labels_N.numpy(), 5, pictures_N=pictures_of(load(level))
    ).largest
    assert largest > 60 / 5
    plan_of(level, validation_fraction=0.2, train_size=60 - largest)
    with pytest.raises(ActwiseError, match=f"is more than the {60 - largest} images"):
        plan_of(level, validation_fraction=0.2, train_size=60 - largest + 1)
    with pytest.raises(SpecError, match="different training images"):
        plan_of(level, validation_fraction=1 / 50)


def test_a_run_of_the_second_split_is_trained_and_its_id_recomputed(tmp_path: Path) -> None:
    level = write_parquet(tmp_path / "shards", times=2)
    plan = plan_of(level, validation_fraction=0.2)
    outcome = aw.run(plan.study, tmp_path / "store", executor="inline", device="cpu")
    assert outcome.finished == 1
    with RunStore.open(tmp_path / "store") as store:
        export_all(store, tmp_path / "exported")
    (result,) = read_exported(tmp_path / "exported").results
    assert result.record.run_id == plan.runs[0].run_id
