"""From results to the advice."""

from collections.abc import Sequence

from .advice import Advice
from .blocks import Standing, best_value, has_learned
from .drawn import draw
from .further import further
from .outlook import Outlook, WhyStopped
from .posterior import differs_by_more, posterior
from .settings import NUM_GRID_SEEDS, RaceSettings
from .trial import Told

_UNLIKE = 2.0
"""Times the bank's run SD: so it seems where effects are far larger than the bank's."""


def advise(
    settings: RaceSettings,
    told: Sequence[Told],
    now: Standing,
    *,
    why_stopped: WhyStopped | None,
    with_further: bool = True,
) -> Advice:
    """What can be said.

    Args:
        settings: What the race was asked.
        told: Results in the order of asking, with all short runs.
        now: What they say.
        why_stopped: None while the race is on.
        with_further: Whether to say what more runs would bring.
    """
    drawn, left, incumbent = now.drawn, now.left, settings.incumbent
    have_full = {row.trial.activation for row in told if row.trial.is_full}
    has_pick = bool(left) and has_learned(settings, told)
    is_screening = has_pick and len(left) > 1 and drawn.pick not in have_full
    has_limit = has_pick and not is_screening
    return Advice(
        activation=drawn.pick if has_pick else None,
        limit=drawn.limit(drawn.pick) if has_limit else None,
        expected_loss=drawn.expected_loss if has_limit else None,
        not_told_apart=drawn.not_told_apart() if has_pick else (),
        incumbent=incumbent,
        gain_over_incumbent=drawn.gain(drawn.pick, str(incumbent))
        if has_limit and incumbent in have_full - {drawn.pick} and incumbent in left
        else None,
        incumbent_limit=drawn.limit(str(incumbent)) if has_limit and incumbent in left else None,
        spent=settings.spent_by([row.trial for row in told]),
        budget=settings.budget,
        num_grid_runs=NUM_GRID_SEEDS * len(settings.candidates),
        why_stopped=why_stopped,
        is_screening=is_screening,
        best_value=best_value(told),
        floor=settings.floor,
        diverged=tuple(name for name in settings.candidates if name not in left),
        far_below=now.far_below,
        margin=now.margin,
        margin_asked=settings.margin,
        run_sd=now.run_sd,
        is_unlike_bank=now.run_sd > _UNLIKE * settings.knowledge.run_variances[1] ** 0.5
        or differs_by_more(settings.knowledge, told),
        outlooks=_outlooks(settings, now, told),
        trials=tuple(told),
        num_conditions=len(settings.knowledge.conditions),
        is_widened=settings.is_widened,
        further=further(settings, told, now) if with_further and has_limit else (),
        prior_pick=_prior_pick(settings, left, told) if has_pick else None,
    )


def _outlooks(settings: RaceSettings, now: Standing, told: Sequence[Told]) -> tuple[Outlook, ...]:
    drawn = now.drawn
    is_full = [(row.trial.activation, row.trial.is_full) for row in told]
    return tuple(
        Outlook(
            activation=name,
            mean=float(drawn.means_A[place]),
            sd=float(drawn.sds_A[place]),
            p_best=float(drawn.p_best_A[place]),
            num_short=is_full.count((name, False)),
            num_full=is_full.count((name, True)),
        )
        for place, name in enumerate(drawn.candidates)
    )


def _prior_pick(settings: RaceSettings, left: tuple[str, ...], told: Sequence[Told]) -> str | None:
    if not settings.has_prior:
        return None
    known = posterior(settings.knowledge, left, told, prior=True)
    return draw(known, spread=settings.spread, incumbent=settings.incumbent).pick
