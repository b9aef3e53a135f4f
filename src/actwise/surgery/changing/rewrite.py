"""The same class with calls of its methods sent to submodules, made from its source.

The text of the class's file is kept but for these calls, line by line, and compiled whole: private
names, ``super()`` and closures come out as they were. It is registered in :mod:`linecache`, from
where TorchScript, tracebacks and :mod:`inspect` read it; from the file they would read the old one.
"""

import ast
import functools
import hashlib
import io
import linecache
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, cast

from torch import nn

from ...errors import SpecError
from ..finding import End, Place, calls_of, source_of

_CALLS = "_actwise_calls"


class NotRewritableError(Exception):
    """Why a call stays as it is; the message goes on from "the call stays: "."""


@dataclass(frozen=True)
class Call:
    """A call in a method, and the submodule that it goes to.

    Attributes:
        home: ``module:qualified name`` of the class that has the method.
        method: Its name there.
        end: Where the call ends in the file.
        attribute: The submodule.
        by_method: Whether the call is written ``x.relu()``, not ``relu(x)``.
        source: SHA-256 of the file's text.
    """

    home: str
    method: str
    end: End
    attribute: str
    by_method: bool
    source: str


def make_call(place: Place, *, attribute: str, by_method: bool) -> Call:
    """The call at a place, sent to the submodule ``attribute`` of its owner.

    Raises:
        NotRewritableError: if the place is no call in a plain method of the owner's class that
            can be rewritten.
    """
    if place.problem or place.owner is None or place.method is None:
        raise NotRewritableError(place.problem or "it is called by no module of the model")
    if place.method.co_filename.startswith("<eval_with_key>"):
        raise NotRewritableError("its code is made by torch.fx; swap the model that was traced")
    home, method = _method(type(place.owner), place.method)
    text = source_of(place.method)
    end = place.end
    assert end is not None, "a place without a problem has columns"
    call = Call(_name(home), method, end, attribute, by_method, _digest(text))
    _new_code(vars(home)[method], text, (call,))
    return call


def rewritten(cls: type[nn.Module], calls: Sequence[Call]) -> type[nn.Module]:
    """A subclass of ``cls`` in which these calls go to submodules; the same one each time.

    Raises:
        NotRewritableError: if a class's source cannot be had, or is not what runs.
        SpecError: if a source is not the text for which the calls were made.
    """
    wanted = tuple(calls)
    for made in cls.__subclasses__():
        if vars(made).get(_CALLS) == wanted:
            return made
    body: dict[str, Any] = {_CALLS: wanted, "__reduce_ex__": _reduce}
    bases: list[type] = [cls]
    for home in cls.__mro__:
        methods = _methods(home, [call for call in wanted if _home(cls, call) is home])
        is_first = {name: _first_home(cls, name) is home for name in methods}
        body.update((name, made) for name, made in methods.items() if is_first[name])
        inner = {name: made for name, made in methods.items() if not is_first[name]}
        if inner:
            # Reached by super() alone: it has to stand between the class that calls and home.
            bases.append(_subclass(home, (home,), inner))
    return cast(type[nn.Module], _subclass(cls, tuple(bases), body))


def _subclass(cls: type, bases: tuple[type, ...], body: dict[str, Any]) -> type:
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    try:
        made: type = type(cls)(cls.__name__, bases, {**names, **body})
    except Exception as error:
        raise NotRewritableError(f"{cls.__name__} cannot have a subclass: {error}") from error
    return made


def _method(cls: type, code: CodeType) -> tuple[type, str]:
    """The class that has the method with this code, and the method's name."""
    for home in cls.__mro__:
        for name, value in vars(home).items():
            if isinstance(value, FunctionType) and value.__code__ is code:
                return home, name
    raise NotRewritableError(
        f"{code.co_qualname} is no plain method of {cls.__name__} (a decorated one, or a function "
        "put into it later)"
    )


def _home(cls: type, call: Call) -> type:
    """The class of a call; one that was rewritten before has the name of its original."""
    for home in cls.__mro__:
        if _name(home) == call.home and call.method in vars(home):
            return home
    raise SpecError(f"{_name(cls)} has no method {call.method} of {call.home} any more")


def _first_home(cls: type, name: str) -> type:
    return next(home for home in cls.__mro__ if name in vars(home))


def _methods(home: type, calls: Sequence[Call]) -> dict[str, FunctionType]:
    """The methods of a class with their calls rewritten."""
    made = {}
    for name in dict.fromkeys(call.method for call in calls):
        method = vars(home).get(name)
        if not isinstance(method, FunctionType):
            raise SpecError(f"{_name(home)}.{name} is no plain method any more")
        text = source_of(method.__code__)
        mine = tuple(call for call in calls if call.method == name)
        if any(call.source != _digest(text) for call in mine):
            raise SpecError(
                f"{method.__code__.co_filename} is not the file for which {home.__qualname__} was "
                "rewritten (another SHA-256); restore that file, or build and swap the model again"
            )
        made[name] = _new_function(method, _new_code(method, text, mine))
    return made


