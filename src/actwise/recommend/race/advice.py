"""What a race says: data, and its few sentences."""

from dataclasses import asdict, dataclass
from typing import Any

from .outlook import Further, GainOver, Outlook, WhyStopped
from .trial import Told


@dataclass(frozen=True)
class Advice:
    """What a race says; ``str`` gives it in a few sentences.

    All differences are points of accuracy at full length, for the case that was raced, if it
    behaves like the conditions of the bank (``num_conditions``).

    Attributes:
        activation: The pick; None if all candidates diverged.
        limit: The best candidate is ahead of the pick by at most this, with 90 %; 0 where one
            candidate alone did not diverge.
        expected_loss: Mean of how far the best is ahead of the pick.
        not_told_apart: Fewest candidates of which one is the best with 90 %, likeliest first.
        incumbent: The activation in use, if it was named.
        gain_over_incumbent: Of the pick over it; None unless the incumbent has a full run and is
            not the pick.
        incumbent_limit: The limit of the incumbent itself; None where it diverged or is unnamed.
        spent, budget: In full runs.
        num_grid_runs: Full runs of the whole grid, three seeds of every candidate.
        why_stopped: None while the race is on.
        is_screening: Whether the budget allowed short runs only.
        diverged: Candidates that were dropped.
        margin: The race stops when the limit is at most this.
        margin_asked: The user's, if any; ``margin`` is larger where runs could not tell it.
        run_sd: SD of a full run's accuracy, as the bank and this race's residuals have it.
        outlooks: What is known of each candidate that did not diverge, best mean first.
        trials: All results, in the order of asking.
        num_conditions: Conditions of the bank.
        is_widened: Whether the spread is 1.3 times the bank's, as the case is not of its family.
        further: What more full runs are expected to bring; empty where the race was decided.
        prior_pick: What the bank's means of activations would have picked beside the same
            results; None unless asked for.
    """

    activation: str | None
    limit: float
    expected_loss: float
    not_told_apart: tuple[str, ...]
    incumbent: str | None
    gain_over_incumbent: GainOver | None
    incumbent_limit: float | None
    spent: float
    budget: float
    num_grid_runs: int
    why_stopped: WhyStopped | None
    is_screening: bool
    diverged: tuple[str, ...]
    margin: float
    margin_asked: float | None
    run_sd: float
    outlooks: tuple[Outlook, ...]
    trials: tuple[Told, ...]
    num_conditions: int
    is_widened: bool
    further: tuple[Further, ...]
    prior_pick: str | None = None

    def __str__(self) -> str:
        """A few sentences, the pick and its limit first."""
        return advice_text(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        found = asdict(self)
        gain = self.gain_over_incumbent
        return {**found, "gain_over_incumbent": None if gain is None else gain._asdict()}


def advice_text(advice: Advice) -> str:
    """The pick and its limit first; then what is not told apart, the gain, the cost, the end."""
    raise NotImplementedError
