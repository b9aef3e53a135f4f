"""Noise that is the same each time, and what a level under measurement may be asked for."""

from pathlib import Path

import pytest
import torch

from actwise.datasets import load
from actwise.diagnostics import diagnose_level, number_of, source_of, training_images
from actwise.diagnostics.levels import Noise
from actwise.errors import SpecError
from actwise.spec import RunSpec


@pytest.fixture(autouse=True)
def no_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


@pytest.mark.parametrize(
    ("shape", "number", "sizes"),
    [
        ((1, 2, 2), 3, [3]),
        ((1, 2, 2), 250, [250]),
        ((1, 2, 2), 510, [250, 250, 10]),
        ((1, 100, 100), 101, [100, 1]),
    ],
)
def test_noise_comes_in_batches_that_fit_and_is_the_same_each_time(
    shape: tuple[int, int, int], number: int, sizes: list[int]
) -> None:
    noise = Noise(shape, number)
    first, again = list(noise), list(noise)
    assert [part.shape for part in first] == [(size, *shape) for size in sizes]
    assert all(map(torch.equal, first, again))
    drawn = torch.Generator().manual_seed(0)
    expected = [torch.randn(size, *shape, generator=drawn) for size in sizes]
    assert all(map(torch.equal, first, expected))


def test_noise_is_as_wide_as_it_is_asked_for_and_is_told() -> None:
    report = diagnose_level("mlp", images=3, shape=(1, 8, 12))
    assert (report.model, report.image_source, report.images) == ("mlp", "noise (1x8x12)", 3)
    assert report.accuracy is None and report.gradient_of == "random directions of the output"
    assert {site.activation for site in report.sites} == {"relu"} and report.norms
    plain = diagnose_level("mlp", images=3, shape=(1, 8, 12), regularization="none")
    assert plain.norms == ()


@pytest.mark.parametrize("width", [0.0, -1.0, 16.5])
def test_a_width_out_of_bounds_is_told_with_them(width: float) -> None:
    with pytest.raises(SpecError) as refusal:
        diagnose_level("mlp", images=2, width=width)
    assert str(refusal.value) == f"--width {width:g} must be above 0 and at most 16"


def test_a_width_multiplies_the_channels() -> None:
    units = [
        diagnose_level("convnet", images=1, shape=(1, 8, 8), width=width).sites[0].units
        for width in (0.25, 1.0, 2.0)
    ]
    assert units[0] * 8 == units[1] * 2 == units[2]


def test_the_shape_of_a_data_set_is_its_own() -> None:
    with pytest.raises(SpecError) as refusal:
        diagnose_level("mlp", dataset="digits", shape=(1, 8, 8))
    said = "--shape is of noise; images of digits have the shape that they have"
    assert str(refusal.value) == said


def test_a_thousand_images_are_looked_at_unless_told_otherwise() -> None:
    assert [number_of(None), number_of(1), number_of(2000)] == [1000, 1, 2000]
    for number in (0, -3):
        with pytest.raises(SpecError, match=rf"^--images {number} must be at least 1$"):
            number_of(number)


def test_a_source_has_channels_height_and_width() -> None:
    assert source_of("photos", (3, 32, 48)) == "photos (3x32x48)"


def test_images_of_a_set_are_its_first_as_a_run_normalizes_them() -> None:
    dataset = load("digits")
    spec = RunSpec(
        dataset="digits", model="mlp", regularization="bn", activation="relu", width=0.1, seed=3
    )
    images, labels = training_images(dataset, spec, 20)
    assert (images.shape, images.dtype) == ((20, 1, 32, 32), torch.float32)
    assert torch.equal(labels, dataset.train_labels_N[:20])
    every = dataset.train_images_NCHW.double() / 255
    expected = (every[:20] - every.mean()) / every.std()
    torch.testing.assert_close(images.double(), expected, rtol=1e-3, atol=1e-3)
    assert len(training_images(dataset, spec, 10_000)[1]) == 1437
