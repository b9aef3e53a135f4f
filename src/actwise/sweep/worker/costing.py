"""What a training step costs with each of several activations, timed in turns.

All networks are made first, and each shares the weights of the first as soon as it is made: what
stands beside a step is one network. Then each takes a step, in turns, forwards and backwards
through the list, so that all share the machine's good and bad minutes.

Legend: N images of a batch, C channels, H height, W width, K classes.
"""

import math
import time
import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ... import activations
from ...activations import is_activation
from ...engine import Device, prepare_device, set_process_numerics
from ...engine.device import set_backend
from ...engine.masks import Masks
from ...engine.narrow import guard_narrow_convolutions
from ...errors import ActwiseError, ModelWarning, SpecError
from ...models import image_shape, images_given, initial_network, resolve
from ...spec import RunSpec, TrainSpec
from ...surgery import DoesNotRunError
from ...usercode import describe_fault
from ..plan import MOST_ROUNDS, are_enough
from .protocol import Costed, CostQuestion, Refused, Round, StepTimes

_USUAL_BATCH_SIZE, _USUAL_PIXELS = 128, 64 * 64


def cost_of_steps(question: CostQuestion, *, on_round: Callable[[Round], None]) -> Costed | Refused:
    """Time the steps with every activation; nothing that users' code does raises here."""
    try:
        return _cost(question, on_round)
    except DoesNotRunError as error:
        given = images_given(image_shape(question.model, question.input_shape))
        return Refused(reason=f"{error}: {given}", exit_code=error.exit_code)
    except ActwiseError as error:
        return Refused(reason=str(error), exit_code=error.exit_code)
    except (Exception, SystemExit) as error:
        reason = f"model {question.model} failed: {describe_fault(error)}"
        return Refused(reason=reason, exit_code=SpecError.exit_code)


class _Stepper:
    """Takes steps of one network, whose weights stay as they are."""

    def __init__(self, network: nn.Module, device: Device) -> None:
        self.network = network
        self.masks = Masks(network, seed=0, device=device.torch_device)
        self.device = device
        self.forward_seconds: list[float] = []
        self.backward_seconds: list[float] = []

    def step(self, x_NCHW: Tensor, labels_N: Tensor) -> None:
        """One step; its gradients are forgotten."""
        started = self._now()
        self.masks.fill(len(x_NCHW))
        loss = F.cross_entropy(self.network(x_NCHW), labels_N)
        between = self._now()
        torch.autograd.backward(loss)
        ended = self._now()
        for parameter in self.network.parameters():
            parameter.grad = None
        self.forward_seconds.append(between - started)
        self.backward_seconds.append(ended - between)

    def _now(self) -> float:
        """Of the processor where one thread does it all: other jobs on the machine take none."""
        if not self.device.is_cuda and self.device.threads == 1:
            return time.process_time()
        self.device.synchronize()
        return time.perf_counter()


def _cost(question: CostQuestion, on_round: Callable[[Round], None]) -> Costed:
    set_process_numerics(question.threads)
    cells = _cells(question)
    shape = image_shape(question.model, question.input_shape)
    batch_size = question.batch_size or _usual_batch_size(shape)
    device = prepare_device(
        question.device, threads=question.threads, model=question.model, width=question.width
    )
    notes: list[str] = []
    networks: list[nn.Module] = []
    for cell in cells:
        networks.append(_network(cell, question, shape, device, notes))
        # At once: of all the weights there are never more than those of two networks.
        _share_weights(networks[-1], networks[0])
    set_backend("float32", device)
    generator = torch.Generator().manual_seed(0)
    x_NCHW = torch.randn(batch_size, *shape, generator=generator)
    labels_N = torch.randint(question.num_classes, (batch_size,), generator=generator)
    x_NCHW = x_NCHW.to(device.torch_device, memory_format=device.torch_memory_format)
    labels_N = labels_N.to(device.torch_device)
    steppers = [_Stepper(network, device) for network in networks]
    memory = [_memory_bytes(stepper, x_NCHW, labels_N) for stepper in steppers]
    _take_turns(steppers, x_NCHW, labels_N, on_round)
    return Costed(
        steps=tuple(
            StepTimes(
                activation=cell.activation,
                forward_seconds=tuple(stepper.forward_seconds),
                backward_seconds=tuple(stepper.backward_seconds),
                memory_bytes=num_bytes,
            )
            for cell, stepper, num_bytes in zip(cells, steppers, memory, strict=True)
        ),
        regularization=cells[0].regularization,
        input_shape=shape,
        batch_size=batch_size,
        device=device.torch_device.type,
        notes=tuple(dict.fromkeys(notes)),
    )


