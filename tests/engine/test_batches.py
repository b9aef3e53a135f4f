"""Batches: order, augmentation, normalization."""

from typing import Any

import pytest
import torch
from torch import Tensor

from actwise import regularization
from actwise.datasets import Dataset
from actwise.engine.batches import Batch, TrainingBatches
from actwise.engine.images import prepare_parts
from actwise.regularization import Regularization
from small_runs import CPU, DATASET, make_dataset, make_spec

SIDE = 8


def epoch_of(
    level: str | Regularization, *, epoch: int = 1, dataset: Dataset = DATASET, **settings: Any
) -> list[Batch]:
    """The batches of one epoch."""
    spec = make_spec(**settings)
    parts = prepare_parts(dataset, spec, CPU)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=regularization.resolve(level) if isinstance(level, str) else level,
        batch_size=spec.train.batch_size,
        seed=spec.seed,
        device=CPU,
    )
    batches.start_epoch(epoch)
    return [batches.batch(number) for number in range(len(batches))]


def images_of(level: str, **settings: Any) -> Tensor:
    return torch.cat([batch.x_BCHW for batch in epoch_of(level, **settings)])


def test_an_epoch_is_full_batches_of_different_images() -> None:
    batches = epoch_of("bn")
    assert [len(batch.x_BCHW) for batch in batches] == [16, 16, 16]
    flat = torch.cat([batch.x_BCHW for batch in batches]).flatten(1)
    assert len(torch.unique(flat, dim=0)) == 48


def test_labels_belong_to_their_images() -> None:
    dataset = make_dataset()
    dataset.train_images_NCHW.copy_(dataset.train_labels_N.view(-1, 1, 1, 1).expand(-1, 3, 8, 8))
    for batch in epoch_of("bn+aug", dataset=dataset):
        brightest_B = batch.x_BCHW.amax((1, 2, 3))
        for label in range(4):
            assert len(torch.unique(brightest_B[batch.labels_B == label])) <= 1


def test_channels_of_the_images_trained_on_have_mean_0_and_variance_1() -> None:
    x_NCHW = images_of("bn", batch_size=20, train_size=40, validation_fraction=0.25)
    torch.testing.assert_close(x_NCHW.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    variance_C = x_NCHW.var((0, 2, 3), correction=0)
    torch.testing.assert_close(variance_C, torch.ones(3), atol=1e-5, rtol=0)


def test_a_channel_that_never_varies_becomes_zero() -> None:
    dataset = make_dataset()
    dataset.train_images_NCHW[:, 1] = 7
    x_BCHW = epoch_of("bn", dataset=dataset)[0].x_BCHW
    assert not x_BCHW[:, 1].any()
    assert x_BCHW.isfinite().all()


def test_batches_have_the_layout_of_the_device() -> None:
    for level in ("bn", "bn+aug", "bn+mixup"):
        x_BCHW = epoch_of(level)[0].x_BCHW
        assert x_BCHW.is_contiguous(memory_format=torch.channels_last)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    plain = images_of("bn")
    assert torch.equal(plain, images_of("bn+dropout+mixup")) is False  # mixup changes images
    assert torch.equal(plain, images_of("dropout", activation="prelu", learning_rate=1.0))
    assert not torch.equal(plain, images_of("bn", seed=1))
    assert not torch.equal(plain, images_of("bn", epoch=2))


def test_flip_flips_the_same_images_with_and_without_crop() -> None:
    plain, flipped = images_of("none"), images_of("flip")
    is_flipped_N = (plain != flipped).flatten(1).any(1)
    assert 0 < is_flipped_N.sum() < 48
    assert torch.equal(flipped[is_flipped_N], plain[is_flipped_N].flip(3))
    cropped, both = images_of("crop(2)"), images_of("flip+crop(2)")
    assert torch.equal((cropped != both).flatten(1).any(1), is_flipped_N)
    assert torch.equal(both[is_flipped_N], cropped[is_flipped_N].flip(3))


def test_a_crop_is_a_window_of_the_normalized_image_among_zeros() -> None:
    plain, cropped = images_of("none"), images_of("crop(2)")
    padded = torch.nn.functional.pad(plain, (2, 2, 2, 2))
    windows = [
        padded[:, :, top : top + 8, left : left + 8] for top in range(5) for left in range(5)
    ]
    matches = torch.stack([(cropped == window).flatten(1).all(1) for window in windows])
    assert (matches.sum(0) == 1).all()
    assert matches.any(1).sum() > 15  # of the 25 windows, most are drawn among 48 images


def test_a_cutout_sets_a_square_to_zero_after_normalization() -> None:
    plain, cut = images_of("none"), images_of("cutout(4)")
    is_cut_NHW = (cut == 0).all(1)
    assert (is_cut_NHW.flatten(1).sum(1) >= 4).all()
    assert (is_cut_NHW.flatten(1).sum(1) <= 16).all()
    unchanged = (plain == cut) | is_cut_NHW.unsqueeze(1)
    assert unchanged.all()


def test_mixup_mixes_each_image_with_the_one_before() -> None:
    for plain, mixed in zip(epoch_of("none"), epoch_of("mixup(0.5)"), strict=True):
        assert mixed.mixing is not None and 0 <= mixed.mixing <= 1
        expected = mixed.mixing * plain.x_BCHW + (1 - mixed.mixing) * plain.x_BCHW.roll(1, 0)
        torch.testing.assert_close(mixed.x_BCHW, expected)
        assert torch.equal(mixed.labels_B, plain.labels_B)


def test_a_users_part_sees_normalized_images() -> None:
    level = regularization.resolve("made.users_code:Brighten")
    for plain, brighter in zip(epoch_of("none"), epoch_of(level), strict=True):
        added_B = (brighter.x_BCHW - plain.x_BCHW).flatten(1)
        assert ((added_B > -1e-6) & (added_B < 1 + 1e-6)).all()
        assert (added_B.std(1) < 1e-5).all()
        assert added_B.mean(1).std() > 0.05


@pytest.mark.parametrize("side", [28, 32, 64])
def test_every_size_of_image_is_augmented(side: int) -> None:
    batch = epoch_of("aug+cutout(8)", dataset=make_dataset(side=side))[0]
    assert batch.x_BCHW.shape == (16, 3, side, side)
