"""What a network costs, from forward passes of tiny batches.

Legend: N images of a batch, C channels, H height, W width, K classes.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..activations import is_activation
from ..rng import Stochastic, leave_unfilled

BASE_BYTES = 375 * 2**20

MOST_PASS_BYTES = 512 * 2**20
"""Of the parameters and what a pass saves on the CPU; what is larger is only reckoned with."""

EVALUATION_BATCH_SIZE = 250
"""Images that a run evaluates at once on a CPU."""

# Two images: batch norm in training refuses a single value a channel.
_PASS_SIZES = (2, 3)


@dataclass(frozen=True)
class Footprint:
    """The cost of a network, whatever its weights.

    Attributes:
        macs: Multiply-accumulate operations of convolution and linear modules, per image.
        num_parameters: Learned values.
        parameter_bytes: Of all parameters.
        saved_bytes: Of what autograd keeps for the backward pass of a batch, masks included.
        largest_bytes: Of the largest tensor among them.
        num_outputs: Values per image that come out, None if that is not one row per image.
        num_activations: Activation modules that ran, each once.
    """

    macs: int
    num_parameters: int
    parameter_bytes: int
    saved_bytes: int
    largest_bytes: int
    num_outputs: int | None
    num_activations: int


def footprint(
    network: nn.Module,
    *,
    input_shape: tuple[int, int, int],
    batch_size: int,
    device: str = "meta",
    is_ours: bool = False,
    activations: Sequence[nn.Module] = (),
) -> Footprint:
    """What ``network`` costs, which is on ``device``: the meta device, or the CPU.

    ``activations`` were built for it, and need not be registered as modules of it.

    Two forward passes of tiny batches are measured and their sizes extended to ``batch_size`` in a
    straight line. With users' code in it the network stays where it is: on the meta device no
    number can lead that code astray, and on the CPU it needs the numbers that it began with. On the
    meta device torch imports its compiler, which takes 2 s: so a network that ``is_ours`` comes to
    the CPU, with zeros for parameters, unless it is so large that planning would take more than
    :data:`MOST_PASS_BYTES`. The figures are the same on both.
    """
    network.train()
    found = dict.fromkeys((*filter(is_activation, network.modules()), *activations))
    with _one_thread(), _watching(list(found)) as ran:
        passes = _passes_of_zeros(network, input_shape) if is_ours else None
        small, large = passes or _passes(network, input_shape, torch.device(device))
    sizes = [
        first + (second - first) * (batch_size - _PASS_SIZES[0])
        for first, second in zip(small.saved_bytes, large.saved_bytes, strict=False)
    ]
    return Footprint(
        macs=small.macs // _PASS_SIZES[0],
        num_parameters=sum(p.numel() for p in network.parameters()),
        parameter_bytes=_parameter_bytes(network),
        saved_bytes=sum(sizes),
        largest_bytes=max(sizes, default=0),
        num_outputs=small.num_outputs,
        num_activations=len(ran),
    )


def _parameter_bytes(network: nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in network.parameters())


class _TooLargeError(Exception):
    """A pass saves more than it may."""


def _passes_of_zeros(network: nn.Module, input_shape: tuple[int, int, int]) -> "list[_Pass] | None":
    """The passes on the CPU; None, and the network on the meta device, if they are too large."""
    most_bytes = MOST_PASS_BYTES - _parameter_bytes(network)
    if most_bytes < 0:
        return None
    _put_zeros_in_place(network, torch.device("cpu"))
    try:
        return _passes(network, input_shape, torch.device("cpu"), most_bytes=most_bytes)
    except _TooLargeError:
        _put_zeros_in_place(network, torch.device("meta"))
        return None


def _put_zeros_in_place(network: nn.Module, device: torch.device) -> None:
    """Replace all parameters and buffers by zeros on ``device``.

    ``to_empty`` imports torch's symbolic shapes, and so sympy: 0.6 s.
    """

    def zeros(old: Tensor) -> Tensor:
        return torch.zeros(old.shape, dtype=old.dtype, device=device)

    parameters: dict[nn.Parameter, nn.Parameter] = {}
    for module in network.modules():
        for name, old in list(module.named_parameters(recurse=False, remove_duplicate=False)):
            module.register_parameter(name, parameters.setdefault(old, nn.Parameter(zeros(old))))
        for name, buffer in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, zeros(buffer))


def peak_memory_bytes(cost: Footprint, *, optimizer: str, batch_size: int, image_bytes: int) -> int:
    """Estimated peak resident memory of a process that trains in float32 on a CPU.

    Weights, gradients and the optimizer's moments; what the forward pass saves, and a fifth more
    for the fragments that a heap of such sizes leaves; the gradients of three activations at once,
    with a convolution's copies, or four activations of an evaluated batch if that is more; the
    data set, all of whose pages are read; and the interpreter with torch and its kernels. Over the
    measured peaks of whole runs on CIFAR-10, evaluations and checkpoints included, it was 0.91 to
    1.16: ``vgg16-table1`` and ``resnet18-table2`` with ``bn+dropout+aug`` at width 1/4 and 1 in
    batches of 16 and 128, ``convnet``, ``resnet20``, AdamW, and batches of 512 (n = 1 each, one
    process of 1 thread, torch 2.13, Linux). Workers that trained 12 runs of the first two
    at width 1/4 one after another took more: 0.85 of the larger one's peak.

    Args:
        cost: Of the network, at ``batch_size``.
        batch_size: Of the run.
        optimizer: ``sgd`` keeps one moment, ``adamw`` two.
        image_bytes: Of all images, as uint8.
    """
    num_copies = 4 if optimizer == "adamw" else 3
    step_bytes = cost.saved_bytes * 6 // 5 + 3 * cost.largest_bytes
    evaluation_bytes = 4 * cost.largest_bytes * EVALUATION_BATCH_SIZE // batch_size
    return (
        BASE_BYTES
        + num_copies * cost.parameter_bytes
        + max(step_bytes, evaluation_bytes)
        + image_bytes
    )


@contextmanager
def _watching(activations: Sequence[nn.Module]) -> Iterator[set[int]]:
    """The places of those that run in the context.

    Their ``forward`` is watched and not a hook, which who calls ``forward`` itself passes by.
    """
    ran: set[int] = set()

    def watch(place: int, forward: Callable[..., Any]) -> Callable[..., Any]:
        def watching(*args: Any, **kwargs: Any) -> Any:
            ran.add(place)
            return forward(*args, **kwargs)

        return watching

    for place, module in enumerate(activations):
        vars(module)["forward"] = watch(place, module.forward)
    try:
        yield ran
    finally:
        for module in activations:
            del vars(module)["forward"]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Too little work to share; and a run in this process starts its threads as it needs them."""
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(num_threads)


