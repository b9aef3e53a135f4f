import math

import numpy as np
import pytest

from actwise.analysis.predictions import (
    crossed_bootstrap,
    crossed_mean_squares,
    mcnemar,
    new_images,
    these_images,
)
from actwise.analysis.table import Booleans
from actwise.analysis.variance import image_components


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
    squares = crossed_mean_squares(
        *made_predictions(np.random.default_rng(0), seeds=5, images=400, gap=0.3)
    )
    assert new_images(squares).standard_error > these_images(squares).standard_error
    assert new_images(squares).value == these_images(squares).value > 0


def test_the_variance_never_falls_below_that_of_the_seeds() -> None:
    generator = np.random.default_rng(1)
    for _ in range(30):
        high, low = generator.random((3, 30)) < 0.8, generator.random((3, 30)) < 0.8
        squares = crossed_mean_squares(high, low)
        assert new_images(squares).standard_error >= these_images(squares).standard_error


def test_both_standard_errors_are_right_on_average() -> None:
    generator = np.random.default_rng(2)
    values, variances = [], []
    for _ in range(400):
        squares = crossed_mean_squares(*made_predictions(generator, seeds=4, images=150))
        values.append(squares.value)
        variances.append(new_images(squares).standard_error ** 2)
    assert np.mean(variances) == pytest.approx(np.var(values), rel=0.2)


def test_the_bootstrap_checks_from_ten_seeds_on() -> None:
    generator = np.random.default_rng(3)
    high, low = made_predictions(generator, seeds=12, images=500)
    error = crossed_bootstrap(high, low, generator=generator, repetitions=300)
    assert error is not None
    formula = new_images(crossed_mean_squares(high, low)).standard_error
    assert error == pytest.approx(formula, rel=0.5)
    assert crossed_bootstrap(high[:9], low[:9], generator=generator) is None


def test_one_seed_has_no_standard_error() -> None:
    squares = crossed_mean_squares(*made_predictions(np.random.default_rng(4), seeds=1, images=50))
    assert not new_images(squares).is_testable
    assert not these_images(squares).is_testable


def test_mcnemar_is_the_exact_sign_test_of_the_changed_images() -> None:
    high = np.array([True] * 8 + [False] * 2 + [True] * 90)
    low = np.array([False] * 8 + [True] * 2 + [True] * 90)
    found = mcnemar(high, low)
    assert (found.only_high, found.only_low) == (8, 2)
    assert found.p == pytest.approx(2 * sum(math.comb(10, k) for k in range(3)) / 2**10)
    assert "not the activations" in found.label
    assert mcnemar(high, high).p == 1.0


def test_the_image_component_of_one_run_is_binomial() -> None:
    correct = np.random.default_rng(5).random((1, 2000)) < 0.9
    accuracy = float(correct.mean())
    expected = 1e4 * accuracy * (1 - accuracy) / 2000
    (component,) = image_components([correct])
    assert component.variance == pytest.approx(expected, rel=1e-3)
    assert component.lower < component.variance < component.upper


def test_the_image_component_leaves_out_what_differs_between_runs() -> None:
    generator = np.random.default_rng(6)
    correct = generator.random((5, 2000)) < 0.9  # no image is harder than another
    (component,) = image_components([correct])
    assert component.raw == pytest.approx(0.0, abs=3e-3)
    assert component.variance >= 0.0


def test_the_image_component_is_the_mean_over_the_cells() -> None:
    generator = np.random.default_rng(7)
    cells = [made_predictions(generator, seeds=seeds, images=500)[0] for seeds in (3, 4)]
    (found,) = image_components(cells)
    alone = [image_components([cell])[0].raw for cell in cells]
    assert found.raw == pytest.approx(np.mean(alone))
    assert 0 < found.lower < found.variance < found.upper
    assert image_components([cells[0], cells[1][:1]])[0].raw == pytest.approx(alone[0])
    assert image_components([]) == ()
