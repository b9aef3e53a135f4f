"""A step that costs the host nothing: recorded once as a CUDA graph, then replayed.

A step of a small network is hundreds of kernels that each take less time than their launch. What
a graph replays are the same kernels on the same addresses, so a step must keep its inputs and its
state in place, read nothing on the host, and take its batch number and its learning rate from the
device; the tests hold the step to that on the CPU too.
"""

import sys
from collections.abc import Callable, Sequence

import torch

NUM_WARMUP_STEPS = 3
"""Steps taken one kernel at a time before the capture: they make the optimizer's memory, choose
cuDNN's algorithms and compile what is compiled."""


class CapturedStep:
    """Calls ``step``; on CUDA from the fourth call on as one graph.

    A step that cannot be captured (a user's module that reads a value on the host, say) goes on
    uncaptured, and the run's log says why. The numbers are those of the same kernels either way.
    """

    def __init__(
        self,
        step: Callable[[], None],
        *,
        device: torch.device,
        generators: Sequence[torch.Generator],
    ) -> None:
        """``generators``: those that the step draws from, besides torch's own."""
        self._step = step
        self._device = device
        self._generators = generators
        self._num_calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._is_refused = device.type != "cuda"

    @property
    def is_captured(self) -> bool:
        """Whether calls replay a graph by now."""
        return self._graph is not None

    def __call__(self) -> None:
        """Take one step; on CUDA without waiting for it."""
        if self._graph is not None:
            self._graph.replay()
        elif self._is_refused:
            self._step()
        elif self._num_calls < NUM_WARMUP_STEPS:
            self._num_calls += 1
            self._warm_up()
        else:
            self._graph = self._capture()
            self()

    def _warm_up(self) -> None:
        """On a stream of its own, as autograd's buffers must not belong to the default stream."""
        current = torch.cuda.current_stream(self._device)
        aside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            self._step()
        current.wait_stream(aside)

    def _capture(self) -> torch.cuda.CUDAGraph | None:
        """Record a step without taking it; None where that is impossible."""
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        try:
            # Other threads of this process may go on using the device.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._step()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self._is_refused = True
            sys.stderr.write(f"steps are not captured as a CUDA graph: {error}\n")
            return None
        return graph
