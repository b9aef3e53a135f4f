import numpy as np
import pytest

from actwise.analysis.precision import MOST_PAIRS, errors_on_images, image_errors
from actwise.analysis.reading import Correct
from actwise.analysis.table import Booleans

RELU, ELU = ("cifar10", "relu"), ("cifar10", "elu")


def made_predictions(
    generator: np.random.Generator, *, seeds: int, images: int, gap: float = 0.0
) -> tuple[Booleans, Booleans]:
    """Two arms with run effects, image difficulty and, for one arm, images that it likes."""
    difficulty = generator.normal(1.5, 1.0, images)
    arms = []
    for shift in (gap, 0.0):
        liking = generator.normal(0, 0.8, images)
        runs = generator.normal(0, 0.15, (seeds, 1))
        score = difficulty + shift + liking + runs
        arms.append(generator.normal(0, 1, (seeds, images)) < score)
    return arms[0], arms[1]


def test_new_images_are_less_certain_than_these() -> None:
    first, second = made_predictions(np.random.default_rng(0), seeds=5, images=400, gap=0.3)
    found = errors_on_images(first, second)
    assert found.new.standard_error > found.these.standard_error
    assert (
        found.new.value == found.these.value == pytest.approx(100 * (first.mean() - second.mean()))
    )
    per_seed = 100 * (first.mean(axis=1) - second.mean(axis=1))
    assert found.these.standard_error == pytest.approx(np.std(per_seed, ddof=1) / 5**0.5)
    assert found.these.df == 4


def test_the_variance_never_falls_below_that_of_the_seeds() -> None:
    generator = np.random.default_rng(1)
    for _ in range(30):
        found = errors_on_images(generator.random((3, 30)) < 0.8, generator.random((3, 30)) < 0.8)
        assert found.new.standard_error >= found.these.standard_error


def test_the_standard_error_is_right_on_average() -> None:
    generator = np.random.default_rng(2)
    values, variances = [], []
    for _ in range(400):
        found = errors_on_images(*made_predictions(generator, seeds=4, images=150))
        values.append(found.new.value)
        variances.append(found.new.standard_error**2)
    assert np.mean(variances) == pytest.approx(np.var(values), rel=0.2)


def test_pairs_that_share_two_seeds_have_both_errors() -> None:
    first, second = made_predictions(np.random.default_rng(4), seeds=3, images=50)
    correct: Correct = {
        RELU: dict(zip("012", first, strict=True)),
        ELU: dict(zip("123", second, strict=True)),
    }
    found = image_errors(correct, [("a", ELU, ELU[::-1]), ("elu - relu", ELU, RELU)])
    assert set(found) == {1}
    assert found[1].new.name == "elu - relu"
    expected = errors_on_images(second[:2], first[1:])
    assert found[1].new.value == expected.new.value
    assert image_errors({**correct, ELU: {"1": second[0]}}, [("", ELU, RELU)]) == {}
    assert image_errors(correct, [("", ELU, RELU)] * (MOST_PAIRS + 1)) == {}
    assert image_errors({}, [("", ELU, RELU)]) == {}
