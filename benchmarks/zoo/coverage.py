"""What an audit and a swap make of one network: on the meta device, or by its bits."""

import copy
import pickle
import time
import warnings
from collections import Counter
from typing import NamedTuple

import torch
from torch import Tensor, nn

import actwise as aw
from actwise.activations import ACTIVATIONS
from actwise.errors import ModelWarning
from actwise.surgery import Site
from benchmarks.zoo.networks import Entry, build


class Coverage(NamedTuple):
    """One line of the table.

    Attributes:
        sites: How many by (kind, role).
        unseen: How many calls and modules run unseen.
        misses: Why a site was not replaced, by its name.
        is_undone: Whether ``undo`` gave the same modules, classes and state.
    """

    network: str
    sites: Counter[tuple[str, str]]
    unseen: int
    replaced: int
    misses: dict[str, str]
    is_undone: bool
    seconds: float
    warnings: tuple[str, ...] = ()


class Bits(NamedTuple):
    """What stays of a real network when its activations are replaced by themselves.

    Attributes:
        replaced: How many sites.
        has_same_bits: In eval and in train mode, buffers included.
        is_copied: Whether a deep copy and a pickle compute the same.
        num_moved: Slopes that a first step moved after a swap to PReLU, of all.
        num_slopes: All slopes.
    """

    network: str
    replaced: int
    has_same_bits: bool
    is_copied: bool
    num_moved: int
    num_slopes: int


class Graphs(NamedTuple):
    """What torch's compilers make of a real network with every call swapped.

    Attributes:
        is_compiled: Whether ``torch.compile(fullgraph=True)`` compiles it.
        is_exported: Whether ``torch.export`` exports it.
    """

    is_compiled: bool
    is_exported: bool


def coverage(entry: Entry, *, level: str = "prelu") -> Coverage:
    """Audit, swap to ``level`` and undo, on the meta device: no memory, no arithmetic."""
    start = time.perf_counter()
    network, size = build(entry, device="meta")
    before = _structure(network)
    report = aw.swap(network, level, example=torch.zeros(1, 3, size, size, device="meta"))
    report.undo()
    return Coverage(
        network=str(entry),
        sites=Counter((site.kind, site.role) for site in report.audit),
        unseen=len(report.audit.unseen),
        replaced=len(report.replaced),
        misses={str(miss.site): miss.reason for miss in report.missed},
        is_undone=_structure(network) == before,
        seconds=time.perf_counter() - start,
        warnings=report.warnings,
    )


def bits(entry: Entry, *, size: int) -> Bits:
    """Replace each activation of a real network by itself, and compare all that it computes."""
    torch.manual_seed(0)
    network, _ = build(entry, device="cpu")
    x = torch.randn(2, 3, size, size)
    original = copy.deepcopy(network)
    num_replaced = replace_by_itself(network, x)
    expected = outputs(copy.deepcopy(original), x)
    copies = copy.deepcopy(network), pickle.loads(pickle.dumps(network))
    moved, slopes = moved_slopes(original, x)
    return Bits(
        network=str(entry),
        replaced=num_replaced,
        has_same_bits=are_equal(outputs(copy.deepcopy(network), x), expected),
        is_copied=all(are_equal(outputs(twin, x), expected) for twin in copies),
        num_moved=moved,
        num_slopes=slopes,
    )


def graphs(entry: Entry, *, size: int) -> Graphs:
    """Swap a real network to ELU, then compile and export it."""
    torch.manual_seed(0)
    network, _ = build(entry, device="cpu")
    x = torch.randn(2, 3, size, size)
    aw.swap(network, "elu", example=x)
    network.eval()
    return Graphs(compiles(network, x), exports(network, x))


def replace_by_itself(network: nn.Module, x: Tensor) -> int:
    """Put the activations that our table has in their own places; gives how many."""
    known = {site.activation for site in aw.audit(network, x) if site.is_activation}
    count = 0
    for level in sorted(known & {*ACTIVATIONS}):

        def is_one(site: Site, level: str = level) -> bool:
            return site.is_activation and site.activation == level

        report = aw.swap(network, level, example=x, include=is_one)
        assert not report.missed, report.missed
        count += len(report.replaced)
    return count


def outputs(network: nn.Module, x: Tensor) -> list[Tensor]:
    """What a network gives in eval and in train mode, and its buffers after that."""
    made: list[Tensor] = []
    for is_training in (False, True):
        network.train(is_training)
        torch.manual_seed(1)
        out = network(x)
        made += [out] if isinstance(out, Tensor) else [part for part in out if part is not None]
    return [*made, *network.buffers()]


def are_equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def compiles(network: nn.Module, x: Tensor) -> bool:
    """In one graph, whose code runs as it is: the compiler's back end is not ours to test."""
    torch.compiler.reset()
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    with torch.no_grad():
        is_same = torch.equal(compiled(x), network(x))
    torch.compiler.reset()
    return is_same


def exports(network: nn.Module, x: Tensor) -> bool:
    program = torch.export.export(network, (x,))
    with torch.no_grad():
        return torch.allclose(program.module()(x), network(x), atol=1e-5)


def moved_slopes(network: nn.Module, x: Tensor) -> tuple[int, int]:
    """How many slopes of how many a first step moves, after a swap to PReLU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        aw.swap(network, "prelu", example=x)
    *_, group = aw.parameter_groups(network)
    slopes = group["params"]
    before = [slope.detach().clone() for slope in slopes]
    out = network.train()(x)
    parts = [out] if isinstance(out, Tensor) else [part for part in out if part is not None]
    sum(part.square().sum() for part in parts).backward()
    torch.optim.SGD(slopes, lr=1.0).step()
    moved = sum(not torch.equal(*pair) for pair in zip(slopes, before, strict=True))
    return moved, len(slopes)


def _structure(network: nn.Module) -> list[object]:
    modules = [(name, id(module), type(module)) for name, module in network.named_modules()]
    return [
        *modules,
        *((name, id(value)) for name, value in network.state_dict(keep_vars=True).items()),
    ]
