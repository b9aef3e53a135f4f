"""Properties that every activation of the table has."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from actwise.activations import ACTIVATIONS, activation, from_code, is_activation, resolve
from actwise.errors import SpecError
from actwise.registry import Parameter
from made.forks import run_forked

SHAPE = (3, 4, 5)
EVERY = pytest.mark.parametrize("name", ACTIVATIONS)
EXTREMES = (0.0, 1e-30, 1e-3, 0.5, 1.0, 2.0, 3.0, 6.0, 10.0, 20.0, 50.0, 88.0, 1e3, 1e4)


def built(name: str, shape: tuple[int, ...] = SHAPE) -> nn.Module:
    return resolve(name).build(shape).eval()


def normal(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


def test_the_table_has_at_least_forty_activations() -> None:
    assert len(ACTIVATIONS) >= 40


@EVERY
def test_formula_and_source_are_given(name: str) -> None:
    bound = resolve(name)
    assert bound.formula
    assert bound.source
    assert bound.code_digest is None


@EVERY
def test_every_build_is_a_new_module_with_its_own_parameters(name: str) -> None:
    bound = resolve(name)
    first, second = bound.build(SHAPE), bound.build(SHAPE)
    assert first is not second
    addresses = {p.data_ptr() for p in first.parameters()}
    assert addresses.isdisjoint(p.data_ptr() for p in second.parameters())


@EVERY
def test_what_is_built_is_recognised_as_an_activation(name: str) -> None:
    assert is_activation(built(name))


def test_other_modules_are_not_taken_for_activations() -> None:
    assert not is_activation(nn.ReLU())


@EVERY
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_values_and_gradients_are_finite(name: str, sign: float) -> None:
    module = built(name, (1,))
    for size in EXTREMES:
        x = torch.tensor([[sign * size]], requires_grad=True)
        y = module(x)
        gradients = torch.autograd.grad(y.sum(), [x, *module.parameters()])
        assert torch.stack([y.sum(), *(g.sum() for g in gradients)]).isfinite().all(), size


@EVERY
@pytest.mark.parametrize("shape", [SHAPE, (3,)])
def test_an_output_depends_on_its_own_input_only(name: str, shape: tuple[int, ...]) -> None:
    module = built(name, shape)
    x = normal(6, *shape)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(module(x)[order], module(x[order]))
    torch.testing.assert_close(module(x)[2:3], module(x[2:3]))
    torch.testing.assert_close(module(x).flip(-1), module(x.flip(-1)))


@EVERY
def test_memory_formats_give_the_same_values(name: str) -> None:
    module, x = built(name), normal(2, *SHAPE)
    y = module(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(y, module(x))


@EVERY
def test_the_input_is_left_as_it_is(name: str) -> None:
    x = normal(2, *SHAPE)
    leaf = x.clone().requires_grad_()
    module = built(name)
    module(leaf).sum().backward()
    assert torch.equal(leaf, x)
    assert leaf._version == 0


@EVERY
def test_the_gradients_are_those_of_the_values(name: str) -> None:
    module = built(name, (3, 1, 1)).double()
    # Away from kinks; several samples, so that gradients of parameters are sums.
    x = torch.tensor([-2.7, -1.3, -0.45, 0.37, 1.6, 6.3], dtype=torch.float64).view(2, 3, 1, 1)
    parameters = dict(module.named_parameters())

    def run(x: Tensor, *values: Tensor) -> Tensor:
        named = dict(zip(parameters, values, strict=True))
        result: Tensor = torch.func.functional_call(module, named, x)
        return result

    assert torch.autograd.gradcheck(run, (x.requires_grad_(), *parameters.values()))


@EVERY
def test_the_slope_at_a_kink_lies_between_those_beside_it(name: str) -> None:
    module, step = built(name, (1,)).double(), 1e-6
    for at in (-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 6.0):
        around = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=torch.float64) * step + at
        around.requires_grad_()
        y = module(around.view(-1, 1)).view(-1)
        slope = torch.autograd.grad(y[2], around)[0][2].item()
        beside = sorted(((y[1] - y[0]).item() / step, (y[4] - y[3]).item() / step))
        assert beside[0] - 1e-4 <= slope <= beside[1] + 1e-4, at


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_input_is_kept(name: str, dtype: torch.dtype) -> None:
    assert built(name).to(dtype)(normal(2, *SHAPE, dtype=dtype)).dtype is dtype


@EVERY
def test_it_is_built_and_runs_on_the_meta_device(name: str) -> None:
    with torch.device("meta"):
        module = built(name)
        y = module(torch.empty((2, *SHAPE), requires_grad=True))
    assert y.shape == (2, *SHAPE)
    assert all(p.is_meta for p in module.parameters())


@EVERY
def test_properties_do_not_depend_on_the_callers_device_or_stream(name: str) -> None:
    before = torch.get_rng_state()
    with torch.device("meta"), torch.no_grad():
        bound = resolve(name)
        inside = (bound.gain, bound.mean_shift, bound.output_range, bound.learnable)
    bound = resolve(name)
    assert (bound.gain, bound.mean_shift, bound.output_range, bound.learnable) == inside
    assert torch.equal(torch.get_rng_state(), before)


@EVERY
def test_the_canonical_text_names_the_same_level(name: str) -> None:
    bound = resolve(name)
    assert resolve(bound.canonical).canonical == bound.canonical


@EVERY
def test_two_names_of_one_function_give_equal_values(name: str) -> None:
    bound, x = resolve(name), normal(2, *SHAPE)
    same = resolve(bound.canonical)
    torch.testing.assert_close(bound.build(SHAPE).eval()(x), same.build(SHAPE).eval()(x))


def test_the_second_name_of_a_function_is_one_level_with_the_first() -> None:
    assert resolve("telu").canonical == resolve("tanhexp").canonical == "tanhexp"
    assert resolve("telu").name == "telu"


def test_arguments_at_their_default_are_left_out() -> None:
    texts = ("elu", "elu(1)", "elu(1.0)", "elu(alpha=1)", " elu( 1 ) ")
    assert {resolve(text).canonical for text in texts} == {"elu"}
    assert resolve("elu(0.5)").canonical == "elu(alpha=0.5)"


def test_arguments_reach_the_function() -> None:
    x = torch.tensor([[-2.0, 2.0]])
    assert resolve("leaky_relu(0.2)").build((2,))(x).tolist() == [[pytest.approx(-0.4), 2.0]]
    assert resolve("prelu(init=0.5)").build((2,))(x).tolist() == [[-1.0, 2.0]]
    assert resolve("prelu-element(0)").build((2,))(x).tolist() == [[0.0, 2.0]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("reluu", "no activation is named 'reluu'; did you mean relu"),
        ("elu(0)", "alpha=0 must be above 0"),
        ("elu(on)", "alpha=on must be a finite number"),
        ("elu(1, 2)", "2 arguments given"),
        ("elu(beta=1)", "beta"),
        ("relu(3)", "takes no arguments"),
        ("elu(1", "not a level"),
        ("rrelu(0.5, 0.1)", "upper=0.1 is below lower=0.5"),
        ("penalized-tanh(1)", "below 1"),
        ("", "not a level"),
    ],
)
def test_a_level_that_does_not_fit_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        resolve(text)


def test_an_added_line_is_an_activation_like_the_others() -> None:
    code = """
