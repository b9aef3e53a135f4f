"""What results say of the candidates' effects at full length.

    y = level(length) + block(length, seed) + effect(candidate, length) + noise

Effects of one candidate at the two lengths are jointly normal, candidates are exchangeable, the
level of a length is free. How noisy runs are, beside the bank's, is a factor with a log-normal
prior (log SD 0.35) that this race's own results move; it is taken over a grid, so that the
posterior is a mixture of normal ones, one for each point.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...analysis.model import chi2_quantile
from .knowledge import Knowledge
from .trial import Told, Trial

Array = npt.NDArray[np.float64]

RUN_LOG_SD = 0.35
_STEPS_G = np.linspace(-3.0, 3.0, 9)
_LEAST_WEIGHT = 1e-3
_FREE = 1e4
"""Variance of a length's level, in points squared: results themselves say where it is."""
_REACH = 4.0
"""SDs below the best of its block from which on a result tells no more."""
_USUAL = 0.995
"""Of races in the bank's own world, that are not taken for another one."""
_TO_SD = 1.4826
"""From the median absolute deviation of normal values to their SD."""


@dataclass(frozen=True)
class Posterior:
    """A mixture of normal distributions of the effects at full length.

    Attributes:
        candidates: In the order of all arrays.
        weights_G: Of the points of the grid of run noise; they add up to 1.
        run_sds_G: SD of a full run at each.
        means_GA, covariances_GAA: Of the effects there.
        far_below: Candidates with a result so far below the best that it is read as less far, and
            the lowest one.
    """

    candidates: tuple[str, ...]
    weights_G: Array
    run_sds_G: Array
    means_GA: Array
    covariances_GAA: Array
    far_below: Mapping[str, float]

    @property
    def run_sd(self) -> float:
        """Mean over the mixture."""
        return float(self.weights_G @ self.run_sds_G)

    @property
    def means_A(self) -> Array:
        """Mean effects over the mixture."""
        return np.asarray(self.weights_G @ self.means_GA)


def posterior(
    knowledge: Knowledge, candidates: Sequence[str], told: Sequence[Told], *, prior: bool = False
) -> Posterior:
    """Effects of some candidates, by their results; those of others are left out.

    Args:
        knowledge: Variances.
        candidates: Those that did not diverge.
        told: Results.
        prior: Whether effects are expected at the bank's mean of each activation, not at 0.
    """
    told = [row for row in told if row.trial.activation in candidates]
    runs = _Runs(knowledge, candidates, [row.trial for row in told])
    factors_G = np.exp(RUN_LOG_SD * _STEPS_G)
    means_AL = np.zeros((len(candidates), 2))
    if prior:
        means_AL[:] = [knowledge.activation_means.get(name, (0.0, 0.0)) for name in candidates]
    values_R = np.array([row.value for row in told if row.value is not None], dtype=np.float64)
    read_R = runs.read(values_R)
    heights_R = runs.heights(read_R)
    expected_R = means_AL[runs.arms_R, runs.lengths_R]
    weighed_GR, covariances_GAA, size_G = runs.solved(heights_R - expected_R, factors_G)
    log_G = -0.5 * (size_G + _STEPS_G**2)
    weights_G = np.exp(log_G - log_G.max())
    kept_G = weights_G > _LEAST_WEIGHT
    return Posterior(
        candidates=tuple(candidates),
        weights_G=weights_G[kept_G] / weights_G[kept_G].sum(),
        run_sds_G=factors_G[kept_G] * np.sqrt(knowledge.run_variances[1]),
        means_GA=(means_AL[:, 1] + weighed_GR @ runs.at_full_AR.T)[kept_G],
        covariances_GAA=covariances_GAA[kept_G],
        far_below={
            candidates[arm]: float(values_R[runs.arms_R == arm].min())
            for arm in np.unique(runs.arms_R[read_R > values_R])
        },
    )


def covariance(
    knowledge: Knowledge, candidates: Sequence[str], trials: Sequence[Trial], *, run_sd: float
) -> Array:
    """Of the effects at full length once some trials are told, whatever they give."""
    trials = [trial for trial in trials if trial.activation in candidates]
    runs = _Runs(knowledge, candidates, trials)
    factor = run_sd / np.sqrt(knowledge.run_variances[1])
    _, (found_AA,), _ = runs.solved(np.zeros(len(trials)), np.array([factor]))
    return np.asarray(found_AA)


