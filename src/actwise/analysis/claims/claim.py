"""What a claim is: a rule for a study's contrasts, whatever tells the error of these.

A claim makes a rule for one study. The rule is asked under several *views* of the same contrasts:
each model of their error, diverged and stuck runs at chance, own variances, the logit scale.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from ..model import Estimate, Model, Weights
from .entries import ClaimHead
from .words import Words

ClaimVerdict = Literal["supported", "refuted", "undecided"]
Estimator = Callable[[Weights, str], Estimate]
"""The estimate of a contrast, which is given a name."""


@dataclass(frozen=True)
class ComponentResult:
    """A component's estimate with the limits that decide.

    Attributes:
        name: What was estimated, in the response's unit unless it says otherwise.
        estimate, standard_error, df, source: NaN (and 0) where there is none.
        lower: One-sided limit at ``level``; support needs it above ``bound``.
        upper: One-sided limit at ``upper_level``; below ``refutation`` it refutes the claim.
        bound, refutation: NaN where the component is only shown.
        margin: That of the data set where one of them is it; else NaN.
    """

    name: str
    estimate: float
    standard_error: float
    df: float
    source: str
    lower: float
    upper: float
    bound: float
    refutation: float
    level: float
    upper_level: float
    margin: float = math.nan

    @property
    def is_judged(self) -> bool:
        """Whether the verdict hangs on it."""
        return not math.isnan(self.bound)


@dataclass(frozen=True)
class RuleVerdict:
    """What a rule says under one view."""

    verdict: ClaimVerdict
    components: tuple[ComponentResult, ...]


class Rule(Protocol):
    """How a claim is judged in one study."""

    @property
    def contrasts(self) -> tuple[Weights, ...]:
        """Everything that is needed; cells that the study lacks may have weights."""

    def evaluate(self, view: Estimator) -> RuleVerdict:
        """The verdict under one view."""

    def holds_on_logit(self, found: RuleVerdict, logit: Estimator) -> bool:
        """Whether the changes of gaps that a verdict rests on have the same sign there."""


@dataclass(frozen=True)
class Claim:
    """A named hypothesis.

    Attributes:
        head: What it says, and of itself.
        make_rule: Its rule in a study, from the study's words, its model in points, and a margin
            that was asked for.
        is_shipped: Whether it comes with the program.
    """

    head: ClaimHead
    make_rule: Callable[[Words, Model, float | None], Rule]
    is_shipped: bool = False

    @property
    def id(self) -> str:
        """Its name."""
        return self.head.id
