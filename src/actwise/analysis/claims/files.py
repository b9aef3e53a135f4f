"""Reading claims: a user's file, and those that come with the program (``paper.toml`` and C2)."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from pydantic import ValidationError

from ...errors import SpecError, UnknownNameError, shortened
from ...files import read_toml
from . import gaps
from .claim import Claim
from .components import conjunction_of
from .entries import ENTRIES, ClaimEntry, ClaimFile

_PAPER = Path(__file__).with_name("paper.toml")
_MECHANISM = Path(__file__).with_name("mechanism.toml")


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Read the claims of a TOML file.

    Raises:
        SpecError: if the file cannot be read, names the field that is wrong, or has an id twice.
    """
    return tuple(Claim(entry, partial(conjunction_of, entry)) for entry in _read(path))


@cache
def paper_claims() -> tuple[Claim, ...]:
    """C1 to C8 and C5b; C2 is no conjunction of contrasts, and has code of its own."""
    claims = [replace(claim, is_shipped=True) for claim in (*read_claims(_PAPER), gaps.CLAIM)]
    return tuple(sorted(claims, key=lambda claim: claim.id))


@cache
def mechanism_claims() -> tuple[Claim, ...]:
    """C4m and C5m: what the paper explains C4 and C5b by, of runs that were probed."""
    return tuple(replace(claim, is_shipped=True) for claim in read_claims(_MECHANISM))


def _read(path: Path) -> tuple[ClaimEntry, ...]:
    try:
        entries = ClaimFile.model_validate(read_toml(path)).claim
    except OSError as error:
        raise SpecError(f"claims file {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise SpecError(f"claims file {path.name}: {_problem(error)}") from None
    except ValueError as error:
        raise SpecError(f"claims file {path} cannot be read: {error}") from None
    ids = [entry.id for entry in entries]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise SpecError(f"claims file {path.name}: {', '.join(twice)} is there twice")
    return entries


def _problem(error: ValidationError) -> str:
    """The first problem; a key that does not exist before one that is missing, its usual cause."""
    problems = error.errors(include_url=False)
    unknown = [problem for problem in problems if problem["type"] == "extra_forbidden"]
    problem = (unknown or problems)[0]
    where = ".".join(map(str, problem["loc"]))
    if unknown:
        tables = ["", *(part for part in problem["loc"][:-1] if part in ENTRIES)]
        fields = ENTRIES[str(tables[-1])].model_fields
        return f"{where}: {UnknownNameError('key', str(problem['loc'][-1]), fields)}"
    message = problem["msg"].removeprefix("Value error, ")
    if isinstance(problem["input"], dict):
        return f"{where}: {message}" if where else message
    return f"{where}={shortened(problem['input'])}: {message[0].lower()}{message[1:]}"
