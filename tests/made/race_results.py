"""Results of trainings that nobody trained, and races on them."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from actwise.recommend import Advice, Race, Trial

SIX = ("relu", "prelu", "elu", "gelu", "silu", "mish")
Result = Callable[[Trial], float | None]


def made_results(seed: int, *, diverging: Sequence[str] = (), spread: float = 1.0) -> Result:
    """What each trial gives: effects, blocks and noise as large as in the bank."""

    def result(trial: Trial) -> float | None:
        if trial.activation in diverging:
            return None
        effect = spread * noise(f"{seed} {trial.activation}")
        block = noise(f"{seed} {trial.seed} {trial.is_full}")
        run = 0.7 * noise(f"{seed} {trial.activation} {trial.seed} {trial.is_full}")
        return 60.0 + effect + 0.6 * block + run

    return result


def noise(name: str) -> float:
    return random.Random(name).gauss(0.0, 1.0)


def raced(race: Race, result: Result, *, workers: int = 1, order: int = 0) -> Race:
    """Run it, up to ``workers`` trials at a time; which of them ends first is drawn."""
    generator = random.Random(order)
    in_flight: list[Trial] = []
    while not race.is_over:
        while len(in_flight) < workers and (trial := race.ask()) is not None:
            in_flight.append(trial)
        ended = in_flight.pop(generator.randrange(len(in_flight)))
        value = result(ended)
        race.tell(ended, "diverged" if value is None else value)
    assert race.ask() is None and not in_flight
    return race


def made_race(candidates: Sequence[str] = SIX, **options: Any) -> Race:
    return Race(candidates, epochs=27, **options)


def full_trials(advice: Advice) -> list[tuple[int, str]]:
    return [(t.trial.seed, t.trial.activation) for t in advice.trials if t.trial.is_full]