@dataclass(frozen=True)
class _Pass:
    """What one forward pass showed; ``saved_bytes`` in the order in which autograd saved."""

    macs: int
    saved_bytes: list[int]
    num_outputs: int | None


def _passes(
    network: nn.Module,
    input_shape: tuple[int, int, int],
    device: torch.device,
    *,
    most_bytes: float = math.inf,
) -> list[_Pass]:
    return [_pass(network, (num, *input_shape), device, most_bytes) for num in _PASS_SIZES]


def _pass(
    network: nn.Module,
    shape_NCHW: tuple[int, int, int, int],
    device: torch.device,
    most_bytes: float,
) -> _Pass:
    num_images = shape_NCHW[0]

    def draw_zeros(count: int) -> Tensor:
        return torch.zeros(count, dtype=torch.int16, device=device)

    leave_unfilled(network)
    for module in network.modules():
        if isinstance(module, Stochastic):
            module.fill_mask(draw_zeros, num_images)
    counter = _MacCounter()
    hooks = [
        module.register_forward_hook(counter)
        for module in network.modules()
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear)
    ]
    saved = _SavedTensors(network, most_bytes)
    try:
        with torch.autograd.graph.saved_tensors_hooks(saved.pack, _unpack):
            outputs = network(torch.zeros(shape_NCHW, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    sizes = [storage.nbytes() for storage in saved.storages.values()]
    return _Pass(counter.macs, sizes, _row_length(outputs, num_images))


class _MacCounter:
    def __init__(self) -> None:
        self.macs = 0

    def __call__(self, module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        weight: Any = module.weight
        self.macs += output.numel() * weight[0].numel()


class _SavedTensors:
    """Collects the memory that autograd keeps, without the parameters themselves."""

    def __init__(self, network: nn.Module, most_bytes: float) -> None:
        self._bytes_left = most_bytes
        # Kept alive here, so that no later storage gets the address of a freed one.
        self._parameters = [p.untyped_storage() for p in network.parameters()]
        self._known = {storage._cdata for storage in self._parameters}
        self.storages: dict[int, torch.UntypedStorage] = {}

    def pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._known and storage._cdata not in self.storages:
            self.storages[storage._cdata] = storage
            self._bytes_left -= storage.nbytes()
            if self._bytes_left < 0:
                raise _TooLargeError
        return tensor


def _unpack(tensor: Tensor) -> Tensor:
    return tensor


def _row_length(outputs: object, batch_size: int) -> int | None:
    if not isinstance(outputs, Tensor) or outputs.dim() != 2 or len(outputs) != batch_size:
        return None
    return outputs.shape[1]
