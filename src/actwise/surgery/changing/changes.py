"""Changing a model: modules in slots, calls in rewritten classes, each with its way back."""

import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from torch import nn

from ...activations import BoundActivation, resolve
from ..audit import Recording
from ..finding import FoundSite, SiteKey
from .making import CannotBeMadeError, hand_on_hooks, make_at
from .report import Undo
from .rewrite import Call, NotRewritableError, make_call, rewritten

Slot = tuple[nn.Module, str]


def slots_of(model: nn.Module) -> dict[nn.Module, list[Slot]]:
    """Where each module of a model is registered; one may be in several places."""
    slots: dict[nn.Module, list[Slot]] = defaultdict(list)
    for parent in model.modules():
        for name, child in parent._modules.items():
            if child is not None:
                slots[child].append((parent, name))
    return slots


class Changes:
    """What one swap changes in a model.

    Attributes:
        new: The sites that each new module stands for.
        missed: Sites that stay as they are, with the reason.
        warnings: Sentences.
    """

    def __init__(self, recording: Recording, bound: BoundActivation, undo: Undo) -> None:
        self.new: dict[nn.Module, list[SiteKey]] = {}
        self.missed: dict[SiteKey, str] = {}
        self.warnings: list[str] = []
        self._recording = recording
        self._model = recording.model
        self._bound = bound
        self._undo = undo
        self._slots = slots_of(self._model)

    def replace(self, wanted: Mapping[SiteKey, FoundSite]) -> None:
        """Put new modules at these sites, or note why not."""
        of_module: dict[nn.Module, set[SiteKey]] = defaultdict(set)
        for key, found in self._recording.found.items():
            if found.module is not None:
                of_module[found.module].add(key)
        by_owner: dict[nn.Module, dict[SiteKey, FoundSite]] = defaultdict(dict)
        left: dict[nn.Module, dict[SiteKey, FoundSite]] = defaultdict(dict)
        for key, found in wanted.items():
            module = found.module
            is_single = module is not None and len(of_module[module]) == 1
            is_whole = module is not None and of_module[module] <= wanted.keys()
            if module in self._slots and is_whole and (is_single or not self._bound.learnable):
                left[module][key] = found
            elif found.place.owner is not None:
                by_owner[found.place.owner][key] = found
            else:
                self.missed[key] = found.place.problem
        for owner, sites in by_owner.items():
            self._rewrite(owner, sites)
        for key, found in wanted.items():
            module = found.module
            if key in self.missed and module in self._slots and of_module[module] <= wanted.keys():
                left[module][key] = found
                reason = self.missed.pop(key)
                self.warnings.append(
                    f"{self._recording.paths[module]} is called at several places with the same "
                    f"parameters: {reason}"
                )
        for module, sites in left.items():
            self._fill_slots(module, sites)
        self._leave_fast_paths()

    def _fill_slots(self, module: nn.Module, sites: Mapping[SiteKey, FoundSite]) -> None:
        """A new module of its own in each slot that holds ``module``."""
        try:
            made = [self._make(sites.values()) for _ in self._slots[module]]
        except CannotBeMadeError as error:
            self.missed.update(dict.fromkeys(sites, str(error)))
            return
        for (parent, name), new in zip(self._slots[module], made, strict=True):
            new.train(module.training)
            self.new[new] = list(sites)
            self._put(parent, name, new)

    def _put(self, parent: nn.Module, name: str, new: nn.Module) -> None:
        old = parent._modules[name]
        parent._modules[name] = new
        self._undo.add(partial(parent._modules.__setitem__, name, old))

    def _rewrite(self, owner: nn.Module, sites: Mapping[SiteKey, FoundSite]) -> None:
        """Send an owner's calls to new submodules, by a class of its own."""
        calls: dict[Call, SiteKey] = {}
        made: dict[str, nn.Module] = {}
        for key, found in sites.items():
            attribute = _free_name(owner, found, made)
            try:
                call = self._call(found, attribute)
                made[attribute] = self._make([found])
                calls[call] = key
            except (NotRewritableError, CannotBeMadeError) as error:
                self.missed[key] = str(error)
        if not calls:
            return
        old = type(owner)
        try:
            owner.__class__ = rewritten(old, tuple(calls))
        except (NotRewritableError, TypeError) as error:
            self.missed.update(dict.fromkeys(calls.values(), str(error)))
            return
        self._undo.add(lambda: setattr(owner, "__class__", old))
        for call, key in calls.items():
            new = made[call.attribute]
            new.train(owner.training)
            self.new[new] = [key]
            owner.add_module(call.attribute, new)
            self._undo.add(partial(owner._modules.__delitem__, call.attribute))

    def _call(self, found: FoundSite, attribute: str) -> Call:
        if found.is_inline:
            raise NotRewritableError("it is a part of a formula of its own input")
        others = self._recording.called[found.place.key] - {found.module}
        if others:
            raise NotRewritableError("the same call runs other modules too")
        return make_call(found.place, attribute=attribute, by_method=found.by_method)

    def _make(self, sites: Iterable[FoundSite]) -> nn.Module:
        first, *more = sites
        merged = replace(
            first,
            channels=first.channels.union(*(site.channels for site in more)),
            is_aliased=first.is_aliased or any(site.is_aliased for site in more),
        )
        new = make_at(merged, self._bound, recording=self._recording)
        if first.module is not None:
            hand_on_hooks(first.module, new)
        return new

    def _leave_fast_paths(self) -> None:
        """In eval mode torch computes whole encoder layers by a kernel with the old function."""
        for module in self._model.modules():
            if isinstance(module, nn.TransformerEncoderLayer):
                own = {id(child) for child in module.children()}
                function = {1: "relu", 2: "gelu"}.get(module.activation_relu_or_gelu)
                is_new = any(id(new) in own for new in self.new)
                is_same = function is not None and _is_of_table(self._bound, function)
                if is_new and not is_same:
                    self._set(module, "activation_relu_or_gelu", 0)
        for module in self._model.modules():
            if isinstance(module, nn.TransformerEncoder) and getattr(
                module, "use_nested_tensor", False
            ):
                layers = [m for m in module.layers if isinstance(m, nn.TransformerEncoderLayer)]
                if any(not layer.activation_relu_or_gelu for layer in layers):
                    self._set(module, "use_nested_tensor", False)

    def _set(self, module: nn.Module, name: str, value: object) -> None:
        old = getattr(module, name)
        setattr(module, name, value)
        self._undo.add(lambda: setattr(module, name, old))


def unshare(
    model: nn.Module, shared: Iterable[nn.Module], undo: Undo
) -> dict[nn.Module, nn.Module]:
    """Give each slot a copy of its own of modules that several slots hold; copy -> original."""
    slots = slots_of(model)
    originals: dict[nn.Module, nn.Module] = {}
    for module in shared:
        for parent, name in slots[module][1:]:
            twin = copy.deepcopy(module)
            originals[twin] = module
            parent._modules[name] = twin
            undo.add(partial(parent._modules.__setitem__, name, module))
    return originals


def _free_name(owner: nn.Module, found: FoundSite, taken: Mapping[str, object]) -> str:
    """``act_relu_0``, or the first such name that the owner has no attribute of."""
    stem = f"act_{re.sub('[^a-z0-9]+', '_', found.activation.lower()).strip('_')}"
    number = 0
    while (name := f"{stem}_{number}") in taken or hasattr(owner, name):
        number += 1
    return name


def _is_of_table(bound: BoundActivation, name: str) -> bool:
    """Whether it is our activation of that name, not code of the user's that is called so."""
    return bound.canonical == name and bound.formula == resolve(name).formula