def _cells(question: CostQuestion) -> list[RunSpec]:
    """A cell for every activation, the incumbent's first.

    Raises:
        SpecError: if there is no such model, activation or width, or one stands there twice.
    """
    if not 0 < question.width < math.inf:
        raise SpecError(f"width={question.width:g}: expected a finite number above 0")
    is_own = resolve(question.model).is_own
    asked = [*activations.ACTIVATIONS] if question.activations is None else question.activations
    levels = list(dict.fromkeys((question.incumbent or asked[0], *asked)))
    known: dict[str, str] = {}
    for level in levels:
        other = known.setdefault(activations.resolve(level).canonical, level)
        if other != level and question.activations is not None:
            raise SpecError(f"activation {level} is {other}; leave one of them out")
    return [
        RunSpec(
            dataset="random",
            model=question.model,
            regularization=question.regularization or ("own" if is_own else "bn"),
            activation=level,
            width=question.width,
            seed=0,
            train=TrainSpec(init="own" if is_own else "he"),
        )
        for level in known.values()
    ]


def _usual_batch_size(shape: tuple[int, int, int]) -> int:
    """128, or as many images as have the pixels of 128 of 64 x 64."""
    return max(
        2, min(_USUAL_BATCH_SIZE, _USUAL_BATCH_SIZE * _USUAL_PIXELS // (shape[1] * shape[2]))
    )


def _network(
    cell: RunSpec,
    question: CostQuestion,
    shape: tuple[int, int, int],
    device: Device,
    notes: list[str],
) -> nn.Module:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ModelWarning)
        network = initial_network(cell, input_shape=shape, num_classes=question.num_classes)
    notes += [str(w.message) for w in caught if issubclass(w.category, ModelWarning)]
    network.to(device=device.torch_device, memory_format=device.torch_memory_format)  # type: ignore[call-overload]
    if not device.is_cuda:
        guard_narrow_convolutions(network)
    return network.train()


def _share_weights(network: nn.Module, first: nn.Module) -> None:
    """Let parameters be those of ``first``, but for those of activations."""
    shared = dict(first.named_parameters())
    own = {id(p) for m in network.modules() if is_activation(m) for p in m.parameters()}
    for name, parameter in network.named_parameters():
        if id(parameter) not in own and name in shared and shared[name].shape == parameter.shape:
            parameter.data = shared[name].data


def _memory_bytes(stepper: _Stepper, x_NCHW: Tensor, labels_N: Tensor) -> int:
    """Of parameters, buffers, the batch, and all that one step holds at once, gradients included.

    The first of two steps makes what every later one finds; both are no part of the times.
    """
    stepper.step(x_NCHW, labels_N)
    device = stepper.device.torch_device
    state = [*stepper.network.parameters(), *stepper.network.buffers(), x_NCHW, labels_N]
    before = sum(tensor.numel() * tensor.element_size() for tensor in state)
    if stepper.device.is_cuda:
        torch.cuda.reset_peak_memory_stats(device)
        held = torch.cuda.memory_allocated(device)
        stepper.step(x_NCHW, labels_N)
        most = torch.cuda.max_memory_allocated(device) - held
    else:
        most = _most_allocated(lambda: stepper.step(x_NCHW, labels_N))
    stepper.forward_seconds.clear()
    stepper.backward_seconds.clear()
    return before + most


def _most_allocated(action: Callable[[], None]) -> int:
    """Bytes that torch's allocator on the CPU held at most, beyond those before ``action``."""
    with torch.autograd.profiler.profile(profile_memory=True, use_kineto=True) as found:
        action()
    held = most = 0
    for event in found.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most


def _take_turns(
    steppers: list[_Stepper], x_NCHW: Tensor, labels_N: Tensor, on_round: Callable[[Round], None]
) -> None:
    started = time.monotonic()
    for number in range(1, MOST_ROUNDS + 1):
        for stepper in steppers if number % 2 else reversed(steppers):
            stepper.step(x_NCHW, labels_N)
        seconds = time.monotonic() - started
        on_round(Round(done=number, most=MOST_ROUNDS))
        if are_enough(number, seconds):
            return