import torch
from actwise.activations import ACTIVATIONS, is_activation, register, resolve
from actwise.activations.pointwise import Function
register("cube", "x^3", "this test", lambda _: Function(lambda x: x**3))
assert list(ACTIVATIONS)[-1] == "cube"
bound = resolve("cube")
assert is_activation(bound.build((4,))) and not bound.learnable
assert abs(bound.gain - 15 ** -0.5) < 1e-9 and abs(bound.backward_gain - 27 ** -0.5) < 1e-9
"""
    done = run_forked(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("names", "parameter"),
    [
        (("prelu", "prelu-shared", "prelu-element"), Parameter("init", 0.25)),
        (("elu", "celu", "isru", "isrlu"), Parameter("alpha", 1.0, above=0.0)),
    ],
)
def test_activations_of_one_kind_take_the_same_argument(
    names: tuple[str, ...], parameter: Parameter
) -> None:
    taken = {ACTIVATIONS[name].parameters for name in names}
    assert taken == {(parameter,)}


def test_some_activations_have_parameters_for_every_channel() -> None:
    assert {name for name in ACTIVATIONS if resolve(name).has_channels} == {
        "prelu",
        "prelu-element",
        "mpelu",
        "swish",
        "acon-c",
    }


def test_an_activation_with_parameters_for_every_channel_is_told_how_many() -> None:
    assert activation("prelu", channels=3).get_parameter("weight").shape == (3,)
    assert activation("prelu-shared").get_parameter("weight").shape == (1,)
    with pytest.raises(SpecError) as refusal:
        activation("prelu(0.1)")
    assert str(refusal.value) == (
        "activation prelu(0.1) has parameters for every channel: call it with channels=N"
    )


@pytest.mark.parametrize("channels", [0, -3, True, False])
def test_channels_are_a_number_from_1(channels: int) -> None:
    activation("elu", channels=1)
    with pytest.raises(SpecError) as refusal:
        activation("elu", channels=channels)
    assert str(refusal.value) == f"channels={channels} of activation elu is no number from 1"


def test_a_function_without_a_gain_has_no_theory_either() -> None:
    nothing = from_code(lambda x: 0.0 * x)
    assert nothing.gain == math.inf and not nothing.has_gain
    assert nothing.fixed_point == "none"
    assert all(map(math.isnan, (nothing.variance_slope, nothing.chi, nothing.kappa)))
    with pytest.raises(SpecError, match=r"^init is 'gain', and .* has none that weights can have$"):
        _ = nothing.weight_gain


@pytest.mark.parametrize(
    ("level", "printed"),
    [
        ("squareplus(2)", "Pointwise(squareplus, b=2.0)"),
        ("aria2", "Pointwise(aria2, alpha=1.5, beta=2.0)"),
        ("lisht", "Pointwise(lisht)"),
        ("swish", "Learned(swish, beta=(3,))"),
        ("star-relu", "Learned(star_relu, scale=(1,), bias=(1,))"),
        ("abs", "Function(abs)"),
        ("rrelu(0.1, 0.5)", "RReLU(lower=0.1, upper=0.5)"),
    ],
)
def test_a_module_is_printed_with_its_formula_and_its_arguments(level: str, printed: str) -> None:
    assert repr(resolve(level).build((3, 2, 2))) == printed


def test_a_function_without_a_name_is_printed_as_it_is() -> None:
    clipped = partial(torch.clamp, min=0.0)
    assert repr(from_code(clipped).build((3,))) == f"Function({clipped!r})"
