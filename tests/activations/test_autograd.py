"""The own autograd functions: memory, second derivatives, torch.func and torch.compile."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from actwise.activations import resolve

X = torch.linspace(-3.0, 3.0, 24, dtype=torch.float64).view(2, 3, 2, 2)

# One of each kind: fixed formula, learned formula, rational function, randomized, own kernels.
KINDS = pytest.mark.parametrize("name", ["serf", "acon-c", "rational", "rrelu", "prelu", "mish"])
OWN_FUNCTIONS = pytest.mark.parametrize("name", ["serf", "colu", "smelu", "rational"])


def built(name: str) -> nn.Module:
    return resolve(name).build((3, 2, 2)).double().eval()


def gradient(module: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(module(leaf).sum(), leaf)[0]


@OWN_FUNCTIONS
def test_one_tensor_is_kept_for_the_backward_pass(name: str) -> None:
    kept: list[int] = []
    module = built(name)

    def pack(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module(X.clone().requires_grad_())
    assert kept.count(X.numel()) == 1


def test_a_second_derivative_is_refused_not_silently_zero() -> None:
    leaf = X.clone().requires_grad_()
    (slope,) = torch.autograd.grad(built("serf")(leaf).sum(), leaf, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        torch.autograd.grad(slope.sum() + leaf.sum(), leaf)


def test_the_rational_function_has_a_second_derivative() -> None:
    module = built("rational")
    # Away from 0, where |x| has a kink.
    x = (X + 0.05).requires_grad_()
    assert torch.autograd.gradgradcheck(module, (x,))


@KINDS
def test_networks_can_be_stacked_with_torch_func(name: str) -> None:
    module = built(name)
    stacked = torch.func.vmap(torch.func.grad(lambda x: module(x[None]).sum()))(X)
    torch.testing.assert_close(stacked, gradient(module, X))


# torch 2.13's compiler itself instantiates an autograd function, and torch warns of it.
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@KINDS
def test_a_step_is_compiled_as_one_graph(name: str) -> None:
    module = built(name)
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(gradient(compiled, X), gradient(module, X))


def test_the_randomized_training_step_is_compiled_as_one_graph() -> None:
    module = built("rrelu").train()
    module.fill_mask(lambda n: torch.arange(n, dtype=torch.int16) * 1000, 2)  # type: ignore[operator]
    torch.compiler.reset()
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(gradient(compiled, X), gradient(module, X))


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("prelu", lambda: nn.PReLU(3)),
        ("prelu-shared", lambda: nn.PReLU(1)),
        ("mish", nn.Mish),
    ],
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_own_kernels_give_what_torch_gives(
    name: str, native: Callable[[], nn.Module], layout: torch.memory_format
) -> None:
    x = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 10
    x[0, 0, 0, 0] = 0.0
    own, torchs = resolve(name).build((3, 4, 4)), native()
    for module in (own, torchs):
        for parameter in module.parameters():
            nn.init.constant_(parameter, -0.7)
    leaves = [x.to(memory_format=layout).requires_grad_() for _ in range(2)]
    values = [module(leaf) for module, leaf in zip((own, torchs), leaves, strict=True)]
    torch.testing.assert_close(values[0], values[1])
    for value in values:
        value.square().sum().backward()
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad)
    gradients = [[p.grad for p in module.parameters()] for module in (own, torchs)]
    torch.testing.assert_close(gradients[0], gradients[1])
