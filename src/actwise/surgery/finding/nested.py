"""The tensors in what a model is given, what it returns, and what it keeps."""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor


def tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in a value: nested lists, tuples, dicts and plain objects of users."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors(part)
    elif hasattr(value, "__dataclass_fields__"):
        yield from tensors(vars(value))


def with_tensors(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same nested lists, tuples and dicts with each tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {name: with_tensors(part, change) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return with_parts(value, [with_tensors(part, change) for part in value])
    return value


def with_parts(value: Any, parts: list[Any]) -> Any:
    """A list or tuple of the same type, named tuples too, with other parts."""
    return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
