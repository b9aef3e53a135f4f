"""What a captured step needs, held on the CPU.

One set of places, the same numbers from the host at every step, and nothing read on the host.
"""

import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from actwise import regularization
from actwise.engine.captured import NUM_WARMUP_STEPS, CapturedStep, runs_users_code
from actwise.engine.optimizers import make_optimizer
from made.runs import made_epoch
from small_runs import make_model, make_spec, make_training

EVERYTHING = "bn+dropout(0.1)+dropconnect(0.1)+flip+crop(1)+cutout(2)+mixup(0.5)+smooth"
HOST_READS = {
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.equal.default,
}


class Watch(TorchDispatchMode):
    """Notes what a graph would freeze, and what it cannot do.

    Attributes:
        from_outside: Places that operations read and none of them has made.
        operations: Their names, each with all of its arguments that are no tensors.
        host_reads: Operations that hand a value to the host.
    """

    def __init__(self) -> None:
        super().__init__()
        self.from_outside: set[int] = set()
        self.operations: list[tuple[str, list[Any]]] = []
        self.host_reads: list[str] = []
        self._made: dict[int, Tensor] = {}

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        if func in HOST_READS:
            self.host_reads.append(str(func))
        # Script objects are the profiler's, which names the optimizer's steps.
        no_numbers = (Tensor, torch.ScriptObject)
        leaves = tree_leaves((args, kwargs))
        self.operations.append((str(func), [x for x in leaves if not isinstance(x, no_numbers)]))
        for tensor in tensors_of((args, kwargs)):
            # The bits of masks come from numpy on the CPU; on CUDA they are drawn there.
            if place_of(tensor) not in self._made and tensor.dtype != torch.int16:
                self.from_outside.add(place_of(tensor))
        results = func(*args, **(kwargs or {}))
        # Kept alive, so that no later tensor is taken for one of them.
        self._made.update(
            {place_of(t): t for t in tensors_of(results)} if not is_view(func) else {}
        )
        return results


def tensors_of(tree: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))


