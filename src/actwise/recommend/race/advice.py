"""What a race says: data, and its few sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...numbers import counted, number, percent, signed, span
from ...shown import Shown
from .outlook import CONFIDENCE, Further, GainOver, Outlook, WhyStopped
from .trial import Told

_ENDS = {
    "decided": "stopped as the limit is within the margin of {margin}",
    "budget": "stopped by the budget",
    "screening": "the budget pays fewer than two full runs beside the short ones: {enough} do",
    "alone": "stopped as nothing is left to compare",
    "diverged": "stopped as nothing is left to compare",
    "unlearned": "stopped as no training has learned",
    None: "the race is still on",
}

_SEEN = 0.05
"""Points that one decimal shows."""


@dataclass(frozen=True, repr=False)
class Advice(Shown):
    """What a race says; ``str`` gives it in a few sentences.

    All differences are points of accuracy at full length, for the case that was raced, if it
    behaves like the conditions of the bank (``num_conditions``).

    Attributes:
        activation: The pick; None if all candidates diverged, or nothing learned.
        limit: The best candidate is ahead of the pick by at most this, with 90 %; 0 where the pick
            is the best with 90 % or more, None in a screening and without a pick.
        expected_loss: Mean of how far the best is ahead of the pick.
        not_told_apart: Fewest candidates of which one is the best with 90 %, likeliest first.
        incumbent: The activation in use, if it was named.
        gain_over_incumbent: Of the pick over it; None unless the incumbent has a full run and is
            not the pick.
        incumbent_limit: The limit of the incumbent itself; None where it diverged, is unnamed, or
            the pick has none.
        spent: In full runs.
        budget: In full runs too.
        num_grid_runs: Full runs of the whole grid, three seeds of every candidate.
        why_stopped: None while the race is on.
        is_screening: Whether the pick has no full run: then no limit is stated.
        best_value: The best accuracy of the full runs, or of the short ones where there are no
            others, in percent; ``floor``: what hardly differs from guessing.
        diverged: Candidates that were dropped, those that came to 1 % or less too.
        far_below: Candidates with a run so far below the best that it is read as less far, and
            its accuracy: differences to them are larger than stated.
        margin: The race stops when the limit is at most this.
        margin_asked: The user's, if any; ``margin`` is larger where runs could not tell it.
        run_sd: SD of a full run's accuracy, as the bank and this race's residuals have it.
        is_unlike_bank: Whether that is so far from the bank's, or the short runs scatter so much
            more, that the limit may be too small.
        outlooks: What is known of each candidate that did not diverge, best mean first.
        trials: All results, in the order of asking.
        num_conditions: Conditions of the bank.
        is_widened: Whether the spread is 1.3 times the bank's, as no condition is like the case.
        further: What more full runs are expected to bring; empty where nothing is left to compare.
        prior_pick: What the bank's means of activations would have picked beside the same
            results; None unless asked for.
    """

    activation: str | None
    limit: float | None
    expected_loss: float | None
    not_told_apart: tuple[str, ...]
    incumbent: str | None
    gain_over_incumbent: GainOver | None
    incumbent_limit: float | None
    spent: float
    budget: float
    num_grid_runs: int
    why_stopped: WhyStopped | None
    is_screening: bool
    best_value: float | None
    floor: float
    diverged: tuple[str, ...]
    far_below: Mapping[str, float]
    margin: float
    margin_asked: float | None
    run_sd: float
    is_unlike_bank: bool
    outlooks: tuple[Outlook, ...]
    trials: tuple[Told, ...]
    num_conditions: int
    is_widened: bool
    further: tuple[Further, ...]
    prior_pick: str | None = None

    @property
    def num_candidates(self) -> int:
        """Those that were raced, diverged ones too."""
        return len(self.outlooks) + len(self.diverged)

    def __str__(self) -> str:
        """A few sentences, the pick and its limit first."""
        return advice_text(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        found = asdict(self)
        gain = self.gain_over_incumbent
        return {**found, "gain_over_incumbent": None if gain is None else gain._asdict()}

    def to_rows(self) -> Sequence[Mapping[str, Any]]:
        """The candidates."""
        return [asdict(row) for row in self.outlooks]


def advice_text(advice: Advice) -> str:
    """The pick and its limit first; then what is not told apart, the gain, the cost, the end."""
    lines = [_pick(advice), _apart(advice), _gain(advice), _cost(advice), _more(advice)]
    if advice.is_unlike_bank and advice.limit is not None and len(advice.outlooks) > 1:
        lines.insert(1, "Your results differ by more than the bank's: 90 % may be too much.")
    if advice.diverged and advice.activation is not None:
        lines.insert(1, f"Diverged and dropped: {', '.join(advice.diverged)}.")
    lines.insert(1, _far_below(advice))
    if advice.prior_pick is not None:
        lines.append(f"With the bank's mean of each activation as a prior: {advice.prior_pick}.")
    return "\n".join(line for line in lines if line)


def _pick(advice: Advice) -> str:
    count = advice.num_candidates
    if advice.why_stopped == "unlearned":
        return (
            f"No advice: nothing has learned. The best accuracy of {count} candidates is "
            f"{number(advice.best_value, 1)} %, and up to {number(advice.floor, 1)} % is hardly "
            "more than guessing. Change the learning rate, train more epochs, or look at the data "
            "and their labels."
        )
    if advice.activation is None:
        return f"No advice: all {count} candidates diverged."
    verb = "Keep" if advice.activation == advice.incumbent else "Use"
    if len(advice.diverged) == count - 1:
        return f"{verb} {advice.activation}: the only one of {count} that did not diverge."
    if advice.is_screening:
        return (
            f"Screening only: {advice.activation} leads the {count} candidates and has no full "
            "run; how far from the best it can be is not known before it has one."
        )
    known = counted(advice.num_conditions, "condition")
    condition = f"if your case behaves like the {known} of the bank"
    if advice.is_widened:
        condition += ", with spreads 1.3 times theirs"
    if _is_surely_best(advice):
        # Nothing is ahead of it: that is no distance of 0.
        p_best = min(advice.outlooks[0].p_best, 0.99)
        place = f"The best of {count} ({percent(round(p_best, 2))}"
    else:
        limit = number(max(advice.limit or 0.0, 0.1), 1)
        place = f"Within {limit} points of the best of {count} ({percent(CONFIDENCE)}"
    loss = _points(advice.expected_loss)
    return f"{verb} {advice.activation}. {place}, {condition}); expected loss {loss}."


def _far_below(advice: Advice) -> str:
    if not advice.far_below or advice.activation is None:
        return ""
    low = advice.far_below
    named = ", ".join(f"{name} ({number(low[name], 1)} %)" for name in low)
    is_guessing = max(low.values()) <= advice.floor
    what = "Hardly more than guessing" if is_guessing else "Far below the best"
    return f"{what} in a run: {named}; the best came to {number(advice.best_value, 1)} %."


def _is_surely_best(advice: Advice) -> bool:
    return advice.outlooks[0].p_best >= CONFIDENCE


def _points(value: float | None) -> str:
    """A distance is never said to be 0.0."""
    return "below 0.1" if value is not None and value < _SEEN else number(value, 1)


def _apart(advice: Advice) -> str:
    if len(advice.not_told_apart) < 2:
        return ""
    return f"Not told apart: {', '.join(advice.not_told_apart)} ({percent(CONFIDENCE)})."


def _gain(advice: Advice) -> str:
    name, gain = advice.incumbent, advice.gain_over_incumbent
    if advice.limit is None or name in (None, advice.activation, *advice.diverged):
        return ""
    if gain is None:
        return f"No gain over {name} is stated: it has no full run."
    if name in advice.far_below and advice.activation not in advice.far_below:
        return f"Over {name}: at least {signed(gain.lower, 1)} points."
    said = f"Over {name}: {signed(gain.median, 1)} points ({span(gain.lower, gain.upper, 1)})."
    if advice.incumbent_limit is not None and advice.incumbent_limit <= advice.margin:
        said += (
            f" {name} itself is within {_points(advice.incumbent_limit)} points of the best "
            f"({percent(CONFIDENCE)})."
        )
    return said


def _cost(advice: Advice) -> str:
    share = percent(round(advice.spent / advice.num_grid_runs, 2))
    said = f"Cost: {number(advice.spent, 1)} full runs, {share} of 3 seeds of each candidate"
    enough = f"{number(advice.spent + 2, 1)} full runs in all"
    end = _ENDS[advice.why_stopped].format(margin=number(advice.margin, 1), enough=enough)
    if advice.why_stopped == "decided" and _is_surely_best(advice):
        end = "stopped as no other is likely to be the best"
    return f"{said}; {end}."


def _more(advice: Advice) -> str:
    if not advice.further or (advice.limit or 0.0) < _SEEN:
        return ""
    parts = [f"{_points(more.limit)} after {more.full_runs}" for more in advice.further]
    return f"Limit expected with more full runs: {', '.join(parts)}."
