"""A user's own activation is a level like those of the table."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from actwise.activations import is_activation, resolve
from actwise.errors import SpecError
from actwise.registry import Level
from actwise.usercode import code_digest

SOURCE = '''
import torch
from torch import nn

from actwise.activations import activation


def scaled_tanh(x, scale=1.0):
    """scale tanh(x)"""
    return scale * torch.tanh(x)


def root(x):
    return torch.sqrt(x.abs())


def constant(x):
    return torch.ones_like(x)


def logarithm(x):
    return torch.log(x)


def steps(x):
    return torch.sin(1e6 * x).sign() * x


def in_place(x):
    return x.relu_()


def total(x):
    return x.sum(1)


def nothing(x):
    return None


def broken(x):
    return x @ "text"


class Slopes(nn.Module):
    """One slope a channel."""

    def __init__(self, channels, start=0.5):
        super().__init__()
        self.slope = nn.Parameter(torch.full((channels, 1, 1), start))
        self.noise = torch.rand(3)

    def forward(self, x):
        return torch.maximum(x, self.slope * x)


class InPlace(nn.ReLU):
    def __init__(self):
        super().__init__(inplace=True)


class OfOurs(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = activation("prelu")


class NeedsMore(nn.Module):
    def __init__(self, width):
        super().__init__()


INSTANCE = nn.ReLU()
NUMBER = 3
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an importable module with the source above."""
    name = f"own_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def test_a_plain_function_is_an_activation(module: str) -> None:
    bound = resolve(f"{module}:scaled_tanh(2)")
    x = torch.linspace(-2.0, 2.0, 8).view(1, 8)
    built = bound.build((8,))
    torch.testing.assert_close(built(x), 2.0 * torch.tanh(x))
    assert is_activation(built)
    assert built is not bound.build((8,))
    assert bound.canonical == f"{module}:scaled_tanh(scale=2.0)"
    assert bound.formula == "scale tanh(x)"


def test_its_properties_are_computed(module: str) -> None:
    bound = resolve(f"{module}:scaled_tanh")
    known = resolve("tanh")
    assert bound.gain == pytest.approx(known.gain)
    assert bound.backward_gain == pytest.approx(known.backward_gain)
    assert bound.output_range == (-1.0, 1.0)
    assert bound.negative_output
    assert not bound.learnable


def test_a_class_is_given_the_number_of_channels_and_its_arguments(module: str) -> None:
    bound = resolve(f"{module}:Slopes(0.25)")
    built = bound.build((6, 4, 4))
    assert built.get_parameter("slope").shape == (6, 1, 1)
    assert built.get_parameter("slope").flatten().tolist() == [0.25] * 6
    assert is_activation(built)
    assert bound.learnable
    assert bound.gain == pytest.approx(resolve("prelu").gain)
    assert resolve(f"{module}:Slopes(0.5)").canonical == f"{module}:Slopes"


def test_the_digest_of_its_code_is_known(module: str) -> None:
    level = Level(f"{module}:root")
    assert resolve(str(level)).code_digest == code_digest(level)


def test_computing_properties_does_not_move_the_global_stream(module: str) -> None:
    bound = resolve(f"{module}:Slopes")
    before = torch.get_rng_state()
    assert bound.gain > 0
    assert bound.learnable
    assert torch.equal(torch.get_rng_state(), before)


def test_it_is_built_on_the_meta_device(module: str) -> None:
    with torch.device("meta"):
        built = resolve(f"{module}:Slopes").build((6, 4, 4))
    assert built.get_parameter("slope").is_meta


def test_infinite_moments_are_recognised(module: str) -> None:
    root = resolve(f"{module}:root")
    assert root.backward_gain == 0.0
    assert root.gain == pytest.approx((torch.pi / 2) ** 0.25)
    constant = resolve(f"{module}:constant")
    assert constant.backward_gain == float("inf")
    assert constant.gain == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("in_place", "changes its input in place"),
        ("InPlace", "changes its input in place"),
        ("total", r"returns shape \(4, 4\) for inputs of \(2, 4, 4\)"),
        ("nothing", "returns NoneType"),
        ("broken", "raised TypeError"),
    ],
)
def test_code_that_is_no_activation_is_refused_when_built(
    module: str, text: str, sentence: str
) -> None:
    bound = resolve(f"{module}:{text}")
    with pytest.raises(SpecError, match=sentence):
        bound.build((2, 4, 4))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("INSTANCE", "neither a subclass of torch.nn.Module nor a function"),
        ("NUMBER", "neither a subclass of torch.nn.Module nor a function"),
        ("Path", "has no 'Path'"),
        ("NeedsMore", "needs a value for width"),
        ("Slopes(channels=3)", "channels is not an argument"),
        ("scaled_tanh(1, 2)", "2 arguments given; .* takes scale"),
    ],
)
def test_code_that_does_not_fit_is_refused(module: str, text: str, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        resolve(f"{module}:{text}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("logarithm", "not a number at -"), ("steps", "too rough")],
)
def test_functions_without_moments_are_named(module: str, text: str, sentence: str) -> None:
    bound = resolve(f"{module}:{text}")
    with pytest.raises(SpecError, match=sentence):
        _ = bound.gain


def test_what_users_code_is_refused_itself_is_said_as_it_is(module: str) -> None:
    bound = resolve(f"{module}:OfOurs")
    with pytest.raises(SpecError) as refusal:
        bound.build((3,))
    assert str(refusal.value) == (
        "activation prelu has parameters for every channel: call it with channels=N"
    )


def test_users_code_is_printed_with_its_arguments(module: str) -> None:
    built = resolve(f"{module}:scaled_tanh(2)").build((3,))
    assert repr(built) == "Function(scaled_tanh, scale=2.0)"
