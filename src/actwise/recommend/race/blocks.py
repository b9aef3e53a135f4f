"""What a race does next: a function of the results so far and of nothing else.

First every candidate once, a third of the length, seed 0. Then blocks of full runs, each of one
seed and one fold: of 4 candidates, 3, and then always 2, chosen two at a time by how likely they
are the best. The incumbent takes the last place of a block as long as it has no full run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .drawn import Drawn, draw
from .outlook import WhyStopped
from .posterior import posterior
from .settings import RaceSettings
from .trial import NUM_FOLDS, Told, Trial

_WIDTHS = (4, 3, 2)
_PAIR = 2
"""Candidates of a block are chosen so many at a time."""
_RUN_SDS = 1.4
"""Margins below that many run SDs are hardly ever decided within a third of the grid."""


@dataclass(frozen=True)
class Standing:
    """What is known when all that was asked is told.

    Attributes:
        left: Candidates that did not diverge, in the order given.
        drawn: Draws of their effects.
        run_sd: Of a full run.
        margin: At which the race stops.
        far_below: See :class:`.posterior.Posterior`.
    """

    left: tuple[str, ...]
    drawn: Drawn
    run_sd: float
    margin: float
    far_below: Mapping[str, float]

    @property
    def is_decided(self) -> bool:
        """Whether the pick is as near to the best as was asked."""
        return self.drawn.limit(self.drawn.pick) <= self.margin


def standing(settings: RaceSettings, told: Sequence[Told]) -> Standing:
    """Where the race stands; without a candidate left nothing is drawn."""
    left = not_diverged(settings, told)
    known = posterior(settings.knowledge, left, told)
    margin = max(settings.margin or 0.0, _RUN_SDS * known.run_sd)
    return Standing(
        left,
        draw(known, spread=settings.spread, incumbent=settings.incumbent),
        known.run_sd,
        margin,
        known.far_below,
    )


def not_diverged(settings: RaceSettings, told: Sequence[Told]) -> tuple[str, ...]:
    """In the order given; one run that is lost drops a candidate."""
    dropped = {row.trial.activation for row in told if row.is_lost}
    return tuple(name for name in settings.candidates if name not in dropped)


def best_value(told: Sequence[Told]) -> float | None:
    """Of the full runs, or of the short ones while there is no other; None if all diverged."""
    known = [(row.trial.is_full, row.value) for row in told if row.value is not None]
    return max(known)[1] if known else None


def has_learned(settings: RaceSettings, told: Sequence[Told]) -> bool:
    """Whether that is more than guesses; of runs that all diverged nobody knows."""
    best = best_value(told)
    return best is None or best > settings.floor


def first_trials(settings: RaceSettings) -> tuple[Trial, ...]:
    """A short run of every candidate."""
    return tuple(
        Trial(number, name, 0, 0, settings.short_epochs, is_full=False)
        for number, name in enumerate(settings.candidates)
    )


def next_trials(
    settings: RaceSettings, told: Sequence[Told], now: Standing
) -> tuple[Trial, ...] | WhyStopped:
    """The trials that can be asked at once, or why there are none.

    Args:
        settings: What the race was asked.
        told: Results of all trials that were asked, in the order of asking.
        now: What they say.
    """
    if not has_learned(settings, told):
        return "unlearned"
    if len(now.left) < 2:
        return "alone" if now.left else "diverged"
    if settings.is_screening:
        return "screening"
    chosen = _choice(settings, told, now)
    if isinstance(chosen, str):
        return chosen
    seed, names = chosen
    return tuple(
        Trial(len(told) + place, name, seed, seed % NUM_FOLDS, settings.epochs, is_full=True)
        for place, name in enumerate(names)
    )


def _choice(
    settings: RaceSettings, told: Sequence[Told], now: Standing
) -> tuple[int, tuple[str, ...]] | WhyStopped:
    """Seed and candidates of the next full runs."""
    full = [row for row in told if row.trial.is_full]
    seed = max((row.trial.seed for row in full), default=-1)
    block = [row.trial.activation for row in full if row.trial.seed == seed]
    count = sum(name in now.left for name in block)
    open_places = min(width(seed), len(now.left)) - count if full else 0
    have_full = {row.trial.activation for row in full}
    # Short runs alone are a screening: no limit is stated, so nothing is decided.
    is_decided = settings.use_stopping and now.is_decided and now.drawn.pick in have_full
    owed = _owed(settings, now, have_full)
    left = settings.places_left([row.trial for row in told])
    # A block of one run compares nothing: it takes a second one, decided or not.
    can_stop = is_decided and count != 1
    claims_gain = open_places and owed and owed[0] != now.drawn.pick
    if can_stop and not claims_gain:
        return "decided"
    if left < (1 if open_places else 2):
        return "decided" if is_decided else "budget"
    if not open_places:
        seed, block, open_places = seed + 1, [], min(width(seed + 1), len(now.left))
    open_places = min(open_places, left)
    if can_stop:
        return seed, owed
    waiting = [name for name in now.drawn.likeliest() if name not in block]
    names = waiting[: min(_PAIR, open_places)]
    if owed and owed[0] not in names and len(names) == open_places:
        names[-1] = owed[0]
    return seed, tuple(names)


def _owed(settings: RaceSettings, now: Standing, have_full: set[str]) -> tuple[str, ...]:
    """The incumbent, where it still needs a full run."""
    name = settings.incumbent
    is_owed = settings.incumbent_place and name in now.left and name not in have_full
    return (name,) if is_owed and name is not None else ()


def width(seed: int) -> int:
    """Places of the block of full runs at a seed."""
    return _WIDTHS[min(seed, len(_WIDTHS) - 1)]


def batches(num_full: int, num_candidates: int) -> list[int]:
    """How many of so many full runs are asked at once, turn by turn; none alone in its block."""
    found: list[int] = []
    seed = 0
    while (places := min(width(seed), num_candidates, num_full)) > 1:
        found += [_PAIR] * (places // _PAIR) + [1] * (places % _PAIR)
        seed, num_full = seed + 1, num_full - places
    return found
