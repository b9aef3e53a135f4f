"""What is known of each tensor while a model runs: where it comes from, and what it is.

From it follow the roles of sites, the axis of their channels, and whether a site that works in
place is seen by others than those it returns to.
"""

import enum
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from . import functions as f
from .nested import tensors
from .site import Role


class Descent(enum.Flag):
    """What a tensor was computed from."""

    INPUT = enum.auto()
    PARAMETER = enum.auto()
    CONSTANT = enum.auto()  # buffers too


class Marked(Protocol):
    """What the flow notes of a site."""

    activation: str
    role: Role
    is_bounded: bool
    is_inline: bool
    is_aliased: bool

    @property
    def is_limit(self) -> bool:
        """Whether it is written ``x.clamp(min=0)``."""


@dataclass(frozen=True, eq=False)
class Trace:
    """What is known of one tensor.

    Attributes:
        source: All that it was computed from.
        origin: The same object for tensors that are elementwise functions of one tensor.
        marks: Sites whose values it holds, at most scaled and shifted by numbers.
        inside: Sites that it was computed by since its origin.
        axis: Which axis holds the channels, if that is known.
        stamp: When it was made.
        weight: The weight of the convolution or linear layer whose product it still is.
        depth: Layers and sites on the longest way to it.
    """

    source: Descent
    origin: object
    marks: tuple[Marked, ...] = ()
    inside: frozenset[Marked] = frozenset()
    axis: int | None = None
    stamp: int = 0
    weight: nn.Parameter | None = None
    depth: int = 0