def place_of(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def is_view(func: Any) -> bool:
    """Whether the result lies where an argument does: views, and what is done in place."""
    return any(a.alias_info is not None for a in func._schema.arguments)


@pytest.mark.parametrize("schedule", ["cosine", "onecycle"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_step_differs_from_the_one_before_in_nothing_that_a_graph_would_freeze(
    optimizer: str, schedule: str
) -> None:
    spec = make_spec(
        regularization=EVERYTHING,
        activation="rrelu",
        optimizer=optimizer,
        schedule=schedule,
        learning_rate=0.01,
        gradient_clip=1.0,
    )
    training = make_training(spec)
    steps = []
    for epoch in (1, 2):
        for _ in range(3):
            with Watch() as watch:
                training.whole_step()
            steps.append(watch)
            assert watch.host_reads == []
        training.end_epoch(made_epoch(epoch))
    # The first step makes the optimizer's memory and the masks.
    _, second, *later = steps
    assert len(second.from_outside) > 10
    for step in later:
        assert step.from_outside == second.from_outside
        assert step.operations == second.operations


def test_the_watch_sees_a_learning_rate_that_comes_from_the_host() -> None:
    spec = make_spec()
    model = make_model(spec)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer = make_optimizer(model, spec.train)
    seen = []
    for rate in (0.1, 0.1, 0.05):
        optimizer.learning_rate = rate
        with Watch() as watch:
            optimizer.step()
        seen.append(watch.operations)
    assert seen[1] != seen[2]


def test_the_watch_sees_a_value_that_is_read_on_the_host() -> None:
    training = make_training(make_spec(activation="made.users_code:reads_on_the_host"))
    with Watch() as watch:
        training.whole_step()
    assert watch.host_reads


def test_on_the_cpu_steps_are_taken_one_by_one() -> None:
    calls: list[int] = []
    step = CapturedStep(device=torch.device("cpu"), generators=[], has_users_code=False)
    for _ in range(5):
        step(lambda: calls.append(1))
    assert len(calls) == 5
    assert not step.is_captured


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({}, False),
        ({"activation": "elu(0.5)", "regularization": EVERYTHING}, False),
        ({"activation": "made.users_code:draws"}, True),
        ({"model": "users_models:TwoLayers"}, True),
        ({"regularization": "bn+part_of_a_user:Idle"}, True),
    ],
)
def test_what_calls_users_code_is_known_by_its_levels(
    levels: dict[str, str], expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from actwise.regularization import Part\nclass Idle(Part): pass\n"
    (tmp_path / "part_of_a_user.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    spec = make_spec(**levels)
    level = regularization.resolve(spec.regularization)
    assert runs_users_code(spec, level) is expected


class FakeCuda:
    """What a capture asks of torch.cuda, without a device: stream, graph and generator at once."""

    device_index = 0

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_recording = False
        self.num_replays = 0
        self.registered: list[torch.Generator] = []
        patch.setattr("actwise.engine.captured._side_stream", self.itself)
        patch.setattr(torch.cuda, "current_stream", self.itself)
        patch.setattr(torch.cuda, "CUDAGraph", self.itself)
        patch.setattr(torch.cuda, "stream", self.entered)
        patch.setattr(torch.cuda, "graph", self.recording)
        patch.setattr(torch.cuda, "default_generators", [self])

    def itself(self, *_: Any) -> "FakeCuda":
        return self

    @contextmanager
    def entered(self, *_: Any) -> Iterator[None]:
        yield

    @contextmanager
    def recording(self, *_: Any, **__: Any) -> Iterator[None]:
        self.is_recording = True
        try:
            yield
        finally:
            self.is_recording = False

    def wait_stream(self, _: Any) -> None: ...

    def register_generator_state(self, generator: torch.Generator) -> None:
        self.registered.append(generator)

    def replay(self) -> None:
        self.num_replays += 1

    def clone_state(self) -> None: ...

    def graphsafe_set_state(self, _: Any) -> None: ...


def test_a_captured_step_is_recorded_once_and_then_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cuda, calls = FakeCuda(monkeypatch), list[bool]()
    of_masks = [torch.Generator(), torch.Generator()]
    captured = CapturedStep(device=torch.device("cuda"), generators=of_masks, has_users_code=False)
    for _ in range(NUM_WARMUP_STEPS + 4):
        captured(lambda: calls.append(cuda.is_recording))
    assert captured.is_captured and capsys.readouterr().err == ""
    assert calls == [*[False] * NUM_WARMUP_STEPS, True]
    assert cuda.num_replays == 4
    assert cuda.registered == of_masks


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_users_code_is_never_captured_and_on_cuda_the_log_says_why(
    device: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cuda, calls = FakeCuda(monkeypatch), list[bool]()
    captured = CapturedStep(device=torch.device(device), generators=[], has_users_code=True)
    for _ in range(NUM_WARMUP_STEPS + 2):
        captured(lambda: calls.append(cuda.is_recording))
    assert calls == [False] * (NUM_WARMUP_STEPS + 2) and not captured.is_captured
    assert capsys.readouterr().err == (
        "steps are not captured as a CUDA graph: "
        "what users' code keeps on the host would never change\n"
        if device == "cuda"
        else ""
    )


class Held:
    """Stands for a model."""

    def __init__(self) -> None:
        self.num_steps = 0


def step_of(held: Held, cuda: FakeCuda, failure: type[RuntimeError]) -> Callable[[], None]:
    def step() -> None:
        if cuda.is_recording:
            raise failure("on the host")
        held.num_steps += 1

    return step


def test_a_capture_that_fails_costs_no_step_and_frees_the_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cuda, held = FakeCuda(monkeypatch), Held()
    captured = CapturedStep(device=torch.device("cuda"), generators=[], has_users_code=False)
    step = step_of(held, cuda, RuntimeError)
    gc.disable()
    try:
        for _ in range(NUM_WARMUP_STEPS + 2):
            captured(step)
        assert held.num_steps == NUM_WARMUP_STEPS + 2
        assert capsys.readouterr().err.count("on the host") == 1
        freed = weakref.ref(held)
        del held, step
        assert freed() is None
    finally:
        gc.enable()


def test_too_little_memory_for_a_capture_is_no_reason_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = FakeCuda(monkeypatch)
    captured = CapturedStep(device=torch.device("cuda"), generators=[], has_users_code=False)
    step = step_of(Held(), cuda, torch.OutOfMemoryError)
    for _ in range(NUM_WARMUP_STEPS):
        captured(step)
    with pytest.raises(torch.OutOfMemoryError):
        captured(step)
