"""What more full runs are expected to bring: before they are made, from the posterior alone."""

from collections.abc import Sequence

import numpy as np

from .blocks import Standing, width
from .drawn import normals, roots
from .outlook import CONFIDENCE, Further
from .posterior import Array, covariance
from .settings import RaceSettings
from .trial import NUM_FOLDS, Told, Trial

_COUNTS = (2, 4, 8)
_NUM_MOVES = 64


def further(settings: RaceSettings, told: Sequence[Told], now: Standing) -> tuple[Further, ...]:
    """The limit expected after 2, 4 and 8 more full runs of those likeliest to be the best.

    How far the means will move is known before they do; the limit is averaged over such moves.
    """
    if len(now.left) < 2:
        return ()
    trials = [row.trial for row in told]
    before_AA = _covariance(settings, now, trials)
    coming = _coming(settings, told, now)
    found = []
    for count in _COUNTS:
        after_AA = _covariance(settings, now, trials + coming[:count])
        found.append(Further(count, _limit(now, settings.spread, before_AA, after_AA)))
    return tuple(found)


def _coming(settings: RaceSettings, told: Sequence[Told], now: Standing) -> list[Trial]:
    """The full runs to come, if the candidates stay as likely as they are."""
    full = [row.trial for row in told if row.trial.is_full]
    seed = max((trial.seed for trial in full), default=0)
    has = {trial.activation for trial in full if trial.seed == seed}
    found: list[Trial] = []
    while len(found) < max(_COUNTS):
        places = max(0, min(width(seed), len(now.left)) - len(has & set(now.left)))
        names = [name for name in now.drawn.likeliest() if name not in has][:places]
        for name in names:
            number = len(told) + len(found)
            found.append(Trial(number, name, seed, seed % NUM_FOLDS, settings.epochs, is_full=True))
        seed, has = seed + 1, set()
    return found


def _covariance(settings: RaceSettings, now: Standing, trials: Sequence[Trial]) -> Array:
    """Of the effects, in the order of ``now.drawn``."""
    return covariance(settings.knowledge, now.drawn.candidates, trials, run_sd=now.run_sd)


def _limit(now: Standing, spread: float, before_AA: Array, after_AA: Array) -> float:
    moves_AD, draws_AD = normals(2, len(before_AA))
    moved_AA, left_AA = roots(np.stack([before_AA - after_AA, after_AA]))
    means_AM = now.drawn.means_A[:, None] + spread * moved_AA @ moves_AD[:, :_NUM_MOVES]
    effects_AMD = means_AM[:, :, None] + spread * (left_AA @ draws_AD)[:, None, :]
    picked_MD = effects_AMD[means_AM.argmax(axis=0), np.arange(_NUM_MOVES)]
    behind_MD = effects_AMD.max(axis=0) - picked_MD
    return float(np.quantile(behind_MD, CONFIDENCE, axis=1).mean())
