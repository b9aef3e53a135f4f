"""What the race knows follows from results/, and the replay scores by seeds that it did not see."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actwise.recommend import Knowledge, KnownCondition, shipped_knowledge
from benchmarks.recommend import fit, peers, replay
from benchmarks.recommend.bank import ACTIVATIONS, BankCondition, read_bank

BANK = read_bank()
FOUR = Path(fit.__file__).with_name("four_conditions.json")


def named_by(knowledge: Knowledge) -> list[BankCondition]:
    """The conditions of a file, with as many seeds as it had."""
    found = []
    for known in knowledge.conditions:
        (condition,) = (c for c in BANK if replace(c.known, seeds=known.seeds) == known)
        kept = slice(known.seeds)
        found.append(
            BankCondition(
                known,
                condition.seeds[kept],
                condition.validation_ALS[..., kept],
                condition.test_ALS[..., kept],
            )
        )
    return found


@pytest.mark.parametrize("knowledge", [shipped_knowledge(), Knowledge.load(FOUR)])
def test_a_shipped_file_follows_from_the_conditions_it_names(knowledge: Knowledge) -> None:
    assert fit.estimate(named_by(knowledge)) == knowledge


def made_bank(
    count: int, *, seeds: int, effects: np.ndarray, run_sds: tuple[float, float]
) -> list[BankCondition]:
    generator = np.random.default_rng(0)
    root = np.linalg.cholesky(effects)
    found = []
    for place in range(count):
        values = 60 + (generator.standard_normal((6, 2)) @ root.T)[:, :, None]
        values = values + 0.5 * generator.standard_normal((1, 2, seeds))
        values = values + np.array(run_sds)[:, None] * generator.standard_normal((6, 2, seeds))
        known = KnownCondition("cifar10", f"net{place}", "bn", 0.25, 10_000, seeds)
        found.append(BankCondition(known, tuple(range(seeds)), values, values.copy()))
    return found


def test_the_estimate_finds_what_a_bank_was_made_of() -> None:
    effects = np.array([[1.3, 0.9], [0.9, 1.1]])
    bank = made_bank(400, seeds=2, effects=effects, run_sds=(0.6, 0.8))
    found = fit.estimate(bank)
    assert np.array(found.effects) == pytest.approx(effects, abs=0.12)
    assert np.sqrt(found.run_variances) == pytest.approx([0.6, 0.8], rel=0.05)
    assert np.sqrt(found.seed_variances) == pytest.approx([0.5, 0.5], rel=0.15)
    single = made_bank(400, seeds=1, effects=effects, run_sds=(0.6, 0.8))
    assert fit.estimate(single, noise_of=bank).run_variances == found.run_variances
    with pytest.raises(ValueError, match="two seeds"):
        fit.estimate(single)


def test_a_pick_is_scored_by_other_seeds_alone() -> None:
    effects = np.array([[1.3, 0.9], [0.9, 1.1]])
    cifar10 = made_bank(2, seeds=2, effects=effects, run_sds=(0.1, 0.1))
    others = [
        BankCondition(replace(c.known, dataset="cifar100"), c.seeds, c.validation_ALS, c.test_ALS)
        for c in made_bank(6, seeds=2, effects=effects, run_sds=(0.1, 0.1))
    ]
    for condition in cifar10:  # best by validation at either seed: relu; by test: at no seed
        condition.validation_ALS[0] = 90.0
        condition.test_ALS[:] = 50.0
        condition.test_ALS[0] = 49.0
    ways, covered = replay.replay([*cifar10, *others], {})
    for name in ("one seed each", "race, screening", "race, as it is", "always relu"):
        for condition in cifar10:
            assert ways[name].regrets[condition.name] == [1.0, 1.0]
    assert set(covered["race, as it is"]) == {"cifar10", "cifar100"}
    assert ways["always mish"].regrets[cifar10[0].name] == [0.0, 0.0]


@pytest.mark.skipif(not peers.HAS_OPTUNA, reason="optuna (the extra `bench`) is not installed")
def test_a_pruner_stops_what_lags_behind() -> None:
    curves = np.linspace(10, 60, 27) + np.array([[9.0], [8.0], [7.0], [6.0], [5.0], [4.0]])
    for make_pruner in peers.pruners().values():
        picked = peers.pruned(make_pruner, curves, range(6))
        assert picked.activation == ACTIVATIONS[0]
        assert 1 < picked.cost < 6
