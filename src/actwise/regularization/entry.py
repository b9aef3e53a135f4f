"""What the table of regularizers holds, and a level bound to it."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import SpecError, UnknownNameError
from ..registry import Level, Parameter, Registry, Value, bind, canonical
from ..usercode import (
    code_digest,
    describe_fault,
    load_user_object,
    user_arguments,
    user_level,
)
from .part import Part

KIND = "regularizer"


@dataclass(frozen=True)
class PartEntry:
    """One line of the table.

    Attributes:
        name: As written in a level.
        description: What it does, in a few words.
        source: Where it comes from.
        build: Makes a new part from the values of ``parameters``, passed by name.
        parameters: One that is named as a site of the part has its effect at that site only.
    """

    name: str
    description: str
    source: str
    build: Callable[..., Part]
    parameters: tuple[Parameter, ...] = ()


PARTS: Registry[PartEntry] = Registry(KIND)
OWN = "own"


class Shorthand(NamedTuple):
    """A name in a level that is no part itself: the parts that it stands for, and in words."""

    parts: str
    meaning: str


SHORTHANDS = {
    "none": Shorthand("", "no regularization"),
    "aug": Shorthand("flip+crop", "flip+crop"),
    OWN: Shorthand("", "norms and dropout of a network that brings its own layers"),
}


def register(
    name: str, description: str, source: str, build: Callable[..., Part], *parameters: Parameter
) -> None:
    """Add one line to the table."""
    PARTS.add(PartEntry(name, description, source, build, parameters))


@dataclass(frozen=True)
class BoundPart:
    """A part with the level that made it.

    Attributes:
        entry: None for a user's own.
        code_digest: The digest of the code of a user's own.
    """

    part: Part
    entry: PartEntry | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    code_digest: str | None = None

    def keeping(self, sites: AbstractSet[str]) -> "BoundPart | None":
        """Without arguments that have no effect in a model with ``sites``; None if none has."""
        if self.part.sites and not any(map(self.part.acts_at, self.part.sites & sites)):
            return None
        if self.entry is None:
            return self
        missing = self.part.sites - sites
        reset = {p.name: p.default for p in self.entry.parameters if p.name in missing}
        return bound_to(self.entry, {**self.arguments, **reset}) if reset else self


def bind_part(level: Level) -> BoundPart:
    """The part of one level, from the table or from a user's module.

    Raises:
        SpecError: if there is no such part or it does not take the arguments.
    """
    if level.is_user_code:
        return _bind_user_part(level)
    if level.name not in PARTS:
        raise _refusal(level)
    entry = PARTS[level.name]
    return bound_to(entry, bind(level, entry.parameters, kind=KIND))


def bound_to(entry: PartEntry, arguments: Mapping[str, Value]) -> BoundPart:
    """A new part of ``entry`` with checked arguments."""
    part = entry.build(**arguments)
    part.name = entry.name
    part.canonical = canonical(entry.name, arguments, entry.parameters)
    return BoundPart(part, entry, arguments)


def _bind_user_part(level: Level) -> BoundPart:
    digest = code_digest(level, kind=KIND)
    make = load_user_object(level, kind=KIND)
    arguments = user_arguments(make, level, kind=KIND)
    try:
        part: Any = make(**arguments)
    except Exception as error:
        raise SpecError(f"{KIND} {level} failed: {describe_fault(error)}") from error
    if not isinstance(part, Part):
        raise SpecError(
            f"{KIND} {level} made a {type(part).__name__}; expected an actwise.regularization.Part"
        )
    part.name = level.name
    part.canonical = user_level(level, arguments)
    return BoundPart(part, code_digest=digest)


def _refusal(level: Level) -> SpecError:
    if level.name not in SHORTHANDS:
        return UnknownNameError(KIND, level.name, (*PARTS, *SHORTHANDS))
    meaning = SHORTHANDS[level.name].meaning
    return SpecError(f"{KIND} {level}: {level.name} takes no arguments; it means {meaning}")
