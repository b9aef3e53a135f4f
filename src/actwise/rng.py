"""Named streams of random numbers: what makes seeds blocks.

A stream is a function of (seed, purpose, name, epoch) and of nothing else: not of the order in
which networks are built, of how many streams exist, or of the process. So two cells share every
draw that both have. Weights are named by their parameter, masks by their site, augmentation by
its part. The bit generator is SFC64, seeded through numpy's SeedSequence with the SHA-256 of the
four.

What is drawn from a stream on the CPU is the same for every device. Only masks may be drawn on
the device itself (seeded by ``stream_seed``), because they are as large as the activations.
"""

import hashlib
import random
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import nn


def stream(seed: int, purpose: str, name: str = "", epoch: int = 0) -> np.random.Generator:
    """The stream of one purpose ("weights", "order", "augment", "mask", "split", "subset" ...)."""
    return np.random.Generator(np.random.SFC64(stream_seed(seed, purpose, name, epoch)))


def stream_seed(seed: int, purpose: str, name: str = "", epoch: int = 0) -> int:
    """The 256-bit seed of a stream, for generators that are not numpy's."""
    text = "\x1f".join((str(seed), purpose, name, str(epoch)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def position(generator: np.random.Generator) -> dict[str, Any]:
    """Where a stream stands, as plain JSON values (uint64 words as ints)."""
    state: Any = generator.bit_generator.state
    return {
        "state": [int(word) for word in state["state"]["state"]],
        "has_uint32": int(state["has_uint32"]),
        "uinteger": int(state["uinteger"]),
    }


def move_to(generator: np.random.Generator, where: dict[str, Any]) -> None:
    """Put a stream where :func:`position` found it."""
    generator.bit_generator.state = {
        "bit_generator": "SFC64",
        "state": {"state": np.array(where["state"], dtype=np.uint64)},
        "has_uint32": where["has_uint32"],
        "uinteger": where["uinteger"],
    }


def global_positions() -> dict[str, Any]:
    """Where Python's and numpy's own generators stand, as plain JSON values.

    Nothing of ours draws from them; users' code may.
    """
    # Both keep a Gaussian in hand where they have drawn two.
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002
    return {"python": random.getstate(), "numpy": _plain(state)}


def move_global_to(where: dict[str, Any]) -> None:
    """Put Python's and numpy's own generators where :func:`global_positions` found them."""
    version, words, gauss = where["python"]
    random.setstate((version, tuple(words), gauss))
    numpys: Any = np.random
    name = where["numpy"]["bit_generator"]
    if name != numpys.get_bit_generator().state["bit_generator"]:
        numpys.set_bit_generator(getattr(numpys, name)())
    numpys.set_state(where["numpy"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@runtime_checkable
class Stochastic(Protocol):
    """A module that uses random numbers in training (dropout, dropconnect, rrelu).

    It draws nothing in ``forward``. The engine calls :meth:`fill_mask` before every step, so
    the step itself has static shapes and no hidden state. Elsewhere :func:`fill_before_forward`
    does it.
    """

    def fill_mask(self, draw: "DrawBits", batch_size: int) -> None:
        """Put fresh random numbers for a batch of ``batch_size`` images into the buffers."""
        ...


class DrawBits(Protocol):
    """Where masks come from: the engine passes one per site, on the model's device."""

    def __call__(self, count: int) -> "torch.Tensor":
        """``count`` independent uniform 16-bit integers, int16 in [-32768, 32767]."""
        ...


def fill_before_forward(model: "nn.Module") -> None:
    """Let what needs random numbers draw them from torch's own generator in every training pass.

    For training loops that are not ours. A copy and a pickle draw too; whoever fills the masks
    calls :func:`leave_unfilled` first.
    """
    for module in model.modules():
        if isinstance(module, Stochastic) and _fill not in module._forward_pre_hooks.values():
            module.register_forward_pre_hook(_fill, with_kwargs=True)


def leave_unfilled(model: "nn.Module") -> None:
    """Take :func:`fill_before_forward` back: somebody else fills the masks from now on."""
    for module in model.modules():
        for key in [k for k, hook in module._forward_pre_hooks.items() if hook is _fill]:
            del module._forward_pre_hooks[key]
            module._forward_pre_hooks_with_kwargs.pop(key, None)


def _fill(filled: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
    """A hook before forward: fresh bits for these inputs, whatever their shape was before.

    It does nothing to a module that took the place of one that draws, with its hooks.
    """
    if not filled.training or not isinstance(filled, Stochastic):
        return
    module: Any = filled
    import torch

    given = [v for v in (*args, *(kwargs or {}).values()) if isinstance(v, torch.Tensor)]
    if not given:
        return  # forward says what it lacks
    x = given[0]
    module.shape = tuple(x.shape[1:])
    for name in module._non_persistent_buffers_set:
        # A backward pass that is yet to come may need the bits of the pass before.
        if (bits := getattr(module, name)) is not None:
            setattr(module, name, bits.clone())
    low, high = -(2**15), 2**15
    module.fill_mask(
        lambda count: torch.randint(low, high, (count,), dtype=torch.int16, device=x.device), len(x)
    )
