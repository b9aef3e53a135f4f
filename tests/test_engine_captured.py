"""What a captured step needs, held on the CPU: one set of places, and nothing read on the host."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from actwise.engine.captured import CapturedStep
from made_runs import made_epoch
from small_runs import make_spec, make_training

EVERYTHING = "bn+dropout(0.1)+dropconnect(0.1)+flip+crop(1)+cutout(2)+mixup(0.5)+smooth"
HOST_READS = {
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.equal.default,
}


class Watch(TorchDispatchMode):
    """Notes what operations read that none of them has made, and values read on the host."""

    def __init__(self) -> None:
        super().__init__()
        self.from_outside: set[int] = set()
        self.host_reads: list[str] = []
        self._made: dict[int, Tensor] = {}

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        if func in HOST_READS:
            self.host_reads.append(str(func))
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


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_step_finds_everything_where_the_step_before_found_it(optimizer: str) -> None:
    spec = make_spec(
        regularization=EVERYTHING, activation="rrelu", optimizer=optimizer, learning_rate=0.01
    )
    training = make_training(spec)
    places = []
    for epoch in (1, 2):
        for _ in range(3):
            with Watch() as watch:
                training.whole_step()
            places.append(watch.from_outside)
            assert watch.host_reads == []
        training.end_epoch(made_epoch(epoch))
    # The first step makes the optimizer's memory and the masks.
    assert len(places[1]) > 10
    assert all(step == places[1] for step in places[2:])


def test_the_watch_sees_a_value_that_is_read_on_the_host() -> None:
    training = make_training(make_spec(activation="users_code:reads_on_the_host"))
    with Watch() as watch:
        training.whole_step()
    assert watch.host_reads


def test_on_the_cpu_steps_are_taken_one_by_one() -> None:
    calls: list[int] = []
    step = CapturedStep(lambda: calls.append(1), device=torch.device("cpu"), generators=[])
    for _ in range(5):
        step()
    assert len(calls) == 5
    assert not step.is_captured