def _new_function(method: FunctionType, code: CodeType) -> FunctionType:
    cells = dict(zip(method.__code__.co_freevars, method.__closure__ or (), strict=True))
    closure = tuple(cells[name] for name in code.co_freevars)
    made = FunctionType(code, method.__globals__, method.__name__, method.__defaults__, closure)
    made.__kwdefaults__ = method.__kwdefaults__
    made.__annotations__ = dict(method.__annotations__)
    made.__qualname__, made.__module__ = method.__qualname__, method.__module__
    made.__dict__.update(method.__dict__)
    return made


def _new_code(method: FunctionType, text: str, calls: Sequence[Call]) -> CodeType:
    """The method's code as it is compiled from the text with the calls rewritten."""
    old = method.__code__
    unchanged = _compiled(text, old.co_filename, old)
    if unchanged is None or not _is_same(unchanged, old):
        raise NotRewritableError(f"the source of {old.co_qualname} is not the text that runs")
    new = _edited(text, calls, old.co_varnames[0])
    # Not in angle brackets: inspect takes such a name for no file at all.
    filename = f"{old.co_filename}.{_digest(new)[:12]}.rewritten"
    code = _compiled(new, filename, old)
    if code is None:
        raise NotRewritableError(f"{old.co_qualname} cannot be compiled when it is rewritten")
    # A modification time of None keeps the entry when linecache looks for changed files.
    linecache.cache[filename] = (len(new), None, [*io.StringIO(new)], filename)
    return code


def _edited(text: str, calls: Sequence[Call], owner: str) -> str:
    """The text with ``relu(x, inplace=True)`` as ``self.attribute(x)``; no line moves."""
    # Of bytes: those of a text end at form feeds, too, where those of Python's parser do not.
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)
    known = calls_of(text)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column

    edits: list[tuple[int, int, bytes]] = []
    for call in calls:
        node = known[call.end]
        value = _input(node, by_method=call.by_method)
        end = offset(value.end_lineno or 0, value.end_col_offset or 0)
        start = offset(value.lineno, value.col_offset)
        edits.append(
            (offset(node.lineno, node.col_offset), start, f"{owner}.{call.attribute}(".encode())
        )
        edits.append((end, offset(*call.end), b")"))
    for first, last, new in sorted(edits, reverse=True):
        num_lines = data[first:last].count(b"\n")
        is_opening = new.endswith(b"(")
        padded = new + b"\n" * num_lines if is_opening else b"\n" * num_lines + new
        data = data[:first] + padded + data[last:]
    return data.decode()


def _input(node: ast.Call, *, by_method: bool) -> ast.expr:
    """The expression of the tensor that a call of an activation is given."""
    if by_method and isinstance(node.func, ast.Attribute):
        is_of_class = ast.unparse(node.func.value).endswith("Tensor")
        if not is_of_class:
            return node.func.value
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    value = node.args[0] if node.args else named.get("input", named.get("x"))
    if value is None or isinstance(value, ast.Starred):
        raise NotRewritableError("which of its arguments is the tensor cannot be read")
    return value


def _compiled(text: str, filename: str, like: CodeType) -> CodeType | None:
    """The code of a file that stands where ``like`` does."""
    return next((code for code in _codes(_file(text, filename)) if _stands_like(code, like)), None)


@functools.lru_cache(maxsize=64)
def _file(text: str, filename: str) -> CodeType:
    """The code of a whole file; of one that cannot be compiled, none."""
    try:
        return compile(text, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return compile("", filename, "exec", dont_inherit=True)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _stands_like(code: CodeType, like: CodeType) -> bool:
    return (code.co_qualname, code.co_firstlineno) == (like.co_qualname, like.co_firstlineno)


def _is_same(one: CodeType, other: CodeType) -> bool:
    same: Callable[[str], bool] = lambda name: getattr(one, name) == getattr(other, name)
    names = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags")
    if not all(map(same, names)) or len(one.co_consts) != len(other.co_consts):
        return False
    if [*one.co_positions()] != [*other.co_positions()]:  # by which calls are found in the text
        return False
    return all(map(_is_same_constant, one.co_consts, other.co_consts))


def _is_same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _is_same(one, other)
    # By their text too: not-a-number equals nothing.
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _reduce(self: nn.Module, protocol: Any) -> tuple[Any, ...]:
    """As the original class is pickled and copied, and then rewritten again."""
    cls: type = type(self)
    chain: list[tuple[Call, ...]] = []
    while _CALLS in vars(cls):
        chain.insert(0, vars(cls)[_CALLS])
        cls = cls.__bases__[0]
    reduce: Any = cls.__reduce_ex__
    maker, args, *rest = reduce(self, max(2, int(protocol)))
    plain = tuple(cls if argument is type(self) else argument for argument in args)
    return (_restored, (maker, plain, tuple(chain)), *rest)


def _restored(maker: Callable[..., Any], args: tuple[Any, ...], chain: Any) -> Any:
    made = maker(*args)
    cls = type(made)
    for calls in chain:
        try:
            cls = rewritten(cls, calls)
        except NotRewritableError as error:
            raise SpecError(f"{_name(cls)} cannot be rewritten as it was: {error}") from error
    made.__class__ = cls
    return made
