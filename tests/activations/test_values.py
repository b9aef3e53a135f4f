"""What is computed from the functions agrees with the literature, and so do the functions."""

import json
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import integrate, special

from actwise.activations import ACTIVATIONS, gain, resolve

# gain, backward gain, mean shift as the project's digest of the literature gives them
PUBLISHED = {
    "relu": (1.4142, 1.4142, 0.399),
    "prelu": (1.3720, 1.3720, 0.299),
    "elu": (1.2452, 1.2234, 0.161),
    "selu": (1.0000, 0.9660, 0.0),
    "gelu": (1.5335, 1.4811, 0.282),
    "silu": (1.6765, 1.6233, 0.207),
    "mish": (1.4868, 1.4448, 0.240),
    "tanh": (1.5925, 1.4674, 0.0),
}

LEARNED = {
    "prelu": {"weight": (3,)},
    "prelu-shared": {"weight": (1,)},
    "prelu-element": {"weight": (3, 4, 5)},
    "pelu": {"a": (1,), "b": (1,)},
    "mpelu": {"alpha": (3,), "beta": (3,)},
    "star-relu": {"scale": (1,), "bias": (1,)},
    "swish": {"beta": (3,)},
    "acon-c": {"p": (3,), "q": (3,), "beta": (3,)},
    "sinlu": {"a": (1,), "b": (1,)},
    "rational": {"numerator": (6,), "denominator": (4,)},
}

NEVER_NEGATIVE = {
    "sigmoid", "hardsigmoid", "gaussian", "relu", "relu6", "thresholded-relu", "abs", "softplus",
    "squared-relu", "squareplus", "smelu", "phish", "lisht",
}  # fmt: skip

RANGES = {
    "identity": (-math.inf, math.inf),
    "relu6": (0.0, 6.0),
    "softsign": (-1.0, 1.0),
    "arctan": (-1.570796, 1.570796),
    "elu(0.5)": (-0.5, math.inf),
    "logsigmoid": (-math.inf, 0.0),
    "silu": (-0.278465, math.inf),
    "sine": (-1.0, 1.0),
}


def sigmoid(x: np.ndarray) -> np.ndarray:
    result: np.ndarray = special.expit(x)
    return result


def softplus(x: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.logaddexp(0.0, x)
    return result


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(x))


