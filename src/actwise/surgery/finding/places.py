"""From a running frame to the call in the source that a site is."""

import ast
import functools
import linecache
import os
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any

import torch
from torch import nn

_PLUMBING = tuple(
    f"{name}.py"
    for name in (
        "torch/nn/functional",
        "torch/nn/modules/module",
        "torch/overrides",
        "torch/_tensor",
        "torch/_VF",
        "torch/_jit_internal",
        "torch/utils/_device",
        "actwise/surgery/finding/recorder",
    )
)
"""Files between a call in a model and what an audit sees of it."""

End = tuple[int, int]
"""Line and column, in bytes, behind the last character of a call: no two calls share it."""


@dataclass(frozen=True, eq=False)
class Place:
    """A call in the source of a model.

    Attributes:
        owner: The module whose method it stands in, or that runs it.
        method: The code of that method; None where the call stands in no method of the owner,
            but in a plain function, a static method or a function made earlier.
        code: The code that holds the call: the method's, or a function written inside it.
        instruction: Index of the call in it.
        problem: Why the call cannot be rewritten as far as the running frame tells, or "".
    """

    owner: nn.Module | None
    method: CodeType | None
    code: CodeType
    instruction: int
    problem: str

    @property
    def key(self) -> tuple[int, CodeType, int]:
        return id(self.owner), self.code, self.instruction

    @property
    def end(self) -> End | None:
        """Where the call ends; None if Python keeps no columns."""
        _, line, _, column = self._position
        return None if line is None or column is None else (line, column)

    @property
    def start(self) -> str:
        """``line:column`` as people count them, or "" if Python keeps no columns."""
        line, _, column, _ = self._position
        return "" if line is None or column is None else f"{line}:{column + 1}"

    @property
    def said(self) -> str:
        """File, line and column: ``network.py:12:9``."""
        return f"{os.path.basename(self.code.co_filename)}:{self.start}"  # noqa: PTH119

    @property
    def _position(self) -> tuple[int | None, int | None, int | None, int | None]:
        return list(self.code.co_positions())[self.instruction // 2]


def caller(frame: FrameType | None) -> FrameType | None:
    """The first frame at or above ``frame`` that is no plumbing of torch's."""
    while frame is not None and _is_plumbing(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def place_of(
    frame: FrameType, *, modules: Container[nn.Module], running: nn.Module | None
) -> Place:
    """The call that ``frame`` is at.

    Args:
        frame: As :func:`caller` gives it.
        modules: Those of the model.
        running: The innermost module whose ``forward`` runs.
    """
    above: FrameType | None = frame
    while above is not None:
        owner = _first_argument(above)
        if isinstance(owner, nn.Module) and owner in modules:
            break
        above = above.f_back
    code = frame.f_code
    if above is not None and _holds(above.f_code, code):
        return Place(owner, above.f_code, code, frame.f_lasti, "")
    where = f"it is called from {code.co_qualname}, which is no method of its module"
    return Place(running, None, code, frame.f_lasti, where)


def checked(place: Place, frame: FrameType) -> Place:
    """The same place, with why its call cannot be rewritten as far as its frame tells."""
    return place if place.problem else replace(place, problem=_problem(place, frame))


def source_of(code: CodeType) -> str:
    """The text of the file that ``code`` was compiled from, or ""."""
    linecache.checkcache(code.co_filename)
    return "".join(linecache.getlines(code.co_filename))


@functools.lru_cache(maxsize=64)
def calls_of(text: str) -> dict[End, ast.Call]:
    """The calls in a file by where they end."""
    return {
        (node.end_lineno or 0, node.end_col_offset or 0): node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    }


@functools.lru_cache(maxsize=4096)
def _is_plumbing(filename: str) -> bool:
    return filename.replace("\\", "/").endswith(_PLUMBING)


def _first_argument(frame: FrameType) -> Any:
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None


def _holds(outer: CodeType, inner: CodeType) -> bool:
    return outer is inner or any(
        _holds(constant, inner) for constant in outer.co_consts if isinstance(constant, CodeType)
    )


def _problem(place: Place, frame: FrameType) -> str:
    """Why what the call calls may be more than the activation, or ""."""
    text = source_of(frame.f_code)
    if not text or place.end is None:
        return "its source cannot be read"
    try:
        node = calls_of(text).get(place.end)
    except SyntaxError:
        node = None
    if node is None:
        return "its source has no call where it runs"
    if isinstance(node.func, ast.Name) and node.func.id in frame.f_code.co_varnames:
        return f"what {node.func.id}(...) calls is in a variable"
    called = _value(node.func, frame)
    if called is not None and not _computes_alone(called):
        return f"it is called through {getattr(called, '__qualname__', called)}"
    return ""


def _value(node: ast.expr, frame: FrameType) -> Any:
    """What a name, an attribute or an item of these is in a frame; None if it is computed."""
    try:
        if isinstance(node, ast.Name):
            for names in (frame.f_locals, frame.f_globals, frame.f_builtins):
                if node.id in names:
                    return names[node.id]
        if isinstance(node, ast.Attribute):
            owner = _value(node.value, frame)
            return None if owner is None else getattr(owner, node.attr)
    except AttributeError:  # a private name, or one that is computed
        pass
    return None


def _computes_alone(called: Callable[..., Any]) -> bool:
    """Whether it is a function of torch or of a tensor, or a module, and no detour to one."""
    while isinstance(called, functools.partial):
        called = called.func
    home = getattr(called, "__module__", None) or ""
    is_of_tensor = isinstance(getattr(called, "__self__", None), torch.Tensor)
    return isinstance(called, nn.Module) or is_of_tensor or home.partition(".")[0] == "torch"
