"""Claims as they are written in TOML; docs/statistics.md says what each key means."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from ...errors import UnknownNameError, shortened
from ...spec.train import Frozen
from ..reading import SIGNAL_RESPONSES, bank_names

MARGIN_SIGNS: Mapping[float | str, float] = {"margin": 1.0, "-margin": -1.0}
"""How a bound names the margin of the data set, and its sign."""


def _is_number(given: Any) -> bool:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return is_number and math.isfinite(given)


def _bound(given: Any) -> Any:
    if _is_number(given) or given in (*MARGIN_SIGNS, "none"):
        return given
    raise ValueError('a number, "margin", "-margin" or "none" is expected')


def _weight(given: Any) -> Any:
    if _is_number(given) and given != 0:
        return given
    raise ValueError("a number other than 0 is expected")


Bound = Annotated[float | str, BeforeValidator(_bound)]
Groups = Annotated[Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]], Field(default={})]
"""By factor a list of patterns, each a group."""

_MOST_COMBINATIONS = 10_000


class TermEntry(Frozen):
    """A multiple of the mean of the cells that match."""

    weight: Annotated[float, BeforeValidator(_weight)]
    where: dict[str, str] = Field(default_factory=dict)


class ComponentEntry(Frozen):
    """One theta > bound, or one for each combination of ``each``."""

    name: str
    bound: Bound = 0.0
    refuted_below: Bound | None = None
    least_estimate: Bound = "none"
    gap_change: StrictBool = False
    each: Groups
    if_run: StrictBool = False
    mean_over: Groups
    matched: StrictBool = False
    terms: tuple[TermEntry, ...] = Field(min_length=1)

    @property
    def refutation(self) -> float | str:
        """Below it the claim is refuted."""
        return self.bound if self.refuted_below is None else self.refuted_below

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.each or self.mean_over or all(term.where for term in self.terms)):
            raise ValueError("where is empty; a pattern for at least one factor is expected")
        if twice := self.each.keys() & self.mean_over.keys():
            raise ValueError(f"{min(twice)} stands in each and mean_over; one of them is expected")
        for factor, groups in self.each.items():
            if len(groups) > 1 and f"{{{factor}}}" not in self.name:
                raise ValueError(f"name={self.name!r}: {{{factor}}} is expected in it")
        return self


class ClaimHead(Frozen):
    """What a claim says, and of itself.

    Attributes:
        accuracy: It speaks of accuracies in percent. Errors are then turned into accuracies, and
            any other response leaves it undecided; else the response is taken as it is given.
        aliased: What it speaks of changes only together with other things: never decided.
        half_measured: Its other half needs what is not measured: refuted at most.
        response: What is compared in place of the study's response: one of
            :data:`.SIGNAL_RESPONSES`, where runs were probed.
        in_sample: Banks whose results suggested it: not decided there.
    """

    id: str = Field(min_length=1, max_length=40)
    statement: str
    accuracy: StrictBool = False
    aliased: StrictBool = False
    half_measured: StrictBool = False
    response: str | None = None
    in_sample: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        if self.response is not None and self.response not in SIGNAL_RESPONSES:
            raise UnknownNameError("response", self.response, SIGNAL_RESPONSES)
        for bank in self.in_sample:
            if bank not in bank_names():
                raise UnknownNameError("bank", bank, bank_names())
        return self


class ClaimEntry(ClaimHead):
    """A claim as written."""

    component: tuple[ComponentEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if all(part.bound == "none" for part in self.component):
            raise ValueError('every bound is "none"; a number or a margin is expected in one')
        return self


class ClaimFile(Frozen):
    """All claims of a file."""

    claim: tuple[ClaimEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        parts = (part for entry in self.claim for part in entry.component)
        groups = ((*part.each.values(), *part.mean_over.values()) for part in parts)
        if (count := sum(math.prod(map(len, lists)) for lists in groups)) > _MOST_COMBINATIONS:
            raise ValueError(
                f"each and mean_over make {shortened(count)} combinations; at most "
                f"{_MOST_COMBINATIONS} are expected"
            )
        return self


ENTRIES: Mapping[str, type[Frozen]] = {
    "": ClaimFile,
    "claim": ClaimEntry,
    "component": ComponentEntry,
    "terms": TermEntry,
}
"""By the key under which they stand."""
