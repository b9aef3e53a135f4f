"""Claims of a user's own, in TOML (``analyze --claims FILE``; docs/statistics.md has the form).

The response is taken as it is given, errors and losses too: where lower is better, "ELU beats ReLU"
is relu - elu > 0. A pattern may hold ``*`` and ``?``. Where the compared factor is given without
them, every matching condition must have that level; a condition without it is reported as a missing
cell.
"""

import math
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from ..errors import SpecError, UnknownNameError
from ..spec.train import Frozen
from .claim import Claim, Plan
from .claim_linear import Component, linear_plan
from .contrasts import combine
from .evidence import Evidence
from .inference import Weights
from .table import Cell
from .wording import Wording


class TermEntry(Frozen):
    """A multiple of the mean of the cells that match."""

    weight: float
    where: dict[str, str] = Field(min_length=1)


class ComponentEntry(Frozen):
    """One theta > bound."""

    name: str
    bound: float = 0.0
    refuted_below: float | None = None
    least_estimate: float | None = None
    gap_change: bool = False
    terms: tuple[TermEntry, ...] = Field(min_length=1)


class ClaimEntry(Frozen):
    """A claim as written."""

    id: str = Field(min_length=1, max_length=40)
    statement: str
    component: tuple[ComponentEntry, ...] = Field(min_length=1)


class ClaimFile(Frozen):
    """All claims of a file."""

    claim: tuple[ClaimEntry, ...] = Field(min_length=1)


_ENTRIES: dict[str, type[BaseModel]] = {
    "": ClaimFile,
    "claim": ClaimEntry,
    "component": ComponentEntry,
    "terms": TermEntry,
}


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Read the claims of a TOML file.

    Raises:
        SpecError: if the file cannot be read, names the field that is wrong, or has an id twice.
    """
    try:
        entries = ClaimFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).claim
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"claims file {path} cannot be read: {error}") from error
    except ValidationError as error:
        raise SpecError(f"claims file {path.name}: {_problem(error)}") from None
    ids = [entry.id for entry in entries]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise SpecError(f"claims file {path.name}: {', '.join(twice)} is there twice")
    return tuple(_claim(entry) for entry in entries)


def _problem(error: ValidationError) -> str:
    """The first problem; a key that does not exist before one that is missing, its usual cause."""
    problems = error.errors(include_url=False)
    unknown = [problem for problem in problems if problem["type"] == "extra_forbidden"]
    problem = (unknown or problems)[0]
    where = ".".join(str(part) for part in problem["loc"])
    if not unknown:
        return f"{where}: {problem['msg']}"
    tables = ["", *(part for part in problem["loc"][:-1] if isinstance(part, str))]
    entry = _ENTRIES[tables[-1]]
    return f"{where}: {UnknownNameError('key', str(problem['loc'][-1]), entry.model_fields)}"


def _claim(entry: ClaimEntry) -> Claim:
    def plan(wording: Wording, evidence: Evidence) -> Plan:
        focus = evidence.observed.focus
        components = [_component(part, wording, focus) for part in entry.component]
        return linear_plan(components, notes=_direction(evidence))

    return Claim(entry.id, entry.statement, plan)


def _direction(evidence: Evidence) -> tuple[str, ...]:
    """What a reader of a low response must know; nothing where high is good."""
    if evidence.observed.higher_is_better:
        return ()
    response = evidence.observed.response
    return (f"lower is better: above 0 is a higher {response}, which is worse",)


def _component(entry: ComponentEntry, wording: Wording, focus: str) -> Component:
    terms = [(term.weight, _mean_of(term, wording, focus)) for term in entry.terms]
    return Component(
        entry.name,
        combine(*terms),
        entry.bound,
        entry.refuted_below,
        -math.inf if entry.least_estimate is None else entry.least_estimate,
        entry.gap_change,
    )


def _mean_of(term: TermEntry, wording: Wording, focus: str) -> Weights:
    """The mean over the matching cells; with a fixed level of the focus, over all conditions."""
    for name in term.where:
        if name not in wording.factors:
            raise UnknownNameError("factor", name, wording.factors)
    patterns = dict(term.where)
    fixed = None if any(sign in patterns.get(focus, "*") for sign in "*?[") else patterns.pop(focus)
    places = {name: wording.factors.index(name) for name in (*patterns, focus)}
    found: dict[Cell, None] = {}
    for cell in wording.cells:
        if all(fnmatchcase(cell[places[name]], text) for name, text in patterns.items()):
            place = places[focus]
            found[cell if fixed is None else (*cell[:place], fixed, *cell[place + 1 :])] = None
    if not found:
        return {tuple(f"{name}={text}" for name, text in term.where.items()): 1.0}
    return {cell: 1 / len(found) for cell in found}