def differs_by_more(knowledge: Knowledge, told: Sequence[Told]) -> bool:
    """Whether the short runs scatter more than the bank's do once in 200 races; no stuck ones."""
    told = [row for row in told if not (row.trial.is_full or row.is_lost)]
    if not told:
        return False
    names = [row.trial.activation for row in told]
    runs = _Runs(knowledge, names, [row.trial for row in told])
    values_S = np.array([row.value for row in told], dtype=np.float64)
    kept_S = values_S[values_S > values_S.max() - runs.far(values_S)]
    if len(kept_S) < 2:
        return False
    size = ((kept_S - kept_S.mean()) ** 2).sum() / runs.spread_L[0] ** 2
    return bool(size > chi2_quantile(_USUAL, len(kept_S) - 1))


class _Runs:
    """Which runs there are, and how they hang together; rows R are runs."""

    def __init__(
        self, knowledge: Knowledge, candidates: Sequence[str], trials: Sequence[Trial]
    ) -> None:
        effects_LL, self.run_L = np.array(knowledge.effects), np.array(knowledge.run_variances)
        self.arms_R = np.array([candidates.index(trial.activation) for trial in trials], dtype=int)
        self.lengths_R = np.array([trial.is_full for trial in trials], dtype=int)
        seeds_R = np.array([trial.seed for trial in trials])
        self.same_length_RR = self.lengths_R[:, None] == self.lengths_R
        self.same_block_RR = self.same_length_RR & (seeds_R[:, None] == seeds_R)
        same_arm_RR = self.arms_R[:, None] == self.arms_R
        self.between_RR = (
            _FREE * self.same_length_RR
            + self.same_block_RR * np.array(knowledge.seed_variances)[self.lengths_R]
            + same_arm_RR * effects_LL[np.ix_(self.lengths_R, self.lengths_R)]
        )
        is_of_AR = np.arange(len(candidates))[:, None] == self.arms_R
        self.at_full_AR = is_of_AR * effects_LL[1, self.lengths_R]
        self.before_AA = effects_LL[1, 1] * np.eye(len(candidates))
        self.spread_L = np.sqrt(np.diag(effects_LL) + self.run_L)
        self.reach_R = _REACH * self.spread_L[self.lengths_R]

    def read(self, values_R: Array) -> Array:
        """Results, none of them all too low.

        One far below the best of its block, as of a run that is stuck, is read as less far: it
        would pass for run noise otherwise, and make all other differences nothing. What is far
        follows the middle half of the short runs where these scatter more than the bank's.
        """
        best_R = np.where(self.same_block_RR, values_R, -np.inf).max(axis=1, initial=-np.inf)
        return np.asarray(np.maximum(values_R, best_R - self.far(values_R)))

    def heights(self, values_R: Array) -> Array:
        """Results about the mean of their length."""
        means_R = self.same_length_RR @ values_R / self.same_length_RR.sum(axis=1)
        return np.asarray(values_R - means_R)

    def far(self, values_R: Array) -> Array:
        """How far below the best of its block a result tells no more."""
        return np.asarray(self.reach_R * max(1.0, self._scatter(values_R)))

    def _scatter(self, values_R: Array) -> float:
        """Of the short runs, over the bank's: by their median absolute deviation."""
        short_S = values_R[self.lengths_R == 0]
        if not len(short_S):
            return 1.0
        deviation = _TO_SD * np.median(np.abs(short_S - np.median(short_S)))
        return float(deviation / self.spread_L[0])

    def solved(self, values_R: Array, factors_G: Array) -> tuple[Array, Array, Array]:
        """Weighed results, covariances of effects, and -2 log likelihood but for a constant."""
        noise_GRR = factors_G[:, None, None] ** 2 * np.diag(self.run_L[self.lengths_R])
        whole_GRR = self.between_RR + noise_GRR
        sides_RX = np.column_stack([values_R, self.at_full_AR.T])
        solved_GRX = np.linalg.solve(
            whole_GRR, np.broadcast_to(sides_RX, (len(factors_G), *sides_RX.shape))
        )
        weighed_GR = solved_GRX[..., 0]
        covariances_GAA = self.before_AA - self.at_full_AR @ solved_GRX[..., 1:]
        size_G = weighed_GR @ values_R + np.linalg.slogdet(whole_GRR)[1]
        return weighed_GR, covariances_GAA, size_G
