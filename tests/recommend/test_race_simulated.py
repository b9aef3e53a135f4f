"""The race in small simulations, of a world that it knows and of others.

Bounds are those of docs/recommend.md, less what so few races may miss them by.
"""

from pathlib import Path

import numpy as np
import pytest

from actwise.recommend import Knowledge
from benchmarks.recommend import simulate
from benchmarks.recommend.simulate import Outcome
from benchmarks.recommend.worlds import World, worlds

pytestmark = pytest.mark.draws

KNOWLEDGE = Knowledge.load(Path(simulate.__file__).with_name("four_conditions.json"))
WORLDS = {world.name: world for world in worlds(KNOWLEDGE)}
REGRETS = {11: 0.41, 22: 0.24, 33: 0.18, 44: 0.13}
"""Simulated when the race was designed, in points."""
NUM_RACES = 100


def by_budget(world: World, *, widened: bool) -> dict[int, list[Outcome]]:
    return simulate.without_stopping(world, KNOWLEDGE, NUM_RACES, widened=widened)


def test_regret_falls_with_the_budget_as_it_should_and_the_limit_holds() -> None:
    found = by_budget(WORLDS["fitted"], widened=False)
    for budget, rows in found.items():
        regrets = np.array([row.regret for row in rows])
        error = 3 * regrets.std() / NUM_RACES**0.5
        assert abs(regrets.mean() - REGRETS[budget]) < 0.05 + error
        stated = [row for row in rows if row.limit is not None]
        assert (len(stated) > 0.9 * NUM_RACES) == (budget > 11), "short runs alone state no limit"
        if stated:
            assert 0.88 - 0.06 < np.mean([row.is_covered for row in stated]) < 0.95 + 0.05
    assert np.median([row.limit for row in found[33] if row.limit is not None]) < 1.4


@pytest.mark.parametrize("world", ["correlation 0.6", "run SD doubled", "one diverges"])
def test_the_wider_limit_holds_in_worlds_that_the_race_does_not_know(world: str) -> None:
    found = by_budget(WORLDS[world], widened=True)
    for budget in (33, 44):
        assert np.mean([row.is_covered for row in found[budget]]) > 0.85 - 0.06


def test_without_a_difference_a_gain_is_hardly_ever_claimed() -> None:
    rows = simulate.with_stopping(WORLDS["exact null"], KNOWLEDGE, NUM_RACES, budget=33)
    assert np.mean([row.claims_gain for row in rows]) < 0.1
    assert all(row.regret == 0 for row in rows)


def test_a_race_that_stops_early_is_right_and_cheaper() -> None:
    rows = simulate.with_stopping(WORLDS["fitted"], KNOWLEDGE, NUM_RACES, budget=44)
    decided = [row for row in rows if row.is_decided]
    assert len(decided) > NUM_RACES / 3
    assert np.mean([row.is_within for row in decided]) > 0.9
    assert np.mean([row.cost for row in rows]) < 7.5
