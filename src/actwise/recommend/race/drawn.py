"""What a posterior says of the best candidate: by draws that are always the same ones.

The draws come from one fixed stream; candidates take them in the order of their means, of equal
ones the activation in use first and then by name, so that the order in which they were named does
not matter. For one version of numpy nothing is random.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from ...rng import stream
from .outlook import CONFIDENCE, GainOver
from .posterior import Array, Posterior

_NUM_DRAWS = 600
"""At each point of the mixture; every point has draws of its own."""


@dataclass(frozen=True)
class Drawn:
    """Draws of all effects, best mean first.

    Attributes:
        candidates: Best mean first.
        effects_AD: Draws of their effects at full length.
        weights_D: How likely each draw is; they add up to 1.
        means_A: Exact means.
    """

    candidates: tuple[str, ...]
    effects_AD: Array
    weights_D: Array
    means_A: Array

    @property
    def pick(self) -> str:
        """The best mean."""
        return self.candidates[0]

    @cached_property
    def p_best_A(self) -> Array:
        """How likely each is the best."""
        return np.asarray((self.effects_AD == self._best_D) @ self.weights_D)

    @property
    def sds_A(self) -> Array:
        """SDs of the effects."""
        away_AD = self.effects_AD - (self.effects_AD @ self.weights_D)[:, None]
        return np.asarray(np.sqrt(away_AD**2 @ self.weights_D))

    @property
    def expected_loss(self) -> float:
        """Mean of the best less the pick."""
        return float(self.weights_D @ self._behind(self.pick))

    def limit(self, activation: str) -> float:
        """By how much the best is ahead of a candidate at most, with 90 %."""
        return _quantile(self._behind(activation), self.weights_D, CONFIDENCE)

    def gain(self, activation: str, incumbent: str) -> GainOver:
        """How far one is ahead of another."""
        ahead_D = (
            self.effects_AD[self.candidates.index(activation)]
            - self.effects_AD[self.candidates.index(incumbent)]
        )
        lower, median, upper = (_quantile(ahead_D, self.weights_D, q) for q in (0.05, 0.5, 0.95))
        return GainOver(lower, median, upper)

    def likeliest(self) -> tuple[str, ...]:
        """All, the likeliest to be the best first; the better mean where as likely."""
        order_A = np.argsort(_key(self.p_best_A), kind="stable")
        return tuple(self.candidates[place] for place in order_A)

    def not_told_apart(self) -> tuple[str, ...]:
        """The fewest of which one is the best with 90 %; the pick is always among them."""
        p_best = dict(zip(self.candidates, self.p_best_A.tolist(), strict=True))
        found: list[str] = []
        for name in self.likeliest():
            if sum(p_best[other] for other in found) < CONFIDENCE or self.pick not in found:
                found.append(name)
        return tuple(found)

    def _behind(self, activation: str) -> Array:
        return np.asarray(self._best_D - self.effects_AD[self.candidates.index(activation)])

    @cached_property
    def _best_D(self) -> Array:
        return np.asarray(self.effects_AD.max(axis=0))


def draw(known: Posterior, *, spread: float, incumbent: str | None = None) -> Drawn:
    """Draw from a posterior.

    Args:
        known: The posterior.
        spread: By which its SDs are multiplied.
        incumbent: The activation in use: the first of equal ones.
    """
    names = known.candidates
    keys = [*zip(_key(known.means_A), (name != incumbent for name in names), names, strict=True)]
    order_A = np.array(sorted(range(len(names)), key=keys.__getitem__), dtype=int)
    num_points, num_arms = known.means_GA.shape
    roots_GAA = roots(known.covariances_GAA[:, order_A[:, None], order_A])
    away_GAD = roots_GAA @ normals(num_points, num_arms)
    effects_GAD = known.means_GA[:, order_A, None] + spread * away_GAD
    return Drawn(
        candidates=tuple(names[place] for place in order_A),
        effects_AD=np.moveaxis(effects_GAD, 0, 1).reshape(num_arms, num_points * _NUM_DRAWS),
        weights_D=np.repeat(known.weights_G / _NUM_DRAWS, _NUM_DRAWS),
        means_A=known.means_A[order_A],
    )


def roots(covariances_GAA: Array) -> Array:
    """Symmetric square roots: they do not depend on the order of candidates."""
    values_GA, vectors_GAA = np.linalg.eigh(covariances_GAA)
    scaled_GAA = vectors_GAA * np.sqrt(np.maximum(values_GA, 0.0))[:, None, :]
    return np.asarray(scaled_GAA @ np.swapaxes(vectors_GAA, 1, 2))


@cache
def normals(num_points: int, num_arms: int) -> Array:
    """Standard normal draws, each with its opposite, shape (points, arms, draws)."""
    generator = stream(0, "race", f"{num_points} {num_arms}")
    half_GAD = generator.standard_normal((num_points, num_arms, _NUM_DRAWS // 2))
    return np.concatenate([half_GAD, -half_GAD], axis=2)


def _key(values_A: Array) -> Array:
    """To sort by, the largest first: what differs by rounding of sums is equal."""
    return np.asarray(-np.round(values_A, 9))


def _quantile(values_D: Array, weights_D: Array, level: float) -> float:
    order_D = np.argsort(values_D, kind="stable")
    place = np.searchsorted(np.cumsum(weights_D[order_D]), level)
    return float(values_D[order_D[min(int(place), len(order_D) - 1)]])
