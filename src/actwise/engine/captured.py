"""A step that costs the host nothing: recorded once as a CUDA graph, then replayed.

A step of a small network is hundreds of kernels that each take less time than their launch. What
a graph replays are the same kernels, on the same addresses and with the same numbers from the
host. So a step must keep its inputs and its state in place, read nothing on the host, and take
its batch number and its learning rate from the device; the tests hold ours to that on the CPU.

Nothing can hold users' code to it. What it keeps on the host (``random.random()``, a counter in
Python, a tensor of one value on the CPU) would be recorded as it stood at one step and never
change again, without an error. So runs with users' code are trained kernel by kernel.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache

import torch

from ..registry import parse_level
from ..regularization import Regularization
from ..spec import RunSpec

NUM_WARMUP_STEPS = 3
"""Steps taken one kernel at a time before the capture: they make the optimizer's memory, choose
cuDNN's algorithms and compile what is compiled."""


def runs_users_code(spec: RunSpec, regularization: Regularization) -> bool:
    """Whether a step of the run calls code that is not actwise's own."""
    levels = (
        parse_level(spec.model, kind="model"),
        parse_level(spec.activation, kind="activation"),
    )
    return any(level.is_user_code for level in levels) or bool(regularization.code_digests)


class CapturedStep:
    """Takes a step at every call; on CUDA from the fourth call on as one graph.

    A step that cannot be captured goes on kernel by kernel and draws the numbers that it would
    have drawn, and the run's log says why.
    """

    def __init__(
        self,
        *,
        device: torch.device,
        generators: Sequence[torch.Generator],
        has_users_code: bool,
    ) -> None:
        """``generators``: those that the step draws from, besides torch's own."""
        self._device = device
        self._generators = generators
        self._num_calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._is_wanted = device.type == "cuda" and not has_users_code
        if device.type == "cuda" and has_users_code:
            _note("what users' code keeps on the host would never change")

    @property
    def is_captured(self) -> bool:
        """Whether calls replay a graph by now."""
        return self._graph is not None

    def __call__(self, step: Callable[[], None]) -> None:
        """Take one step, the same one at every call; on CUDA without waiting for it.

        It is not kept: it holds the model, which has to be freed with the run.
        """
        if self._graph is not None:
            self._graph.replay()
        elif not self._is_wanted:
            step()
        elif self._num_calls < NUM_WARMUP_STEPS:
            self._num_calls += 1
            self._warm_up(step)
        else:
            self._graph = self._capture(step)
            self(step)

    def _warm_up(self, step: Callable[[], None]) -> None:
        """Where the capture will be, as autograd's buffers must not be the default stream's."""
        current, aside = torch.cuda.current_stream(self._device), _side_stream(self._device)
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            step()
        current.wait_stream(aside)

    def _capture(self, step: Callable[[], None]) -> torch.cuda.CUDAGraph | None:
        """Record a step without taking it; None where that is impossible."""
        graph, aside = torch.cuda.CUDAGraph(), _side_stream(self._device)
        generators = [torch.cuda.default_generators[aside.device_index], *self._generators]
        before = [generator.clone_state() for generator in generators]
        for generator in self._generators:
            graph.register_generator_state(generator)
        try:
            # After a fault `graph` raises on its way out, before it would leave the stream: hence
            # the outer context. Other threads of this process may go on using the device.
            with (
                torch.cuda.stream(aside),
                torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"),
            ):
                step()
        except RuntimeError as error:
            # A state that was being recorded may believe so for ever: each gets a new one.
            for generator, state in zip(generators, before, strict=True):
                generator.graphsafe_set_state(state)
            self._is_wanted = False
            _give_up(error)
            return None
        return graph


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """One for all runs of the process, since cuBLAS keeps a workspace for every stream it saw."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def _give_up(error: BaseException) -> None:
    """Say why a capture failed; raise what tells of too little memory.

    Not in the method that captures: an error that it names holds its frame, and with it the model,
    until Python looks for cycles.
    """
    cause = _first_error(error)
    if isinstance(cause, torch.OutOfMemoryError):
        raise cause from None
    _note(str(cause))


def _first_error(error: BaseException) -> BaseException:
    """What went wrong; that the capture could not be ended is only its consequence."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _note(reason: str) -> None:
    # A full disk must not turn a log into an accident.
    with suppress(OSError):
        sys.stderr.write(f"steps are not captured as a CUDA graph: {reason}\n")