def leaky(slope: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(x > 0, x, slope * x)


# The papers' formulas, written out again, for every entry that is not one of torch's modules.
FORMULAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "lecun-tanh": lambda x: 1.7159 * np.tanh(2 / 3 * x),
    "penalized-tanh": lambda x: np.where(x > 0, np.tanh(x), 0.25 * np.tanh(x)),
    "isru(0.5)": lambda x: x / np.sqrt(1 + 0.5 * x**2),
    "sqnl": lambda x: np.where(abs(x) < 2, x - x * abs(x) / 4, np.sign(x)),
    "gaussian": lambda x: np.exp(-(x**2)),
    "arctan": np.arctan,
    "sine": np.sin,
    "abs": np.abs,
    "rrelu": leaky((1 / 8 + 1 / 3) / 2),
    "prelu-element": leaky(0.25),
    "shifted-relu": lambda x: np.maximum(x, -1),
    "thresholded-relu": lambda x: np.where(x > 1, x, 0),
    "pelu": elu,
    "mpelu": elu,
    "isrlu(2)": lambda x: np.where(x > 0, x, x / np.sqrt(1 + 2 * x**2)),
    "elish": lambda x: elu(x) * sigmoid(x),
    "hard-elish": lambda x: elu(x) * np.clip((x + 1) / 2, 0, 1),
    "squared-relu": lambda x: np.maximum(x, 0) ** 2,
    "star-relu": lambda x: 0.8944 * np.maximum(x, 0) ** 2 - 0.4472,
    "squareplus": lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    "smelu(1.5)": lambda x: np.where(abs(x) < 1.5, (x + 1.5) ** 2 / 6, np.maximum(x, 0)),
    "bent-identity": lambda x: (np.sqrt(x**2 + 1) - 1) / 2 + x,
    "snake(0.5)": lambda x: x + np.sin(0.5 * x) ** 2 / 0.5,
    "swish(2)": lambda x: x * sigmoid(2 * x),
    "eswish": lambda x: 1.375 * x * sigmoid(x),
    "hard-mish": lambda x: x / 2 * np.clip(x + 2, 0, 2),
    "tanhexp": lambda x: x * np.tanh(np.exp(x)),
    "telu": lambda x: x * np.tanh(np.exp(x)),
    "serf": lambda x: x * special.erf(softplus(x)),
    "logish": lambda x: x * np.log(1 + sigmoid(x)),
    "smish": lambda x: x * np.tanh(np.log(1 + sigmoid(x))),
    "phish": lambda x: x * np.tanh(x * special.ndtr(x)),
    "lisht": lambda x: x * np.tanh(x),
    "aria2": lambda x: x * (1 + np.exp(-2 * x)) ** -1.5,
    "colu": lambda x: x / (1 - x * np.exp(-(x + np.exp(x)))),
    "acon-c": lambda x: x * sigmoid(x),
    "sinlu": lambda x: (x + np.sin(x)) * sigmoid(x),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_gains_and_mean_shift_agree_with_published_values(name: str) -> None:
    bound = resolve(name)
    forward, backward, mean = PUBLISHED[name]
    assert gain(name) == bound.gain == pytest.approx(forward, abs=5e-5)
    assert bound.backward_gain == pytest.approx(backward, abs=5e-5)
    assert bound.mean_shift == pytest.approx(mean, abs=5e-4)


def test_moments_agree_with_closed_forms() -> None:
    for slope in (0.01, 0.25, 1.0):
        expected = math.sqrt(2 / (1 + slope**2))
        assert gain(f"leaky_relu({slope})") == pytest.approx(expected, abs=1e-10)
    assert gain("gaussian") == pytest.approx(5**0.25, abs=1e-10)
    assert gain("squared-relu") == pytest.approx(math.sqrt(2 / 3), abs=1e-10)
    assert resolve("abs").mean_shift == pytest.approx(math.sqrt(2 / math.pi), abs=1e-10)
    assert resolve("gelu").mean_shift == pytest.approx(0.5 / math.sqrt(math.pi), abs=1e-10)


@pytest.mark.parametrize(
    ("text", "kink", "f"),
    [
        ("hardshrink(0.37)", 0.37, lambda x: x * (abs(x) > 0.37)),
        ("shifted-relu(-0.2345)", -0.2345, lambda x: max(x, -0.2345)),
    ],
)
def test_kinks_and_jumps_anywhere_are_integrated(
    text: str, kink: float, f: Callable[[float], float]
) -> None:
    def integrand(x: float) -> float:
        return f(x) ** 2 * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    edges = (-12.0, -abs(kink), abs(kink), 12.0)
    second = sum(integrate.quad(integrand, *piece, epsabs=1e-13)[0] for piece in pairwise(edges))
    assert gain(text) == pytest.approx(1 / math.sqrt(second), abs=1e-9)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_function_is_its_papers_formula(text: str) -> None:
    x, value, _ = resolve(text).curve(-8.0, 8.0, 1601)
    np.testing.assert_allclose(value, FORMULAS[text](x), rtol=1e-6, atol=1e-7)


def test_the_rational_function_starts_near_the_leaky_relu() -> None:
    x, value, slope = resolve("rational").curve(-3.0, 3.0, 601)
    np.testing.assert_allclose(value, np.where(x > 0, x, 0.01 * x), atol=0.06)
    assert abs(slope[x > 0.5] - 1.0).max() < 0.2


def test_learned_parameters_are_known_and_have_their_size() -> None:
    assert {name for name in ACTIVATIONS if resolve(name).learnable} == set(LEARNED)
    for name, sizes in LEARNED.items():
        parameters = resolve(name).build((3, 4, 5)).named_parameters()
        assert {key: tuple(value.shape) for key, value in parameters} == sizes


def test_a_learned_parameter_acts_on_its_own_channel() -> None:
    module = resolve("swish").build((2, 1, 1))
    with torch.no_grad():
        module.get_parameter("beta").copy_(torch.tensor([0.0, 50.0]))
    y = module(torch.full((1, 2, 1, 1), 2.0))
    assert y.flatten().tolist() == [1.0, 2.0]
    flat = module(torch.full((1, 2), 2.0))
    assert flat.flatten().tolist() == [1.0, 2.0]


def test_parameters_at_a_bound_can_come_back() -> None:
    module = resolve("pelu").build((1,))
    with torch.no_grad():
        module.get_parameter("b").fill_(-1.0)
    y = module(torch.tensor([[2.0]]))
    y.sum().backward()
    assert y.item() == pytest.approx(20.0)
    gradient = module.get_parameter("b").grad
    assert gradient is not None
    assert gradient.item() < 0.0


def test_negative_outputs_are_known() -> None:
    found = {name for name in ACTIVATIONS if not resolve(name).negative_output}
    assert found == NEVER_NEGATIVE


@pytest.mark.parametrize("text", RANGES)
def test_ranges_are_known(text: str) -> None:
    assert resolve(text).output_range == RANGES[text]


def test_a_curve_gives_points_values_and_slopes() -> None:
    x, value, slope = resolve("relu").curve(-1.0, 3.0, 9)
    assert x.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    np.testing.assert_array_equal(value, np.maximum(x, 0.0))
    np.testing.assert_array_equal(slope, (x > 0.0) * 1.0)


def test_properties_of_the_table_are_finite_numbers() -> None:
    for name in ACTIVATIONS:
        bound = resolve(name)
        numbers = [bound.gain, bound.backward_gain, bound.mean_shift]
        json.dumps(numbers, allow_nan=False)
