"""Races in made worlds, whose truth is known: the fitted model, and models that it is not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from actwise.recommend import Advice, Knowledge, Race, Trial
from benchmarks.recommend.bank import ACTIVATIONS, EPOCHS, Floats

_LEVELS = (55.0, 65.0)
"""Of accuracies at the two lengths; nothing depends on them."""


@dataclass(frozen=True)
class World:
    """What effects and runs are drawn from.

    Attributes:
        name: For people.
        knowledge: Variances; what the race believes is another thing.
        spread: Factor of the effects' SDs; 0 is the exact null.
        is_log_normal: Whether that factor is drawn for each race, with log SD 0.5.
        diverges: Whether one candidate, by chance, diverges in every run.
    """

    name: str
    knowledge: Knowledge
    spread: float = 1.0
    is_log_normal: bool = False
    diverges: bool = False


@dataclass(frozen=True)
class Case:
    """One case to race on.

    Attributes:
        at_full_A: True effects at full length; -inf where it diverges.
        result: What a trial gives.
    """

    at_full_A: Floats
    result: Callable[[Trial], float | None]


def worlds(knowledge: Knowledge) -> tuple[World, ...]:
    """The fitted model, and wrong ones."""
    (short, _), (_, full) = knowledge.effects
    less = 0.6 * (short * full) ** 0.5
    weak = replace(knowledge, effects=((short, less), (less, full)))
    noisy = replace(knowledge, run_variances=tuple(4 * value for value in knowledge.run_variances))
    return (
        World("fitted", knowledge),
        World("correlation 0.6", weak),
        World("correlation 0.6, effects x 2", weak, spread=2.0),
        World("correlation 0.6, effects x 5", weak, spread=5.0),
        World("run SD doubled", noisy),
        World("one diverges", knowledge, diverges=True),
        World("effects of all sizes", knowledge, is_log_normal=True),
        World("exact null", knowledge, spread=0.0),
    )


def cases(world: World, count: int, *, seed: int = 0, num_candidates: int = 6) -> Iterator[Case]:
    """Cases drawn from a world; the same ones for the same seed."""
    root_LL = np.linalg.cholesky(np.array(world.knowledge.effects))
    seed_L, run_L = (
        np.sqrt(values)
        for values in (world.knowledge.seed_variances, world.knowledge.run_variances)
    )
    generators = np.random.SeedSequence(seed).spawn(count)
    for child in generators:
        generator = np.random.default_rng(child)
        effects_AL = world.spread * generator.standard_normal((num_candidates, 2)) @ root_LL.T
        if world.is_log_normal:
            effects_AL *= np.exp(0.5 * generator.standard_normal())
        blocks_LS = seed_L[:, None] * generator.standard_normal((2, 40))
        noise_ALS = run_L[:, None] * generator.standard_normal((num_candidates, 2, 40))
        lost = int(generator.integers(num_candidates)) if world.diverges else None
        yield _case(effects_AL, blocks_LS, noise_ALS, lost)


def _case(effects_AL: Floats, blocks_LS: Floats, noise_ALS: Floats, lost: int | None) -> Case:
    names = candidate_names(len(effects_AL))

    def result(trial: Trial) -> float | None:
        place, length = names.index(trial.activation), int(trial.is_full)
        if place == lost:
            return None
        return float(
            _LEVELS[length]
            + effects_AL[place, length]
            + blocks_LS[length, trial.seed]
            + noise_ALS[place, length, trial.seed]
        )

    at_full_A = effects_AL[:, 1].copy()
    if lost is not None:
        at_full_A[lost] = -np.inf
    return Case(at_full_A, result)


def candidate_names(count: int) -> list[str]:
    """The six, then made ones."""
    return [*ACTIVATIONS, *(f"made{place}" for place in range(count))][:count]


def advices(race: Race, result: Callable[[Trial], float | None]) -> Iterator[Advice]:
    """The advice after every batch of trials."""
    while not race.is_over:
        for trial in list(iter(race.ask, None)):
            value = result(trial)
            race.tell(trial, "diverged" if value is None else value)
        yield race.advice(with_further=False)


def make_race(knowledge: Knowledge, *, num_candidates: int = 6, **options: Any) -> Race:
    """A race of the bank's length."""
    return Race(candidate_names(num_candidates), epochs=EPOCHS[1], knowledge=knowledge, **options)
