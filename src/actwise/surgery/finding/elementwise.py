"""Whether a module of the user's is an activation: by trying it."""

import copy

import torch
from torch import Tensor, nn

FAR = (1e2, 1e3, 1e4)
"""So far out a function shows whether it goes to a limit."""
_BOUND = 1e2


def goes_to_a_limit(near: Tensor, far: Tensor, farther: Tensor) -> bool:
    """Whether the values of a function at :data:`FAR` or its negatives are those of a limit.

    A logarithm's are small too, but go on by as much at every power of ten.
    """
    step, last = (far - near).abs(), (farther - far).abs()
    rounding = 4 * torch.finfo(farther.dtype).eps * farther.abs()
    return bool((farther.abs() < _BOUND).all() and (last <= 0.5 * step + rounding).all())


class Elementwise:
    """Asks modules without children, each once: others of its text may hold other settings.

    An activation takes one tensor and returns one of its shape, works on each element alone,
    and is no straight line.
    """

    def __init__(self) -> None:
        self._known: dict[nn.Module, bool | None] = {}

    def is_activation(self, module: nn.Module, x: Tensor) -> bool | None:
        """None if it is not an activation, else whether its values are bounded."""
        if type(module).__module__.startswith("torch.nn.") or not x.is_floating_point():
            return None
        if any(True for _ in module.children()):
            return None
        if module not in self._known:
            self._known[module] = _tried(module, x)
        return self._known[module]


def _tried(module: nn.Module, x: Tensor) -> bool | None:
    try:
        trial = _on_cpu(module).eval()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            return _judged(trial, _small(x))
    except Exception:  # whatever a module does that is no activation
        return None


def _on_cpu(module: nn.Module) -> nn.Module:
    """A copy in float64 on the CPU; where there are no values yet, any will do."""
    is_meta = any(t.is_meta for t in (*module.parameters(), *module.buffers()))
    trial = copy.deepcopy(module)
    if not is_meta:
        return trial.to("cpu", torch.float64)
    trial = trial.to_empty(device="cpu").double()
    for tensor in (*trial.parameters(), *trial.buffers()):
        tensor.data.fill_(0.25)
    return trial


def _small(x: Tensor) -> tuple[int, ...]:
    """One sample, short along what is neither the first axis of it nor the last."""
    inner = [min(size, 2) for size in x.shape[2:-1]]
    return (1, *x.shape[1:2], *inner, *x.shape[-1:]) if x.dim() > 2 else (1, *x.shape[1:])


def _judged(trial: nn.Module, shape: tuple[int, ...]) -> bool | None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    other = torch.randn(shape, generator=generator, dtype=torch.float64)
    is_changed = torch.rand(shape, generator=generator) < 0.5
    value = trial(x.clone())
    if not isinstance(value, torch.Tensor) or value.shape != x.shape:
        return None
    mixed = trial(torch.where(is_changed, other, x))
    expected = torch.where(is_changed, trial(other.clone()), value)
    if not torch.allclose(mixed, expected, rtol=1e-9, atol=1e-9):
        return None
    steps = [trial(torch.full(shape, k, dtype=torch.float64)) for k in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    bends = [steps[k] - 2 * steps[k + 1] + steps[k + 2] for k in range(3)]
    if max(bend.abs().max().item() for bend in bends) < 1e-6:
        return None
    return all(
        goes_to_a_limit(*(trial(torch.full(shape, sign * k, dtype=torch.float64)) for k in FAR))
        for sign in (-1, 1)
    )
