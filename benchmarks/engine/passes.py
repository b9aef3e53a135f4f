"""How often an activation walks through all its values: what its time is made of."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from actwise import activations
from actwise.rng import Stochastic

_NUM, _SHAPE = 4, (3, 8, 8)

# Operations that evaluate an exponential, a logarithm or the like for every value. In place or not.
_TRANSCENDENTAL = frozenset(
    [
        "atan",
        "celu",
        "cos",
        "elu",
        "elu_backward",
        "erf",
        "exp",
        "expm1",
        "gelu",
        "gelu_backward",
        "log",
        "log1p",
        "log_sigmoid_forward",
        "mish",
        "mish_backward",
        "sigmoid",
        "silu",
        "silu_backward",
        "sin",
        "softplus",
        "softplus_backward",
        "tanh",
    ]
)


@dataclass(frozen=True)
class Passes:
    """Operations on a tensor as large as the activation's input, forward and backward.

    Attributes:
        num_all: All of them, as torch dispatches them; one that only looks at memory in another
            shape is none.
        num_transcendental: Those with an exponential, a logarithm or the like.
    """

    num_all: int
    num_transcendental: int


def count_passes(level: str) -> Passes:
    """Of one training step of an activation."""
    module = activations.resolve(level).build(_SHAPE)
    if isinstance(module, Stochastic):
        module.fill_mask(lambda count: torch.zeros(count, dtype=torch.int16), _NUM)
    x = torch.randn(_NUM, *_SHAPE).to(memory_format=torch.channels_last).requires_grad_()
    gradient = torch.randn_like(x)
    with _Counter(x.numel()) as counter:
        torch.autograd.grad(module(x), [x, *module.parameters()], gradient)
    return Passes(len(counter.names), sum(name in _TRANSCENDENTAL for name in counter.names))


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the names of the operations on tensors of one size."""

    def __init__(self, size: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.size = size
        self.names: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        values = (*args, *(result if isinstance(result, tuple) else (result,)))
        is_large = any(isinstance(v, torch.Tensor) and v.numel() == self.size for v in values)
        if is_large and not _is_view(func):
            self.names.append(func.overloadpacket.__name__.removesuffix("_"))
        return result


def _is_view(func: Any) -> bool:
    aliases = [output.alias_info for output in func._schema.returns]
    return any(alias is not None and not alias.is_write for alias in aliases)
