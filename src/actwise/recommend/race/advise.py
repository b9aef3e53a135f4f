"""From results to the advice."""

from collections.abc import Sequence

from .advice import Advice
from .blocks import Standing
from .further import further
from .outlook import GainOver, Outlook, WhyStopped
from .posterior import posterior
from .settings import NUM_GRID_SEEDS, RaceSettings
from .trial import Told


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
    is_known = incumbent is not None and incumbent in left
    return Advice(
        activation=drawn.pick if left else None,
        limit=drawn.limit(drawn.pick) if left else None,
        expected_loss=drawn.expected_loss if left else None,
        not_told_apart=drawn.not_told_apart() if left else (),
        incumbent=incumbent,
        gain_over_incumbent=_gain(settings, now, told),
        incumbent_limit=drawn.limit(str(incumbent)) if is_known else None,
        spent=settings.spent_by([row.trial for row in told]),
        budget=settings.budget,
        num_grid_runs=NUM_GRID_SEEDS * len(settings.candidates),
        why_stopped=why_stopped,
        is_screening=settings.is_screening,
        diverged=tuple(name for name in settings.candidates if name not in left),
        margin=now.margin,
        margin_asked=settings.margin_asked,
        run_sd=now.run_sd,
        outlooks=_outlooks(settings, now, told),
        trials=tuple(told),
        num_conditions=len(settings.knowledge.conditions),
        is_widened=settings.is_widened,
        further=further(settings, told, now) if with_further else (),
        prior_pick=_prior_pick(settings, left, told),
    )


def _gain(settings: RaceSettings, now: Standing, told: Sequence[Told]) -> GainOver | None:
    incumbent = settings.incumbent
    if incumbent is None or incumbent not in now.left or incumbent == now.drawn.pick:
        return None
    if not any(row.trial.is_full and row.trial.activation == incumbent for row in told):
        return None
    return now.drawn.gain(now.drawn.pick, incumbent)


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
    if not settings.has_prior or not left:
        return None
    means_A = posterior(settings.knowledge, left, told, prior=True).means_A
    return left[int(means_A.argmax())]
