"""What the columns of a store may hold, beside their types; an import holds what it reads to it."""

import math
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Allowed:
    """The values that a column may hold.

    Attributes:
        words: What is expected, for the message about another value.
        least, most: Of numbers, both included; a float is finite in any case.
        pattern: Of the whole text, a regular expression; "" = any text.
    """

    words: str
    least: float = -math.inf
    most: float = math.inf
    pattern: str = ""

    def fits(self, value: float | str) -> bool:
        """Whether the column may hold a value of its type."""
        if isinstance(value, str):
            return not self.pattern or re.fullmatch(self.pattern, value, re.ASCII) is not None
        # Of NaN, every comparison is false.
        return self.least <= value <= self.most and abs(value) < math.inf


def holds(words: str, **limits: Any) -> dict[str, Any]:
    """The ``info`` of a column that holds such :class:`Allowed`."""
    return {"allowed": Allowed(words, **limits)}


def allowed_in(info: dict[str, Any]) -> Allowed:
    """What the column with this ``info`` may hold."""
    found: Allowed = info.get("allowed", _ANY)
    return found


def hexadecimal(digits: int) -> dict[str, Any]:
    """A hash, so long."""
    return holds(f"a hash of {digits} hexadecimal digits", pattern=rf"[0-9a-f]{{{digits}}}")


_ANY = Allowed("a value of its type")
_DATE = r"(19|2\d)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{6})?"
TIME = holds(
    "a time in UTC such as 2026-01-31T12:00:00.000000+00:00", pattern=rf"{_DATE}T{_CLOCK}\+00:00"
)
PERCENT = holds("a percentage from 0 to 100", least=0, most=100)
# So far that sums of them stay finite and exact.
AMOUNT = holds("a finite number, from 0 to 1e100", least=0, most=1e100)
COUNT = holds("a whole number from 0 to 1e15", least=0, most=1e15)
FROM_ONE = holds("a whole number from 1 to 1e15", least=1, most=1e15)
SEED = holds("a whole number, at least 0", least=0)
CLASSES = holds("a number of classes from 1 to 65536", least=1, most=65536)
LEVEL = holds("a probability", least=0, most=1)
WIDTH = holds("a width above 0, at most 16", least=math.ulp(0.0), most=16)
STATUS = holds("pending, finished, diverged or failed", pattern="pending|finished|diverged|failed")
COMMAND = holds("the name of a command", pattern=r"[a-z][a-z0-9 _-]{0,99}")
STUDY = holds("the name of a study", pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*")
