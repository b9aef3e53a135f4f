"""What the moments promise of plain layers at ``init = "gain"`` holds in layers that are drawn."""

import math
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from actwise.activations import ACTIVATIONS, resolve
from actwise.errors import SpecError
from benchmarks.diagnostics.mean_field import PlainLayers, plain_layers

NUM_UNITS, NUM_LAYERS = 512, 100
NEUTRAL = {
    "identity", "relu", "relu6", "leaky_relu", "rrelu", "prelu", "prelu-shared", "prelu-element",
    "abs",
}  # fmt: skip
UNSTABLE = {
    "thresholded-relu", "softshrink", "hardshrink", "elish", "hard-elish", "squared-relu",
    "star-relu", "tanhshrink", "bent-identity", "gelu", "gelu-tanh", "silu", "swish", "eswish",
    "hardswish", "mish", "serf", "logish", "smish", "phish", "lisht", "aria2", "acon-c",
}  # fmt: skip
STABLE = tuple(name for name in ACTIVATIONS if name not in NEUTRAL | UNSTABLE)
KEPT = tuple(name for name in ACTIVATIONS if name not in UNSTABLE)
CLOSED = {"relu": 1.0, "identity": 1.0, "abs": 1.0, "squared-relu": 2.0, "gaussian": -0.4}

USERS = """
import torch


def cube(x):
    return x * x * x


def half(x):
    return torch.relu(x) / 2


def nothing(x):
    return 0.0 * x


def pole(x):
    return 1 / x
"""


bound_of = cache(resolve)


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "users_mean_field"
    (tmp_path / f"{name}.py").write_text(USERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def plain() -> dict[str, PlainLayers]:
    found = plain_layers(
        [bound_of(name) for name in KEPT],
        num_layers=NUM_LAYERS,
        num_units=NUM_UNITS,
        num_vectors=4,
        seed=0,
    )
    return dict(zip(KEPT, found, strict=True))


@pytest.mark.parametrize("name", KEPT)
def test_second_moments_stay_near_one_through_a_hundred_layers(
    name: str, plain: dict[str, PlainLayers]
) -> None:
    bound = 3 * math.sqrt(NUM_LAYERS * bound_of(name).kappa / NUM_UNITS)
    assert max(map(abs, plain[name].log_q)) < bound


@pytest.mark.parametrize("name", STABLE)
def test_stable_second_moments_forget_their_chance(
    name: str, plain: dict[str, PlainLayers]
) -> None:
    """What a layer adds is left V' times a layer later: the sum is a geometric series."""
    found = bound_of(name)
    kept = min(found.variance_slope**2, 1 - 1 / NUM_LAYERS)
    # And 2 / n, of the sum of n squares of normal numbers that q is.
    assert max(map(abs, plain[name].log_q)) < 4 * math.sqrt(
        (found.kappa / (1 - kept) + 2) / NUM_UNITS
    )


@pytest.mark.parametrize("name", STABLE)
def test_chi_is_what_a_layer_leaves_of_a_gradient(name: str, plain: dict[str, PlainLayers]) -> None:
    assert plain[name].chi == pytest.approx(bound_of(name).chi, rel=0.03)


def test_those_with_a_gain_and_no_stable_one_are_known() -> None:
    found = {name: bound_of(name).fixed_point for name in ACTIVATIONS}
    assert {name for name in found if found[name] == "unstable"} == UNSTABLE
    assert {name for name in found if found[name] == "neutral"} == NEUTRAL


@pytest.mark.parametrize("name", CLOSED)
def test_slopes_agree_with_closed_forms(name: str) -> None:
    assert bound_of(name).variance_slope == pytest.approx(CLOSED[name], abs=1e-9)


def test_a_jump_counts_in_the_slope() -> None:
    # Between hardshrink's jumps at +-t: V = 2 (t phi(t) + Q(t)), of q from t / sqrt(q).
    def second(q: float, t: float = 0.5) -> float:
        s = t / math.sqrt(q)
        phi = math.exp(-s * s / 2) / math.sqrt(2 * math.pi)
        return q * (2 * s * phi + math.erfc(s / math.sqrt(2)))

    expected = (second(1 + 1e-5) - second(1 - 1e-5)) / 2e-5 / second(1.0)
    assert resolve("hardshrink").variance_slope == pytest.approx(expected, abs=1e-6)


def test_users_functions_have_a_gain_and_a_fixed_point(users: str) -> None:
    cube, half = resolve(f"{users}:cube"), resolve(f"{users}:half")
    assert cube.gain == pytest.approx(15**-0.5)
    assert (cube.variance_slope, cube.chi) == (pytest.approx(3.0), pytest.approx(27 / 15))
    assert cube.fixed_point == "unstable"
    assert (half.gain, half.fixed_point) == (pytest.approx(8**0.5), "neutral")


@pytest.mark.parametrize("name", ["nothing", "pole"])
def test_a_function_without_a_gain_says_so(users: str, name: str) -> None:
    bound = resolve(f"{users}:{name}")
    assert bound.fixed_point == "none"
    assert math.isnan(bound.chi)
    with pytest.raises(SpecError, match=f"init is 'gain', and {users}:{name} has none"):
        _ = bound.weight_gain
