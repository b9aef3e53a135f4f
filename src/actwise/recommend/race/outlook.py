"""What is known of single candidates, and the small parts of an advice."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

CONFIDENCE = 0.9
"""Of the limit and of the set that is not told apart."""

WhyStopped = Literal["decided", "budget", "screening", "alone", "diverged", "unlearned"]
"""Why a race ended: the limit is within the margin; the budget is spent; short runs were all it
could pay; all candidates but one diverged; all diverged; no training came to more than guesses."""


class GainOver(NamedTuple):
    """Quantiles 5, 50 and 95 % of a difference at full length, in points."""

    lower: float
    median: float
    upper: float


@dataclass(frozen=True)
class Outlook:
    """What is known of one candidate at full length.

    Attributes:
        activation: The candidate.
        mean, sd: Of its effect, in points above the candidates' average in the model (the spread
            is widened where the advice is).
        p_best: How likely it is the best.
        num_short, num_full: Results that it has.
    """

    activation: str
    mean: float
    sd: float
    p_best: float
    num_short: int
    num_full: int


@dataclass(frozen=True)
class Further:
    """What more full runs are expected to bring.

    Attributes:
        full_runs: How many more.
        limit: The limit expected after them.
    """

    full_runs: int
    limit: float
