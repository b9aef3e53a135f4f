"""Watching one model run: every call of an activation, by whom and where."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode

from . import functions as f
from .by_hand import CANDIDATES, is_by_hand
from .elementwise import Elementwise
from .flow import Flow
from .found import FoundSite, PlaceKey, SiteKey
from .nested import tensors
from .places import Place, caller, checked, place_of
from .roles import role_by_descent
from .site import Unseen


@dataclass
class _Running:
    """A module whose forward runs.

    Attributes:
        activation: What it computes; None unless it is an activation.
        version: How often its input had been written to when it began.
        num_sums: How many additions it has made of its own; counted by those who look at them.
        only_call: The activation that it calls with its own input, and what that gave.
    """

    module: nn.Module
    activation: str | None = None
    is_bounded: bool = False
    place: Place | None = None
    input: Tensor | None = None
    is_users: bool = False
    version: int = 0
    num_sums: int = 0
    only_call: tuple[str, Tensor] | None = None


class Recorder(TorchFunctionMode):
    """Finds the sites of the forward passes that run while it is active.

    Attributes:
        paths: The first path of each module.
        found: Sites in the order of their first call.
        unseen: What ran unseen.
        called: Modules called from each place.
        other_uses: Weights whose products are used by more than sites.
        phase: What the calls count for: ``eval`` or ``train``.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.paths = {module: name for name, module in reversed([*model.named_modules()])}
        self.found: dict[SiteKey, FoundSite] = {}
        self.unseen: dict[Unseen, None] = {}
        self.called: dict[PlaceKey, set[nn.Module]] = defaultdict(set)
        self.phase: str
        self._has_parameters = any(True for _ in model.parameters())
        self._elementwise = Elementwise()
        self._stack: list[_Running] = []
        self._within: int  # how many activation modules run, one inside the other
        self._is_trying = False  # a module for the sake of knowing it
        self.other_uses: set[nn.Parameter] = set()
        self._flow: Flow

    @contextmanager
    def watching(self, phase: str, inputs: Any) -> Iterator[None]:
        """Record one forward pass; give :meth:`returned` what it returned."""
        self.phase = phase
        self._stack.clear()
        self._within = 0
        self._flow = Flow(self.model, tensors(inputs), self.other_uses)
        before = register_module_forward_pre_hook(self._before)
        after = register_module_forward_hook(self._after, always_call=True)
        try:
            with self:
                yield
        finally:
            before.remove()
            after.remove()
            self._flow = Flow(self.model, (), self.other_uses)

    def returned(self, out: Any) -> None:
        """Note what the pass returned."""
        self._flow.finish(tensors(out))

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = f.operation(func)
        if self._within:
            out = func(*args, **kwargs)
            self._note_only_call(name, args, kwargs, out)
            return out
        x = f.input_of(args, kwargs)
        activation = f.called_activation(name, args, kwargs)
        self.before_call(func, args, kwargs, is_site=activation is not None)
        version = _version(x)
        out = func(*args, **kwargs)
        if name in f.FUSED:
            self.unseen[Unseen(self._running_path(), name)] = None
        direct = sys._getframe(1)
        if activation is None or x is None or not isinstance(out, torch.Tensor):
            if name in CANDIDATES:
                self._note_by_hand(name, args, kwargs, direct)
            self._flow.follow(name, args, kwargs, out)
            return out
        frame = caller(direct)
        assert frame is not None
        place = place_of(frame, modules=self.paths, running=self._owner())
        if torch._C._functorch.is_batchedtensor(x):  # one sample, or a part: no axis is known
            what = f"{activation} at {place.said}, inside torch.vmap"
            self.unseen[Unseen(self._running_path(), what)] = None
            return out
        site = self.found.get((0, place.key)) or FoundSite(
            place=checked(place, frame),
            module=None,
            activation=activation,
            role="softmax" if name in f.SOFTMAX else "activation",
            is_bounded=name in f.BOUNDED | f.SOFTMAX,
            # F.tanh(x) calls x.tanh() inside torch.
            by_method=frame is direct and getattr(torch.Tensor, func.__name__, None) is func,
            function=func,
            args=args[1:],
            kwargs={key: value for key, value in kwargs.items() if key != "input"},
        )
        self.found[0, place.key] = site
        return self._note(site, x, out, is_inplace=_version(x) > version)

    def before_call(
        self, function: Callable[..., Any], args: Any, kwargs: Any, *, is_site: bool
    ) -> None:
        """A function, or the forward of an activation module, is about to run; for subclasses."""

    def after_site(self, site: FoundSite, out: Tensor, axis: int) -> None:
        """The site that was about to run gave ``out``; for subclasses.

        ``axis``, not negative, holds the channels of the input of this call.
        """

    def _note_by_hand(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], direct: FrameType
    ) -> None:
        frame = caller(direct)
        if frame is None or not is_by_hand(name, args, kwargs, self._flow.trace):
            return
        place = place_of(frame, modules=self.paths, running=self._owner())
        self.unseen[Unseen(self._running_path(), f"{name.strip('_')} at {place.said}, by hand")] = (
            None
        )

    def _note_only_call(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> None:
        activation = f.called_activation(name, args, kwargs)
        if activation is not None and isinstance(out, torch.Tensor):
            running = self._stack[-self._within]
            is_of_input = f.input_of(args, kwargs) is running.input
            running.only_call = (activation, out) if is_of_input else None

    def _note(self, site: FoundSite, x: Tensor, out: Tensor, *, is_inplace: bool) -> Tensor:
        """Note one call; gives what the model should go on with."""
        trace = self._flow.trace(x)
        axis = trace.axis
        if axis is None or axis >= x.dim():
            axis = 1 if x.dim() in (2, 4, 5) else max(0, x.dim() - 1)
        is_first = not site.calls
        if is_first:
            site.axis = axis if axis in (0, 1) else axis - x.dim()
            site.shape = tuple(x.shape[1:])
            site.input, site.device = x.dtype, x.device
        site.channels.add(x.shape[axis] if x.dim() else 1)
        site.batches[self.phase] = x.shape[0] if x.dim() else 1
        site.calls[self.phase] += 1
        site.is_inplace |= is_inplace
        site.weights.add(trace.weight)
        site.role = role_by_descent(
            site, trace.source, is_first=is_first, has_parameters=self._has_parameters
        )
        self._flow.mark(site, x, out)
        self.after_site(site, out, axis)
        return self._flow.mark_overwritten(site, out) if is_inplace else out

    def _before(self, module: nn.Module, args: Any) -> None:
        if not self._is_trying:
            with torch._C.DisableTorchFunction():
                self._enter(module, args)

    def _after(self, module: nn.Module, args: Any, out: Any) -> Any:
        # A hook that returns anything but None replaces what the module returned.
        if self._is_trying:
            return None
        with torch._C.DisableTorchFunction():
            return self._leave(module, args, out)

    def _enter(self, module: nn.Module, args: Any) -> None:
        running = _Running(module)
        owner = self._owner()
        self._stack.append(running)
        if self._within:
            self._within += 1
            return
        if isinstance(module, torch.jit.ScriptModule):
            self.unseen[Unseen(self.paths.get(module, ""), "TorchScript")] = None
        frame = caller(sys._getframe(1))
        if frame is not None and owner is not None:
            self._note_module_call(running, owner, frame, args)

    def _note_module_call(
        self, running: _Running, owner: nn.Module, frame: FrameType, args: Any
    ) -> None:
        module = running.module
        is_single = len(args) == 1 and isinstance(args[0], torch.Tensor)
        if is_single and f.is_activation_module(module):
            running.activation = f.module_activation(module)
            running.is_bounded = running.activation in f.BOUNDED
        elif is_single and not isinstance(module, torch.jit.ScriptModule):
            self._is_trying = True
            found = self._elementwise.is_activation(module, args[0])
            self._is_trying = False
            if found is not None:
                running.activation, running.is_bounded = type(module).__name__, found
                running.is_users = True
        place = place_of(frame, modules=self.paths, running=owner)
        if module in self.paths:
            self.called[place.key].add(module)
        if running.activation is not None:
            self._within = 1
            running.input = args[0]
            is_new = self._key(module, place) not in self.found
            running.place = checked(place, frame) if is_new else place
            running.version = _version(args[0])
            self.before_call(module.forward, args, {}, is_site=True)

    def _leave(self, module: nn.Module, args: Any, out: Any) -> Any:
        running = self._stack.pop()
        if running.activation is None:
            self._within = max(0, self._within - 1)
            return None
        self._within = 0
        if not isinstance(out, torch.Tensor) or running.place is None:
            return None
        if running.is_users and running.only_call is not None and running.only_call[1] is out:
            running.activation = running.only_call[0]
            running.is_bounded = running.activation in f.BOUNDED
        key = self._key(module, running.place)
        site = self.found.get(key) or FoundSite(
            place=running.place,
            module=module if module in self.paths else None,
            activation=running.activation,
            role="activation",
            is_bounded=running.is_bounded,
            by_method=False,
            function=None,
        )
        self.found[key] = site
        new = self._note(site, args[0], out, is_inplace=_version(args[0]) > running.version)
        return new if new is not out else None

    def _key(self, module: nn.Module, place: Place) -> SiteKey:
        """A module that a forward makes anew at every call is known by its place alone."""
        return (id(module) if module in self.paths else 0, place.key)

    def _running_path(self) -> str:
        owner = self._owner()
        return self.paths.get(owner, "") if owner is not None else ""

    def _owner(self) -> nn.Module | None:
        return self._stack[-1].module if self._stack else None


def _version(x: Any) -> int:
    is_counted = isinstance(x, torch.Tensor) and not x.is_inference()
    return x._version if is_counted else 0
