"""Which activations a model computes, found by running it once in each mode."""

import reprlib
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import SpecError
from ..usercode import describe_fault
from .finding import Audit, FoundSite, Recorder, Site, Unseen, left_as_it_was, tensors, with_tensors

Example = Tensor | tuple[Any, ...] | list[Any] | dict[str, Any]

PHASES = ("eval", "train")


class DoesNotRunError(SpecError):
    """A model does not run on its example."""


def audit(model: nn.Module, example: Example) -> Audit:
    """The sites of a model: where it computes which activation, on how many channels, what for.

    The model runs once in eval and once in train mode, without gradients, on the device where it
    is (``meta`` too, which costs no memory), and comes back as it was: modes, buffers, random
    numbers. Hooks of the user's are called. An example of one sample is doubled in train mode if
    the model needs that.

    Args:
        model: Any ``nn.Module``.
        example: An input as the model takes it: a tensor, a tuple of arguments, or a dict of
            keyword arguments.

    Raises:
        SpecError: if the model does not run on the example.
    """
    return as_audit(record(model, example))


class Recording(Recorder):
    """The passes of one audit.

    Attributes:
        faults: What a mode raised, by mode; eval never raises.
        batches: How many samples the example had, by mode.
        dtypes: Of the model's parameters, each once.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.faults: dict[str, str] = {}
        self.batches: dict[str, int] = {}
        floats = (p.dtype for p in model.parameters() if p.is_floating_point())
        self.dtypes = tuple(dict.fromkeys(floats))


def record(model: nn.Module, example: Example) -> Recording:
    """Run the model in both modes and keep all that was seen.

    Args:
        model: As :func:`audit` takes it.
        example: As :func:`audit` takes it.

    Raises:
        SpecError: if it does not run in eval mode.
    """
    refuse_unready(model)
    if not isinstance(example, Tensor | tuple | list | dict):
        raise SpecError(
            f"the example is {example!r}; expected a tensor, or a tuple or dict of them"
        )
    if isinstance(example, tuple | list) and {type(part) for part in example} == {int}:
        batch = (1, *example) if len(example) == 3 else example
        raise SpecError(
            f"the example is {example!r}, numbers; expected a tensor, such as "
            f"torch.zeros({', '.join(map(str, batch))})"
        )
    # Of torch.compile(model), which warns of hooks and computes what the model does.
    model = getattr(model, "_orig_mod", model)
    recording = Recording(model)
    with left_as_it_was(model), torch.no_grad(), uncompiled():
        for phase in PHASES:
            model.train(phase == "train")
            try:
                _run(recording, phase, example)
            except Exception as error:
                fault = describe_fault(error)
                if phase == "eval":
                    raise DoesNotRunError(
                        f"{type(model).__name__} in eval mode raised {fault} on the example of "
                        f"{_shapes(example)}"
                    ) from error
                recording.faults[phase] = fault
    for unseen in _scripted_functions(model):
        recording.unseen[unseen] = None
    return recording


def as_audit(recording: Recording) -> Audit:
    """What was seen, as data."""
    names = site_names(recording)
    warnings = tuple(
        f"in {phase} mode the model raised {fault}; sites that run in that mode alone are missing"
        for phase, fault in recording.faults.items()
    )
    return Audit(
        model=type(recording.model).__name__,
        sites=tuple(as_site(found, names[found], recording) for found in recording.found.values()),
        unseen=tuple(recording.unseen),
        warnings=warnings,
    )


def site_names(recording: Recorder) -> dict[FoundSite, str]:
    """The name of each site; no two have the same."""
    places = Counter(id(found.module) for found in recording.found.values())
    names: dict[FoundSite, str] = {}
    taken: Counter[str] = Counter()
    for found in recording.found.values():
        module = found.module
        if module is not None and places[id(module)] == 1:
            name = recording.paths[module] if module in recording.paths else _placed(found, "")
        else:
            owner = module if module in recording.paths else found.place.owner
            name = _placed(found, recording.paths.get(owner, "") if owner is not None else "")
        taken[name] += 1
        names[found] = name if taken[name] == 1 else f"{name}#{taken[name]}"
    return names


def as_site(found: FoundSite, name: str, recording: Recorder) -> Site:
    """One site as data."""
    place = found.place
    who = found.module if found.module is not None else place.owner
    return Site(
        name=name,
        kind="functional" if found.module is None else "module",
        activation=found.activation,
        role=found.role,
        channels=tuple(sorted(found.channels)),
        axis=found.axis,
        shape=found.shape,
        calls=max(found.calls.values()),
        modes=tuple(phase for phase in PHASES if found.calls[phase]),
        is_inplace=found.is_inplace,
        module=recording.paths.get(who, "") if who is not None else "",
        place=place.said,
    )


def uncompiled() -> AbstractContextManager[object]:
    """What is compiled runs as written; where nothing is, torch's compiler is not imported."""
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance


def _run(recording: Recording, phase: str, example: Example) -> None:
    """One pass; a batch of one sample is doubled where train mode needs two."""
    try:
        _pass(recording, phase, example)
    except Exception:
        doubled = _doubled(example) if phase == "train" else None
        if doubled is None:
            raise
        _pass(recording, phase, doubled)


def _pass(recording: Recording, phase: str, example: Example) -> None:
    recording.batches[phase] = next((len(t) for t in tensors(example) if t.dim()), 1)
    with recording.watching(phase, example):
        recording.returned(call_model(recording.model, example))


def call_model(model: nn.Module, example: Example) -> Any:
    """Call a model as its example is written."""
    if isinstance(example, dict):
        return model(**example)
    if isinstance(example, tuple | list):
        return model(*example)
    return model(example)


def _doubled(example: Any) -> Any:
    """The example with every batch of one sample twice; None if there is none, or another."""
    found = [*tensors(example)]
    if not found or not all(t.dim() and len(t) == 1 for t in found):
        return None
    return with_tensors(example, lambda t: torch.cat((t, t)))


def refuse_unready(model: nn.Module) -> None:
    """Refuse what is no network, or one that has no shape yet.

    Raises:
        SpecError: with what it is.
    """
    if isinstance(model, type) and issubclass(model, nn.Module):
        name = model.__name__
        raise SpecError(f"the model is the class {name}; expected a network of it: {name}(...)")
    if not isinstance(model, nn.Module):
        known_by_name = "; `actwise audit` takes names" if isinstance(model, str) else ""
        raise SpecError(
            f"the model is a {type(model).__name__}; expected a torch.nn.Module{known_by_name}"
        )
    if isinstance(model, torch.jit.ScriptModule):
        raise SpecError("the model is TorchScript, whose functions cannot be seen or replaced")
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if nn.parameter.is_lazy(value):
            raise SpecError(f"{name} has no shape yet; run the model once before")


def _scripted_functions(model: nn.Module) -> Iterable[Unseen]:
    """Functions of TorchScript that the methods of a model's classes name: they run unseen."""
    by_class: dict[type, set[str]] = {}
    for path, module in model.named_modules():
        kind = type(module)
        if kind not in by_class:
            by_class[kind] = set().union(*map(_scripted_names, kind.__mro__))
        own = (n for n, v in vars(module).items() if isinstance(v, torch.jit.ScriptFunction))
        for name in sorted((*by_class[kind], *own)):
            yield Unseen(path, f"TorchScript function {name}")


def _scripted_names(kind: type) -> set[str]:
    found: set[str] = set()
    if kind.__module__.startswith("torch."):
        return found
    for value in vars(kind).values():
        if isinstance(value, FunctionType):
            found |= {
                name
                for name in value.__code__.co_names
                if isinstance(value.__globals__.get(name), torch.jit.ScriptFunction)
            }
    return found


def _shapes(example: Any) -> str:
    if isinstance(example, torch.Tensor):
        return f"shape {tuple(example.shape)}"
    if isinstance(example, dict):
        example = tuple(example.values())
    if not isinstance(example, list | tuple):
        return reprlib.repr(example)
    parts = (
        f"({_shapes(part)})" if isinstance(part, dict | list | tuple) else _shapes(part)
        for part in example
    )
    return ", ".join(parts)


def _placed(found: FoundSite, path: str) -> str:
    return f"{path}@{found.place.code.co_name}:{found.place.start}"
