"""Tables of named things, and the one grammar by which a level is written.

A level is ``name``, ``name(arg, key=value)`` or, for a user's own code, ``package.module:Name``
with the same optional arguments. Regularization joins several by ``+``. Values are numbers,
``on``/``off`` and words.
"""

import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .errors import SpecError, UnknownNameError, shortened
from .numbers import counted

Value = bool | int | float | str

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")
_LARGEST = sys.float_info.max
_SMALLEST_OF_32_BITS, _LARGEST_OF_32_BITS = 1.1754943508222875e-38, 3.4028234663852886e38
"""Networks compute in float32, with what is smaller flushed to zero."""


class Named(Protocol):
    """Anything that knows its own name."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Registry(Mapping[str, T]):
    """A read-only mapping ``name -> entry`` that grows only through :meth:`add`.

    Entries carry their own name, so a name is written once. Iteration is in the order of
    registration, which is the order of tables and listings.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, entry: T) -> T:
        """Register ``entry`` under its own name and return it.

        Raises:
            SpecError: if the name is taken.
        """
        if entry.name in self._entries:
            raise SpecError(f"the {self.kind} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry
        return entry

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownNameError(self.kind, name, self._entries) from None

    def __contains__(self, name: object) -> bool:
        # Mapping's default calls __getitem__ and expects a KeyError.
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True)
class Parameter:
    """A parameter that a level may carry, such as the ``alpha`` of ``elu(0.5)``.

    ``default`` fixes the type: a float takes any number in [low, high], an int whole numbers,
    a bool ``on`` or ``off``. ``above`` and ``below`` are the same bounds without the end point.
    """

    name: str
    default: Value
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    def check(self, value: Value, *, owner: str) -> Value:
        """``value`` in this parameter's type, with one zero only: 0.0, never -0.0.

        Raises:
            SpecError: if it has another type or lies outside the bounds.
        """
        what = f"{owner}: {self.name}={format_value(value)}"
        if isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise SpecError(f"{what} must be on or off")
            return value
        if isinstance(self.default, str):
            return str(value)
        if isinstance(value, bool | str) or not _is_of_32_bits(value):
            raise SpecError(f"{what} must be a finite number of 32 bits")
        if isinstance(self.default, int) and value != int(value):
            raise SpecError(f"{what} must be a whole number")
        if not (self.low <= value <= self.high and self.above < value < self.below):
            raise SpecError(f"{what} must be {self._range()}")
        return int(value) if isinstance(self.default, int) else value + 0.0

    def _range(self) -> str:
        bounds = ((self.low, "at least"), (self.above, "above"), (self.high, "at most"))
        parts = [f"{word} {bound:g}" for bound, word in bounds if math.isfinite(bound)]
        if math.isfinite(self.below):
            parts.append(f"below {self.below:g}")
        return " and ".join(parts)


@dataclass(frozen=True)
class Level:
    """One level as written: a name and its arguments, not yet held against a table."""

    name: str
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        written = [format_value(v) for v in self.args]
        written += [f"{key}={format_value(v)}" for key, v in self.kwargs]
        return f"{self.name}({','.join(written)})" if written else self.name

    @property
    def is_user_code(self) -> bool:
        """Whether the name is ``package.module:Name``."""
        return ":" in self.name


def parse_level(text: str, *, kind: str) -> Level:
    """Read one level; ``kind`` ("activation" ...) is for the message.

    Raises:
        SpecError: if ``text`` does not follow the grammar.
    """
    if not isinstance(text, str):
        raise SpecError(f"{kind} {shortened(text)}: expected the name of a level, a text")
    written = text.strip()
    name, bracket, rest = written.partition("(")
    if not _NAME.fullmatch(name) or (bracket and not rest.endswith(")")):
        raise SpecError(
            f"{kind} {shortened(text)} is not a level; write name or name(value, key=value)"
        )
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    inside = rest[:-1].strip()
    for item in split_outside(inside, ",") if inside else []:
        key, equals, value = item.partition("=")
        if not equals and kwargs:
            raise SpecError(
                f"{kind} {shortened(text)}: {shortened(item.strip())} stands after a key=value "
                "argument"
            )
        if equals and key.strip() in kwargs:
            raise SpecError(f"{kind} {shortened(text)}: {shortened(key.strip())} is given twice")
        if not (value if equals else key).strip() or "(" in item or ")" in item:
            raise SpecError(
                f"{kind} {shortened(text)}: {shortened(item.strip())} is not an argument"
            )
        if equals:
            kwargs[key.strip()] = parse_value(value)
        else:
            args.append(parse_value(key))
    return Level(name, tuple(args), tuple(kwargs.items()))


def parse_expression(text: str, *, kind: str) -> tuple[Level, ...]:
    """Read ``part+part(arg)+...``.

    Raises:
        SpecError: if a part does not follow the grammar.
    """
    return tuple(parse_level(part, kind=kind) for part in split_outside(text, "+"))


def parse_value(text: str) -> Value:
    """A number, ``on``/``off`` (also true/false) or a word.

    A whole number that no float can hold is infinite, as it is with a decimal point.
    """
    word = text.strip()
    if word.lower() in ("on", "true"):
        return True
    if word.lower() in ("off", "false"):
        return False
    for convert in (int, float):
        try:
            number = convert(word)
        except ValueError:
            continue
        if convert is float or -_LARGEST <= number <= _LARGEST:
            return number
    return word


def _is_of_32_bits(value: float) -> bool:
    return value == 0 or _SMALLEST_OF_32_BITS <= abs(value) <= _LARGEST_OF_32_BITS


def format_value(value: Value | Sequence[Value] | None) -> str:
    """The canonical text of a value, floats by ``repr``; settings may be a list or none."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return repr(value)
    return f"[{', '.join(map(format_value, value))}]"


def split_outside(text: str, separator: str) -> list[str]:
    """Split at ``separator`` where it stands outside parentheses."""
    pieces: list[str] = []
    depth = start = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            pieces.append(text[start:place])
            start = place + 1
    return [*pieces, text[start:]]


def bind(level: Level, parameters: Sequence[Parameter], *, kind: str) -> dict[str, Value]:
    """Every parameter with its value: the level's own, or the default.

    Raises:
        SpecError: for too many arguments, an unknown key, a wrong type or range.
    """
    owner = f"{kind} {level}"
    if len(level.args) > len(parameters):
        takes = ", ".join(p.name for p in parameters) or "no arguments"
        raise SpecError(
            f"{owner}: {counted(len(level.args), 'argument')} given; {level.name} takes {takes}"
        )
    given = dict(zip((p.name for p in parameters), level.args, strict=False))
    for key, value in level.kwargs:
        if key in given:
            raise SpecError(f"{owner}: {key} is given twice")
        if key not in {p.name for p in parameters}:
            raise UnknownNameError(f"argument of {level.name}", key, [p.name for p in parameters])
        given[key] = value
    return {p.name: p.check(given.get(p.name, p.default), owner=owner) for p in parameters}


def canonical(name: str, arguments: Mapping[str, Value], parameters: Sequence[Parameter]) -> str:
    """The one text of a level: arguments at their default left out, the others by key."""
    changed = [(p.name, arguments[p.name]) for p in parameters if arguments[p.name] != p.default]
    return str(Level(name, kwargs=tuple(changed)))
