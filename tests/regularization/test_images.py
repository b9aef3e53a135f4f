"""Augmentation against a reference that changes one image after another."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from actwise.regularization import Grid, Part, resolve
from actwise.rng import stream

NUM, SHAPE = 40, (3, 12, 10)
PARTS = ("flip", "crop", "cutout(5)")


def part_of(level: str) -> Part:
    return resolve(level).parts[0]


def draw(level: str, *, seed: int = 0, epoch: int = 1) -> np.ndarray:
    part = part_of(level)
    drawn = part.draw(stream(seed, "augment", part.name, epoch), NUM, SHAPE)
    assert drawn is not None
    return drawn


def gathered(images_NCHW: Tensor, grid: Grid) -> Tensor:
    rows_NH1, cols_N1W = grid.rows_NH.unsqueeze(2), grid.cols_NW.unsqueeze(1)
    image_N11 = torch.arange(len(images_NCHW)).view(-1, 1, 1)
    picked_NHWC = images_NCHW.permute(0, 2, 3, 1)[image_N11, rows_NH1, cols_N1W]
    cut_NHW = grid.cut_rows_NH.unsqueeze(2) & grid.cut_cols_NW.unsqueeze(1)
    is_blank_NHW = (rows_NH1 < 0) | (cols_N1W < 0) | cut_NHW
    return picked_NHWC.masked_fill(is_blank_NHW.unsqueeze(3), 0).permute(0, 3, 1, 2)


def flip_one(image_CHW: np.ndarray, is_flipped: bool) -> np.ndarray:
    return image_CHW[:, :, ::-1] if is_flipped else image_CHW


def crop_one(image_CHW: np.ndarray, offset: np.ndarray) -> np.ndarray:
    _, height, width = image_CHW.shape
    padded = np.pad(image_CHW, ((0, 0), (4, 4), (4, 4)))
    top, left = offset + 4
    return padded[:, top : top + height, left : left + width]


def cut_one(image_CHW: np.ndarray, corner: np.ndarray) -> np.ndarray:
    cut = image_CHW.copy()
    for row, col in itertools.product(range(5), range(5)):
        y, x = corner[0] + row, corner[1] + col
        if 0 <= y < cut.shape[1] and 0 <= x < cut.shape[2]:
            cut[:, y, x] = 0
    return cut


REFERENCE: dict[str, Callable[..., np.ndarray]] = {
    "flip": flip_one,
    "crop": crop_one,
    "cutout(5)": cut_one,
}


@pytest.mark.parametrize(
    "levels",
    [chosen for count in range(len(PARTS) + 1) for chosen in itertools.permutations(PARTS, count)],
)
def test_parts_compose_in_any_order_as_image_after_image(levels: tuple[str, ...]) -> None:
    images_NCHW = np.random.default_rng(0).integers(1, 256, (NUM, *SHAPE), dtype=np.uint8)
    grid = Grid.identity(NUM, *SHAPE[1:])
    expected = list(images_NCHW)
    for level in levels:
        drawn_N = draw(level)
        grid = part_of(level).sample(grid, torch.from_numpy(drawn_N))
        expected = [
            REFERENCE[level](image, one) for image, one in zip(expected, drawn_N, strict=True)
        ]
    found = gathered(torch.from_numpy(images_NCHW), grid).numpy()
    np.testing.assert_array_equal(found, np.stack(expected))


@pytest.mark.parametrize("level", PARTS)
def test_draws_belong_to_seed_and_epoch_and_hold_a_whole_epoch(level: str) -> None:
    assert len(draw(level)) == NUM
    assert np.array_equal(draw(level), draw(level))
    assert not np.array_equal(draw(level), draw(level, epoch=2))
    assert not np.array_equal(draw(level), draw(level, seed=1))


@pytest.mark.parametrize("others", ["crop", "cutout", "bn+crop+cutout+mixup+smooth+dropout"])
def test_flip_flips_the_same_images_in_every_level(others: str) -> None:
    (flip,) = (part for part in resolve(f"flip+{others}").parts if part.name == "flip")
    drawn = flip.draw(stream(0, "augment", flip.name, 1), NUM, SHAPE)
    assert drawn is not None
    assert np.array_equal(drawn, draw("flip"))


def test_half_of_the_images_are_flipped_and_all_windows_are_cropped() -> None:
    flips = part_of("flip").draw(stream(0, "augment", "flip"), 10_000, SHAPE)
    assert flips is not None
    assert abs(flips.mean() - 0.5) < 0.02
    offsets = part_of("crop").draw(stream(0, "augment", "crop"), 10_000, SHAPE)
    assert offsets is not None
    counts = np.unique(offsets, axis=0, return_counts=True)[1]
    assert len(counts) == 81
    assert counts.min() > 0.6 * 10_000 / 81


def test_the_centre_of_a_cutout_is_uniform_over_the_image() -> None:
    corners = part_of("cutout(6)").draw(stream(0, "augment", "cutout"), 10_000, SHAPE)
    assert corners is not None
    centres = corners + 3
    assert (centres.min(axis=0) == 0).all()
    assert (centres.max(axis=0) == np.array(SHAPE[1:]) - 1).all()


@pytest.mark.parametrize("level", ["bn", "gn", "dropout", "dropconnect", "mixup", "smooth"])
def test_other_parts_leave_the_images_alone(level: str) -> None:
    part = part_of(level)
    assert part.draw(stream(0, "augment", level), NUM, SHAPE) is None
    grid, x = Grid.identity(2, 3, 3), torch.ones(2, 1, 3, 3)
    assert part.sample(grid, torch.zeros(2)) is grid
    assert part.transform(x, torch.zeros(2)) is x
