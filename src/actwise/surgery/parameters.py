"""What training needs to know of a swapped model: decay, and checkpoints from before."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from ..activations import is_activation
from ..errors import SpecError


def parameter_groups(
    model: nn.Module, *, weight_decay: float | None = None
) -> list[dict[str, Any]]:
    """Groups for an optimizer of torch's in which no activation's parameter is decayed.

    Args:
        model: Any model; the activations are those that a swap or this package put into it, and
            every ``nn.PReLU``.
        weight_decay: Of all other parameters; None leaves it to the optimizer.

    Returns:
        One group of the other parameters and, if there are any, one of the activations', whose
        ``weight_decay`` is 0. Each parameter is in one group, once.
    """
    slopes = {id(parameter) for _, parameter in _slopes(model)}
    others = [parameter for parameter in model.parameters() if id(parameter) not in slopes]
    group: dict[str, Any] = {"params": others}
    if weight_decay is not None:
        group["weight_decay"] = weight_decay
    undecayed = [parameter for parameter in model.parameters() if id(parameter) in slopes]
    return [group, {"params": undecayed, "weight_decay": 0.0}] if undecayed else [group]


def load_filling(model: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Load weights from before a swap; parameters of activations that they lack stay initial.

    Everything else is as strict as ``model.load_state_dict(state)``.

    Args:
        model: Swapped, and not trained since: what is missing keeps the value that it has.
        state: A state dict of the model before the swap, or of the swapped one.

    Returns:
        The names of what was missing.

    Raises:
        SpecError: if anything else is missing, is too much, or has another shape; nothing is
            loaded then.
    """
    own = model.state_dict()
    missing = [name for name in own if name not in state]
    filled = {name for name, _ in _slopes(model)}
    faults = [f"{name} is missing" for name in missing if name not in filled]
    faults += [f"{name} is not in the model" for name in state if name not in own]
    faults += [
        f"{name} has shape {tuple(state[name].shape)}, expected {tuple(value.shape)}"
        for name, value in own.items()
        if name in state and hasattr(value, "shape") and state[name].shape != value.shape
    ]
    if faults:
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        raise SpecError(f"the state does not fit the model: {'; '.join(faults[:3])}{more}")
    model.load_state_dict({**own, **state})
    return missing


def _slopes(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Parameters of activations, and what of theirs a state dict holds besides."""
    for path, module in model.named_modules():
        if is_activation(module) or isinstance(module, nn.PReLU):
            for name, value in module.state_dict(keep_vars=True).items():
                yield (f"{path}.{name}" if path else name), value
