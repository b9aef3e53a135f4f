"""Looking at a model while it evaluates: every site, every batch norm, every addition.

Legend: B images of a batch, C channels.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.nn import functional as F

from ..surgery.finding import Descent, FoundSite, Recorder, operation
from ..usercode import describe_fault
from .slopes import Computes, Ends, limits, value_and_slope
from .units import AddedSums, NormSums, UnitSums, by_unit

_ADDITIONS = frozenset(("add", "__add__", "__radd__", "__iadd__"))


@dataclass(eq=False)
class SiteSums:
    """What is summed of one site.

    Attributes:
        parts: The units and the limits of the function, for each channel count, number of
            dimensions and axis of the channels that it was called with.
        images: How many reached it.
        gradient_square: Sum of the squares of the gradient of every image's loss.
        has_gradient: Whether there was one in every call.
        fault: Why slopes are unknown, or why nothing is known.
        parameters: Those of the activation, by name.
    """

    parts: dict[tuple[int, int, int], tuple[UnitSums, Ends]] = field(default_factory=dict)
    images: int = 0
    gradient_square: float = 0.0
    has_gradient: bool = True
    fault: str = ""
    parameters: dict[str, nn.Parameter] = field(default_factory=dict)


class SiteEdge(NamedTuple):
    """Where the gradient of one call's input arrives.

    Attributes:
        sums: Of the site.
        edge: Of the input; of what it is a view of, if the site writes into a view.
        places: Where the input lies in that; None if it is all of it.
    """

    sums: SiteSums
    edge: GradientEdge
    places: Tensor | None

    def add(self, gradient: Tensor) -> None:
        """Add one that arrived."""
        part = gradient if self.places is None else gradient.flatten()[self.places]
        self.sums.gradient_square += part.double().square().sum().item()


@dataclass
class _Coming:
    """The site that is about to run: what it computes, on what, and where its gradient is.

    Attributes:
        z: A copy of ``x`` from before.
        version: How often ``x`` had been written to.
        edge, base_edge: Of ``x`` and of what it is a view of.
    """

    function: Computes
    tensors: tuple[Any, ...]
    x: Tensor
    z: Tensor
    version: int
    edge: GradientEdge | None
    base_edge: GradientEdge | None

    def site_edge(self, sums: SiteSums) -> SiteEdge | None:
        """Where the gradient arrives, once the site has run.

        What is written into a view has a new history that goes through its base alone.
        """
        edge, places, base = self.edge, None, self.x._base
        if base is not None and self.x._version > self.version:
            edge, places = self.base_edge, _places(self.x, base)
        return None if edge is None else SiteEdge(sums, edge, places)


class Watch(Recorder):
    """Sums up what passes in evaluation mode, batch after batch.

    Attributes:
        sites, norms, additions: In the order of first calls.
        edges: Of the batch at hand, where gradients are wanted.
    """

    def __init__(self, known: Recorder) -> None:
        """``known``: an audit of the model, whose sites these are."""
        super().__init__(known.model)
        self.found.update(known.found)
        self.sites: dict[FoundSite, SiteSums] = {}
        self.norms: dict[str, NormSums] = {}
        self.additions: dict[str, AddedSums] = {}
        self.edges: list[SiteEdge] = []
        self._coming: _Coming | None = None
        self._num_images = 0
        self._reached: set[FoundSite] = set()
        self._buffers = {
            id(buffer): name.removesuffix(".running_var")
            for name, buffer in self.model.named_buffers()
        }
        self._parameters = {id(value): name for name, value in self.model.named_parameters()}

    def begin(self, num_images: int) -> None:
        """A batch of so many images comes."""
        self._num_images = num_images
        self._reached.clear()
        self.edges.clear()

    def add_gradients(self, gradients: tuple[Tensor | None, ...]) -> None:
        """Add those of the batch at hand, in the order of :attr:`edges`."""
        for edge, gradient in zip(self.edges, gradients, strict=True):
            if gradient is not None:
                edge.add(gradient)

    def before_call(
        self, function: Callable[..., Any], args: Any, kwargs: Any, *, is_site: bool
    ) -> None:
        """Keep what a site is given, before it may write into it; add up norms and additions."""
        if is_site:
            self._coming = _coming(function, args, kwargs)
        elif function is F.batch_norm:
            self._add_norm(*args, **kwargs)
        elif operation(function) in _ADDITIONS and len(args) == 2:
            self._add_addition(args[0], args[1], kwargs.get("alpha", 1))

    def after_site(self, site: FoundSite, out: Tensor, axis: int) -> None:
        """Add one call of a site; its axis may be another in each."""
        coming, self._coming = self._coming, None
        sums = self.sites.setdefault(site, SiteSums())
        if site not in self._reached:
            self._reached.add(site)
            sums.images += self._num_images
        if coming is None or not coming.z.is_floating_point():
            sums.fault = sums.fault or f"it computes on {out.dtype}".replace("torch.", "")
            return
        edge = coming.site_edge(sums)
        sums.has_gradient &= edge is not None
        if edge is not None:
            self.edges.append(edge)
        if not sums.parts:
            self._note_parameters(site, sums, coming)
        self._is_trying = True
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._add_call(site, sums, coming, out, axis)
        finally:
            self._is_trying = False

    def _add_call(
        self, site: FoundSite, sums: SiteSums, coming: _Coming, out: Tensor, axis: int
    ) -> None:
        z, f = coming.z, out.detach()
        slope = saturated = None
        is_elementwise = site.role != "softmax" and f.shape == z.shape and not sums.fault
        if is_elementwise:
            try:
                f, slope = value_and_slope(coming.function, z, is_inplace=site.is_inplace)
            except Exception as error:  # of a user's function, whatever it is
                sums.fault = f"its slope cannot be computed: {describe_fault(error)}"
        axis = max(0, min(axis, f.dim() - 1))
        part = (f.shape[axis] if f.dim() else 1, f.dim(), axis)
        if part not in sums.parts:
            known = Ends(None, None)
            if slope is not None:
                known = limits(coming.function, z, axis, is_inplace=site.is_inplace)
            sums.parts[part] = UnitSums(), known
        units, known = sums.parts[part]
        if slope is not None:
            saturated = known.are_reached(f, slope)
        if f.numel():
            is_by_image = f.dim() > 1 and not len(f) % self._num_images
            units.add(
                z if f.shape == z.shape else None,
                f,
                slope,
                saturated,
                axis,
                is_by_image=is_by_image,
            )

    def _note_parameters(self, site: FoundSite, sums: SiteSums, coming: _Coming) -> None:
        if site.module is not None:
            sums.parameters = dict(site.module.named_parameters())
        for value in coming.tensors:
            if id(value) in self._parameters:
                sums.parameters[self._parameters[id(value)]] = value

    @torch.no_grad()
    def _add_norm(
        self,
        x: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        *others: Any,
        eps: float = 1e-5,
        **_: Any,
    ) -> None:
        if running_mean is None or running_var is None or not x.numel():
            return
        owner = self._owner()
        path = self.paths.get(owner, "") if owner is not None else ""
        name = self._buffers.get(id(running_var), path)
        means = running_mean.detach().double(), running_var.detach().double()
        sums = self.norms.setdefault(name, NormSums(*means, others[4] if len(others) > 4 else eps))
        sums.seen.add(by_unit(x.detach(), 1))

    @torch.no_grad()
    def _add_addition(self, a: Any, b: Any, alpha: float) -> None:
        """Add up an addition of two ways of which one is the longer."""
        owner = self._stack[-1] if self._stack else None
        if owner is None or not isinstance(a, Tensor) or not isinstance(b, Tensor):
            return
        if a.shape != b.shape or a.dim() < 2:
            return
        if not (a.is_floating_point() and b.is_floating_point()):
            return
        ways = [(self._flow.trace(x), x.detach().double()) for x in (a, b)]
        ways[1] = ways[1][0], ways[1][1] * alpha
        (one, _), (other, _) = ways
        if one.depth == other.depth or not (one.source & other.source & Descent.INPUT):
            return
        owner.num_sums += 1
        number = f"+{owner.num_sums}" if owner.num_sums > 1 else ""
        sums = self.additions.setdefault(self.paths.get(owner.module, "") + number, AddedSums())
        shorter, longer = (x for _, x in sorted(ways, key=lambda way: way[0].depth))
        for place, part in enumerate((shorter, longer, shorter + longer)):
            sums.squares[place] += part.square().sum().item()
        sums.num_values += a.numel()


def _coming(function: Callable[..., Any], args: Any, kwargs: Any) -> _Coming | None:
    x = args[0] if args else kwargs.get("input")
    if not isinstance(x, Tensor):
        return None
    others = {name: value for name, value in kwargs.items() if name not in ("input", "out")}
    rest = tuple(args[1:])
    called = partial(_called, function, rest, others)
    # The base of a view of other numbers, as of the parts of complex ones, has no such places.
    base = x._base if x._base is not None and x._base.dtype == x.dtype else None
    return _Coming(
        function=called,
        tensors=(*rest, *others.values()),
        x=x,
        z=x.detach().clone(),
        version=x._version,
        edge=_edge(x),
        base_edge=_edge(base),
    )


def _edge(x: Tensor | None) -> GradientEdge | None:
    return get_gradient_edge(x) if x is not None and x.requires_grad else None


def _places(view: Tensor, base: Tensor) -> Tensor | None:
    """Where a view's values lie in its base, flattened; None if it shows all of them."""
    if view.numel() == base.numel():
        return None
    places = torch.arange(base.numel(), device=base.device).view(base.shape)
    laid = torch.empty_strided(base.size(), base.stride(), dtype=places.dtype, device=base.device)
    offset = view.storage_offset() - base.storage_offset()
    return laid.copy_(places).as_strided(view.size(), view.stride(), offset).flatten()


def _called(
    function: Callable[..., Any], rest: tuple[Any, ...], others: dict[str, Any], x: Tensor
) -> Tensor:
    value: Tensor = function(x, *rest, **others)
    return value
