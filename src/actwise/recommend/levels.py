"""What a user hands over in Python, as the level that a worker process finds again."""

from collections.abc import Callable
from typing import Any

from ..errors import SpecError, shortened


def model_level(model: str | Callable[..., Any]) -> str:
    """The level of a model: as it is, or ``package.module:Name`` of a class or function.

    Raises:
        SpecError: for a network itself, of which every training needs a new one, and for what is
            not at the top of a module, where another process finds it.
    """
    if isinstance(model, str):
        return model
    name = getattr(model, "__qualname__", None)
    if name is None:
        what = type(model).__name__
        raise SpecError(
            f"the model is one {what}, and every training needs a new one; give its class or a "
            "function that makes it, or the text of a level such as timm:resnet10t"
        )
    if not callable(model) or not name.isidentifier():
        raise SpecError(
            f"the model {shortened(name)} is not at the top of a module, where another process "
            "finds it"
        )
    return f"{model.__module__}:{name}"
