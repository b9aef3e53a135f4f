"""A user's own activation: a module class or a plain function of a tensor."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from ..errors import SpecError, shortened
from ..registry import Level
from ..usercode import (
    call_user_object,
    code_digest,
    describe_fault,
    load_user_object,
    parameters_of,
    user_arguments,
    user_level,
)
from .activation import BoundActivation, Shape
from .pointwise import Function

_KIND = "activation"


def user_activation(level: Level) -> BoundActivation:
    """The activation ``package.module:Name``.

    A class is called with ``channels=`` if its constructor takes it and with the level's
    arguments; a function is called with the tensor, then the arguments.

    Raises:
        SpecError: if the code cannot be loaded, is neither a module class nor a function, or
            does not take the arguments.
    """
    found = load_user_object(level, kind=_KIND)
    is_class = isinstance(found, type) and issubclass(found, nn.Module)
    if not is_class and (isinstance(found, type | nn.Module) or not callable(found)):
        raise SpecError(
            f"{_KIND} {level} is neither a subclass of torch.nn.Module nor a function of a tensor"
        )
    if is_class:
        arguments = user_arguments(found, level, kind=_KIND, reserved=("channels",))
    else:
        arguments = user_arguments(found, level, kind=_KIND, leading=1)

    def make(shape: Shape) -> nn.Module:
        return _checked(lambda: _construct(found, level, shape, arguments), str(level), shape)

    return BoundActivation(
        name=level.name,
        canonical=user_level(level, arguments),
        formula=next(iter((found.__doc__ or "").strip().splitlines()), "a user's code"),
        source=level.name.partition(":")[0],
        make=make,
        code_digest=code_digest(level, kind=_KIND),
    )


def from_code(found: Any) -> BoundActivation:
    """An activation from an object at hand instead of a level.

    Args:
        found: A module class or a function that makes modules, either called with ``channels=``
            if it takes that; a module, copied for each site; or a plain function of a tensor.

    Raises:
        SpecError: if it is none of these.
    """
    core = _core(found)
    name = getattr(core, "__qualname__", None) or type(core).__qualname__
    if not callable(found):
        raise SpecError(
            f"{_KIND} {shortened(found)} is no level, module, module class or function of a tensor"
        )

    def make(shape: Shape) -> nn.Module:
        return _checked(lambda: _made(found, shape), name, shape)

    return BoundActivation(
        name=name,
        canonical=name,
        formula=next(iter((found.__doc__ or "").strip().splitlines()), "a user's code"),
        source=getattr(found, "__module__", ""),
        make=make,
    )


def _made(found: Any, shape: Shape) -> nn.Module:
    if isinstance(found, nn.Module):
        return copy.deepcopy(found)
    core = _core(found)
    takes = {parameter.name for parameter in parameters_of(found)}
    is_class = isinstance(core, type) and issubclass(core, nn.Module)
    if not is_class and "channels" not in takes:
        return Function(found)
    made: nn.Module = found(channels=shape[0]) if "channels" in takes else found()
    return made


def _core(found: Any) -> Any:
    while isinstance(found, partial):
        found = found.func
    return found


def _construct(found: Any, level: Level, shape: Shape, arguments: dict[str, Any]) -> nn.Module:
    if isinstance(found, type):
        module: nn.Module = call_user_object(
            found, level, kind=_KIND, offered={"channels": shape[0]}
        )
        return module
    return Function(found, **arguments)


def _checked(construct: Callable[[], nn.Module], level: str, shape: Shape) -> nn.Module:
    """Build and try one sample: users' mistakes should show before a sweep, in one sentence."""
    try:
        module = construct()
        mode = module.training
        # The trial must not move torch's stream, from which the run's own draws come.
        with torch.random.fork_rng(devices=[]), torch.inference_mode(mode=False), torch.no_grad():
            x = torch.zeros((1, *shape))
            y = module.eval()(x)
        module.train(mode)
    except SpecError:
        raise
    except Exception as error:
        problem = describe_fault(error)
        raise SpecError(f"{_KIND} {level} raised {problem} for inputs of {shape}") from error
    if x._version:
        raise SpecError(f"{_KIND} {level} changes its input in place; return a new tensor")
    if not isinstance(y, torch.Tensor) or y.shape != x.shape:
        given = f"shape {tuple(y.shape[1:])}" if isinstance(y, torch.Tensor) else type(y).__name__
        raise SpecError(f"{_KIND} {level} returns {given} for inputs of {shape}")
    return module
