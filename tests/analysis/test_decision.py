"""What is decided for each network, and for the study."""

from typing import Any

import numpy as np
import pytest

from actwise.analysis.decision import Decision, choose_rates, decide
from actwise.analysis.model import fit_model, hardly_learned
from actwise.analysis.table import Observations
from made.studies import LEVELS, made_rows

NETWORK = LEVELS | {"dataset": ("cifar10",), "model": ("vgg16",)}
TWO = LEVELS | {"dataset": ("cifar10",)}


def study(levels: dict[str, tuple[str, ...]] = NETWORK, **settings: Any) -> Observations:
    settings = {"seeds": 5, "generator": np.random.default_rng(1), "levels": levels} | settings
    return Observations.from_rows(made_rows(**settings), factors=tuple(levels))


def decision(observed: Observations, **settings: Any) -> Decision:
    chosen = choose_rates(observed)
    settings = {"hardly_learned": hardly_learned(chosen.observed)} | settings
    return decide(fit_model(chosen.observed), rates=chosen.rates, **settings)


def bonus(points: dict[str, float]) -> Any:
    """A truth: 80 and some points for some levels, wherever they stand."""
    return lambda cell: 80.0 + sum(points.get(level, 0.0) for level in cell.values())


def test_one_level_far_ahead_everywhere_is_used() -> None:
    found = decision(study(truth=bonus({"elu": 3.0})))
    assert (found.kind, found.levels) == ("use", ("elu",))
    assert [row.by for row in found.networks] == ["network"]


def test_networks_with_other_leaders_have_a_choice_each() -> None:
    def truth(cell: dict[str, str]) -> float:
        return 80.0 + 3.0 * ((cell["activation"] == "elu") == (cell["model"] == "vgg16"))

    found = decision(study(TWO, truth=truth))
    assert (found.kind, found.levels) == ("per_network", ())
    kinds = {dict(row.network)["model"]: (row.kind, row.levels) for row in found.networks}
    assert kinds["vgg16"] == ("use", ("elu",))
    assert kinds["resnet18"][0] != "use" and "elu" not in kinds["resnet18"][1]
    assert {row.level for row in found.overall} == set(LEVELS["activation"])


def test_one_level_in_every_network_is_used_for_the_study() -> None:
    found = decision(study(TWO, truth=bonus({"elu": 3.0})))
    assert (found.kind, found.levels) == ("use", ("elu",))


def test_levels_shown_to_be_alike_are_any_of() -> None:
    found = decision(study(seeds=10, sd=0.1, truth=bonus({"relu": -3.0})))
    assert found.kind == "any_of"
    assert set(found.levels) == {"prelu", "elu"}


def test_levels_within_the_noise_are_not_told_apart_and_seeds_are_named() -> None:
    found = decision(study(sd=1.0))
    (network,) = found.networks
    assert found.kind == network.kind == "not_told_apart"
    assert set(network.levels) == set(LEVELS["activation"])
    assert network.next_step is not None
    assert network.next_step.seeds is None or network.next_step.seeds > 5


def test_where_regularization_changes_the_leader_conditions_are_decided() -> None:
    def truth(cell: dict[str, str]) -> float:
        is_better = (cell["activation"] == "elu") == (cell["regularization"] == "bn+aug")
        return 80.0 + 3.0 * (is_better and cell["activation"] != "relu")

    found = decision(study(truth=truth))
    (network,) = found.networks
    assert network.by == "condition"
    assert "interaction" in network.why
    kept = {dict(s.condition or ())["regularization"]: s.kept for s in network.sets}
    assert kept == {"bn": ("prelu",), "bn+aug": ("elu",)}
    assert found.kind == "not_told_apart"


def test_without_a_condition_that_has_every_level_each_is_decided() -> None:
    rows = [
        row
        for row in made_rows(
            seeds=5, generator=np.random.default_rng(2), levels=NETWORK, truth=bonus({"elu": 3.0})
        )
        if (row["regularization"], row["activation"]) not in {("bn", "relu"), ("bn+aug", "prelu")}
    ]
    found = decision(Observations.from_rows(rows, factors=tuple(NETWORK)))
    (network,) = found.networks
    assert (network.by, network.kind) == ("condition", "use")
    assert "no-shared-condition" in network.why


def test_a_condition_that_lacks_a_level_is_named_and_left_out() -> None:
    rows = [
        row
        for row in made_rows(
            seeds=5, generator=np.random.default_rng(2), levels=NETWORK, truth=bonus({"elu": 3.0})
        )
        if (row["regularization"], row["activation"]) != ("bn", "relu")
    ]
    (network,) = decision(Observations.from_rows(rows, factors=tuple(NETWORK))).networks
    (found,) = network.sets
    assert [dict(c)["regularization"] for c in found.incomplete] == ["bn"]
    assert "incomplete" in network.why


def test_missing_runs_make_it_so_far() -> None:
    found = decision(study(truth=bonus({"elu": 3.0})), num_missing=2)
    assert (found.kind, found.num_missing) == ("so_far", 2)


def test_a_single_level_leaves_nothing_to_decide() -> None:
    levels = NETWORK | {"activation": ("relu",)}
    assert decision(study(levels)).kind == "nothing"


def test_the_decision_is_taken_at_the_largest_budget() -> None:
    levels = {"train.epochs": ("3", "27", "9"), **NETWORK}

    def truth(cell: dict[str, str]) -> float:
        winner = "elu" if cell["train.epochs"] == "27" else "prelu"
        return 80.0 + 3.0 * (cell["activation"] == winner)

    found = decision(study(levels, truth=truth))
    assert (found.kind, found.levels) == ("use", ("elu",))
    assert [dict(row.network)["train.epochs"] for row in found.networks] == ["27"]


def test_all_images_are_the_largest_budget() -> None:
    levels = {"train.train_size": ("2500", "None"), **NETWORK}
    found = decision(study(levels, truth=bonus({"elu": 3.0})))
    assert [dict(row.network)["train.train_size"] for row in found.networks] == ["None"]


@pytest.fixture
def with_rates() -> Observations:
    """ReLU needs the small rate, ELU the large one; each is 10 points behind at the other."""
    levels = {"train.learning_rate": ("0.1", "0.01"), **NETWORK}

    def truth(cell: dict[str, str]) -> float:
        is_right = (cell["activation"] == "relu") == (cell["train.learning_rate"] == "0.01")
        return 70.0 + 10.0 * is_right + 2.0 * (cell["activation"] == "elu")

    return study(levels, truth=truth)


def test_each_level_is_taken_at_its_rate_of_best_validation(with_rates: Observations) -> None:
    from dataclasses import replace

    found = decision(replace(with_rates, validation_R=with_rates.response_R))
    (network,) = found.networks
    assert dict(network.rates) == {"relu": "0.01", "prelu": "0.1", "elu": "0.1"}
    assert found.levels == ("elu",)


def test_without_validation_every_rate_is_decided(with_rates: Observations) -> None:
    found = decision(with_rates)
    assert len(found.networks) == 2 and all(not row.rates for row in found.networks)


def test_a_network_that_has_hardly_learned_says_so() -> None:
    levels = NETWORK | {"model": ("vgg16", "resnet18")}

    def truth(cell: dict[str, str]) -> float:
        return (20.0 if cell["model"] == "vgg16" else 80.0) + (cell["activation"] == "elu")

    found = decision(study(levels, truth=truth))
    said = {dict(row.network)["model"]: row.is_hardly_learned for row in found.networks}
    assert said == {"vgg16": True, "resnet18": False}