class Flow:
    """The traces of one forward pass. It keeps no tensor alive.

    Args:
        model: What runs.
        inputs: What it is given.
        other_uses: Gets the weights whose products are used by more than sites.
    """

    def __init__(
        self, model: nn.Module, inputs: Iterable[Tensor], other_uses: set[nn.Parameter]
    ) -> None:
        self._other_uses = other_uses
        self._traces = WeakTensorKeyDictionary()
        self._now = 0
        self._overwritten: dict[int, tuple[int, Marked]] = {}
        for buffer in model.buffers():
            self._traces[buffer] = Trace(Descent.CONSTANT, object())
        for tensor in inputs:
            axis = 1 if tensor.dim() > 3 else None
            self._traces[tensor] = Trace(Descent.INPUT, object(), axis=axis)

    def trace(self, tensor: Tensor) -> Trace:
        """What is known of a tensor; one of unknown descent is taken for a hidden value."""
        known: Trace | None = self._traces.get(tensor)  # type: ignore[no-untyped-call]
        if known is None:
            is_parameter = isinstance(tensor, nn.Parameter)
            source = Descent.PARAMETER if is_parameter else Descent.INPUT | Descent.PARAMETER
            known = Trace(source, object())
            self._traces[tensor] = known
        return known

    def follow(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        """Note what a torch function, by its plain name, made of its arguments."""
        given = list(tensors((args, kwargs)))
        made = given[:1] if name == "__setitem__" else list(tensors(out))
        if not made:
            return
        self._now += 1
        for tensor in given:
            self._note_use(tensor)
        traces = [self.trace(tensor) for tensor in given]
        if name in f.PRODUCTS | f.MIXTURES and len(given) == 2:
            self._multiply(given, traces, is_elementwise=name in f.PRODUCTS)
        for trace in traces[:1] if name in f.ROOTS else traces[1:2] if name in f.QUOTIENTS else ():
            for site in trace.marks:
                if site.is_limit:  # of a variance or a distance: no feature
                    site.role = "gate"
        if name not in f.SAME_VALUES:
            self._other_uses.update(t.weight for t in traces if t.weight is not None)
        for tensor in made:
            self._traces[tensor] = self._derived(name, args, kwargs, given, traces, tensor)

    def mark(self, site: Marked, x: Tensor, out: Tensor) -> None:
        """Note that ``out`` is a site's result for ``x``."""
        self._now += 1
        self._note_use(x)
        before = self.trace(x)
        deeper = replace(before, depth=before.depth + 1, stamp=self._now, weight=None)
        self._traces[out] = replace(deeper, marks=(site,), inside=before.inside | {site})

    def mark_overwritten(self, site: Marked, x: Tensor) -> Tensor:
        """Note that a site wrote into ``x``, and give a new name to what it returns.

        Whoever uses the memory by a name from before needs the site to write into it.
        """
        storage = _storage(x)
        if storage is None:
            return x
        self._now += 1
        self._overwritten[storage] = (self._now, site)
        alias = x.view_as(x)
        self._traces[alias] = replace(self.trace(x), stamp=self._now)
        return alias

    def finish(self, returned: Iterable[Tensor]) -> None:
        """Note what the model returned."""
        for tensor in returned:
            self._note_use(tensor)
            if (weight := self.trace(tensor).weight) is not None:
                self._other_uses.add(weight)
            for site in self.trace(tensor).marks:
                if site.is_bounded and site.role == "activation":
                    site.role = "output"

    def _note_use(self, tensor: Tensor) -> None:
        if not self._overwritten or (storage := _storage(tensor)) not in self._overwritten:
            return
        when, site = self._overwritten[storage]
        if self.trace(tensor).stamp < when:
            site.is_aliased = True

    def _multiply(self, given: list[Tensor], traces: list[Trace], *, is_elementwise: bool) -> None:
        """A product of two tensors tells what their sites are for."""
        if min(tensor.dim() for tensor in given) == 0:
            return
        for one, other in (traces, traces[::-1]):
            is_scaling = Descent.INPUT in one.source and Descent.INPUT not in other.source
            if one.origin is other.origin and is_elementwise:
                # What one of them went through alone is a part of a formula: x * sigmoid(x).
                for site in one.inside ^ other.inside:
                    site.is_inline = True
                continue
            for site in () if is_scaling else one.marks:
                if site.role != "activation":
                    continue
                if site.is_bounded:
                    site.role = "gate"
                elif is_elementwise and not any(m.is_bounded for m in other.marks):
                    site.role = "glu"

    def _derived(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        given: list[Tensor],
        traces: list[Trace],
        out: Tensor,
    ) -> Trace:
        if not traces:
            return Trace(Descent.CONSTANT, object(), stamp=self._now)
        source = traces[0].source
        for trace in traces[1:]:
            source |= trace.source
        known = zip(given, traces, strict=True)
        has_constant = any(t.source == Descent.CONSTANT and x.is_floating_point() for x, t in known)
        if name in f.LAYERS and Descent.INPUT in source and has_constant:
            source |= Descent.PARAMETER  # weights, although they are kept in a buffer
        large = [trace for tensor, trace in zip(given, traces, strict=True) if tensor.dim()]
        is_of_one = len({id(trace.origin) for trace in large}) == 1
        is_elementwise = is_of_one and (name in f.ELEMENTWISE or name in f.CASTS)
        return Trace(
            source,
            large[0].origin if is_elementwise else object(),
            marks=_marks_after(name, large, traces),
            inside=frozenset(s for t in large for s in t.inside if is_elementwise),
            axis=_axis_after(name, args, kwargs, given, traces, out),
            stamp=self._now,
            weight=_weight_after(name, given, traces),
            depth=max(t.depth for t in traces) + (name in f.LAYERS | f.FUSED),
        )


def _storage(tensor: Tensor) -> int | None:
    try:
        address: int = tensor.untyped_storage()._cdata
        return address
    except (NotImplementedError, RuntimeError):  # sparse tensors and the like have none
        return None


def _marks_after(name: str, large: list[Trace], traces: list[Trace]) -> tuple[Marked, ...]:
    """Sites whose values a result holds: through views and by scaling with numbers or constants."""
    if name in f.SAME_VALUES or name in f.QUOTIENTS:
        return traces[0].marks
    if name in ("cat", "concat", "stack") and all(trace.marks for trace in traces):
        return tuple(dict.fromkeys(mark for trace in traces for mark in trace.marks))
    varying = [trace for trace in large if Descent.INPUT in trace.source] or large
    return varying[0].marks if name in f.SCALING and len(varying) == 1 else ()


def _weight_after(name: str, given: list[Tensor], traces: list[Trace]) -> nn.Parameter | None:
    if name in f.WEIGHTED and len(given) > 1 and isinstance(given[1], nn.Parameter):
        return given[1]
    return traces[0].weight if name in f.SAME_VALUES else None


def _axis_after(
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    given: list[Tensor],
    traces: list[Trace],
    out: Tensor,
) -> int | None:
    """Where the channels are after a function, from where they were before."""
    last = out.dim() - 1
    if last < 1:
        return None
    if name in f.CHANNELS_FIRST and last > 0:
        spatial = re.search(r"[123](?=d$)", name)  # a single image may have no axis before
        return last - int(spatial.group()) if spatial else 1
    if name == "layer_norm" and len(kwargs.get("normalized_shape", args[1:2] and args[1])) > 1:
        return traces[0].axis
    if name in f.CHANNELS_LAST:
        return last
    known = next(
        ((x, trace.axis) for x, trace in zip(given, traces, strict=True) if trace.axis is not None),
        None,
    )
    if known is None:
        return None
    x, axis = known
    if axis is None or axis >= x.dim():
        return None
    if name in f.MOVED:
        return _moved(name, args, kwargs, x, axis)
    if name in f.SAME_VALUES and x.numel() == out.numel() and x.shape != out.shape:
        return _reshaped(x.shape, axis, out.shape)
    if x.dim() == out.dim():
        return axis
    if axis == x.dim() - 1:
        return last
    return axis if axis < last or out.shape[last] == x.shape[axis] else last


def _moved(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], x: Tensor, axis: int
) -> int | None:
    """By moving the axes of a tensor without memory whose sizes say which axis is which."""
    sizes = torch.empty(tuple(range(2, x.dim() + 2)), device="meta")
    moved = getattr(torch.Tensor, name)(sizes, *args[1:], **kwargs)
    found: list[int] = [k for k, size in enumerate(moved.shape) if size == axis + 2]
    return found[0] if found else None


def _reshaped(before: torch.Size, axis: int, after: torch.Size) -> int | None:
    """The axis that the innermost channels lie in, by how many elements lie further in."""
    inner = math.prod(before[axis + 1 :])
    within = 1
    for k in range(len(after) - 1, -1, -1):
        if within <= inner < within * after[k]:
            return k
        within *= after[k]
    return min(axis, len(after) - 1)
