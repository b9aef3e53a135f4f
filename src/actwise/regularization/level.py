"""Regularization: one level of the factor, several parts applied together."""

import itertools
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from ..errors import SpecError, shortened
from ..registry import Level, parse_expression
from .entry import KIND, OWN, SHORTHANDS, BoundPart, bind_part
from .part import Part

NONE = "none"


@dataclass(frozen=True)
class Regularization:
    """Parts in the order of their names, which is the order in which they are applied.

    Attributes:
        is_own: Whether the network's own norms and dropout are part of the level.
    """

    bound: tuple[BoundPart, ...] = ()
    is_own: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(bound.part for bound in self.bound)

    @property
    def canonical(self) -> str:
        """The one text of this level: ``own``, parts sorted, defaults left out; else ``none``."""
        own = [OWN] if self.is_own else []
        return "+".join([*own, *(part.canonical for part in self.parts)]) or NONE

    @property
    def code_digests(self) -> tuple[tuple[str, str], ...]:
        """(level, digest of its code) of each part of a user's own."""
        return tuple((b.part.canonical, b.code_digest) for b in self.bound if b.code_digest)

    @property
    def weight_drop(self) -> float:
        """Fraction of weights zeroed in training."""
        return max((part.weight_drop for part in self.parts), default=0.0)

    @property
    def smoothing(self) -> float:
        """Mass of the label given to all classes alike."""
        return max((part.smoothing for part in self.parts), default=0.0)

    @property
    def mixup_alpha(self) -> float:
        """The parameter of mixup's Beta(alpha, alpha); 0 for no mixup."""
        return max((part.mixup_alpha for part in self.parts), default=0.0)

    @property
    def has_norm(self) -> bool:
        """Whether layers are normalized, and so need no bias."""
        return any(part.overrides("norm") for part in self.parts)

    @property
    def in_layers(self) -> "Regularization":
        """Only what changes the network; the rest acts on images and labels."""
        kept = tuple(bound for bound in self.bound if bound.part.is_in_layers)
        return replace(self, bound=kept)

    def keeping(self, sites: AbstractSet[str]) -> "Regularization":
        """This level in a model with ``sites``: what has no effect there is left out."""
        kept = (bound.keeping(sites) for bound in self.bound)
        return replace(self, bound=tuple(bound for bound in kept if bound is not None))


def resolve(expression: str) -> Regularization:
    """The regularization of a level such as ``bn+dropout(0.1)+aug`` or ``package.module:Name``.

    Raises:
        SpecError: if a part is not known or not valid, stands twice, or excludes another.
    """
    levels = parse_expression(expression, kind="regularization")
    expanded = itertools.chain.from_iterable(_expand(level) for level in levels)
    bound = tuple(sorted((bind_part(level) for level in expanded), key=lambda b: b.part.name))
    own = [level.name for level in levels if str(level) == OWN]
    _refuse_twice(expression, own + [b.part.name for b in bound])
    norms = [b.part.name for b in bound if b.part.overrides("norm")]
    if len(norms) > 1:
        raise SpecError(
            f"regularization {expression!r}: {' and '.join(norms)} both normalize; name one"
        )
    return Regularization(bound, is_own=bool(own))


def _expand(level: Level) -> Iterable[Level]:
    shorthand = SHORTHANDS.get(str(level))
    if shorthand is None:
        return (level,)
    return parse_expression(shorthand.parts, kind=KIND) if shorthand.parts else ()


def _refuse_twice(expression: str, names: list[str]) -> None:
    for first, second in itertools.pairwise(names):
        if first == second:
            raise SpecError(
                f"regularization {shortened(expression)} names {shortened(first)} twice"
            )
