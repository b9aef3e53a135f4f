"""At which level networks are decided, when conditions are, and what lost runs leave open."""

from typing import Any

import numpy as np
import pytest

from actwise.analysis.decision import Decision, NetworkDecision, choose_rates, decide
from actwise.analysis.differences import by_network, level_set
from actwise.analysis.effects import regularization_interactions
from actwise.analysis.model import Model, fit_model, hardly_learned
from actwise.analysis.table import Observations
from made.studies import LEVELS, Truth, at, made_rows

ONE = LEVELS | {"dataset": ("cifar10",), "model": ("vgg16",)}
Rows = list[dict[str, Any]]


def rows_of(
    truth: Truth = lambda cell: 80.0,
    *,
    seed: int = 1,
    levels: dict[str, tuple[str, ...]] = ONE,
    seeds: int = 5,
    sd: float = 0.25,
) -> Rows:
    generator = np.random.default_rng(seed)
    return made_rows(truth=truth, generator=generator, levels=levels, seeds=seeds, sd=sd)


def observed(rows: Rows, levels: dict[str, tuple[str, ...]] = ONE) -> Observations:
    return Observations.from_rows(rows, factors=tuple(levels))


def decision(model: Model, **settings: Any) -> Decision:
    return decide(model, hardly_learned=hardly_learned(model.observed), **settings)


def only(found: Decision) -> NetworkDecision:
    (network,) = found.networks
    return network


def elu_ahead(points: float) -> Truth:
    return lambda cell: 80.0 + points * (cell["activation"] == "elu")


def diverged(rows: Rows, *, seeds: int = 99, **levels: str) -> Rows:
    """The rows with those at some levels, at the first seeds, diverged."""
    return [
        {**row, "status": "diverged", "test_accuracy": None}
        if levels.items() <= row.items() and row["seed"] < seeds
        else row
        for row in rows
    ]


@pytest.mark.parametrize("alpha", [0.05, 0.02])
def test_each_network_has_half_of_its_share_of_the_level(alpha: float) -> None:
    kept_more = 0
    for seed in range(6):
        rows = rows_of(elu_ahead(0.3), seed=seed, levels=LEVELS)
        model = fit_model(observed(rows, LEVELS), alpha=alpha)
        found, conditions = decision(model), by_network(model)
        assert len(found.networks) == 4
        for network in (network for network in found.networks if network.by == "network"):
            of_it = conditions[network.network]
            assert network.sets == (level_set(model, of_it, level=alpha / 8, margin=None),)
            alone = level_set(model, of_it, level=alpha, margin=None)
            kept_more += len(network.levels) > len(alone.kept)
        for shown in found.conditions:
            assert shown == level_set(
                model,
                [shown.conditions[0]],
                level=alpha / 16,
                margin=None,
                condition=shown.condition,
            )
    assert kept_more


def crossing(points: float) -> Truth:
    """ELU leads with augmentation, PReLU without."""

    def truth(cell: dict[str, str]) -> float:
        is_ahead = (cell["activation"] == "elu") == (cell["regularization"] == "bn+aug")
        return 80.0 + points * (is_ahead and cell["activation"] != "relu")

    return truth


def test_conditions_share_the_level_of_their_network() -> None:
    model = fit_model(observed(rows_of(crossing(2.0))))
    network = only(decision(model))
    assert network.by == "condition"
    for found, condition in zip(network.sets, by_network(model)[network.network], strict=True):
        assert found == level_set(
            model, [condition], level=0.05 / 4, margin=None, condition=condition
        )


def test_conditions_are_decided_only_where_an_interaction_is_shown_and_leaders_differ() -> None:
    no_interaction = only(decision(fit_model(observed(rows_of(crossing(0.05), sd=1.0)))))
    assert no_interaction.interaction is not None and no_interaction.interaction.p.adjusted > 0.05
    assert no_interaction.by == "network"

    def same_leader(cell: dict[str, str]) -> float:
        """ELU leads everywhere, by more with augmentation."""
        lead = 4.0 if cell["regularization"] == "bn+aug" else 2.0
        return 80.0 + lead * (cell["activation"] == "elu")

    with_interaction = only(decision(fit_model(observed(rows_of(same_leader)))))
    assert with_interaction.interaction is not None
    assert with_interaction.interaction.p.adjusted < 0.001
    assert (with_interaction.by, with_interaction.kind) == ("network", "use")


def test_interactions_are_one_family_over_the_networks() -> None:
    """One that would be shown alone, and is not among four networks."""
    found = 0
    for seed in range(30):
        rows = rows_of(crossing(0.35), seed=seed, levels=LEVELS)
        model = fit_model(observed(rows, LEVELS))
        tests = regularization_interactions(model, list(by_network(model)))
        assert {test.p.size for test in tests.values()} == {4}
        assert {test.p.method for test in tests.values()} == {"holm"}
        for network in decision(model).networks:
            p = tests[network.network].p
            assert network.interaction is not None and network.interaction.p == p
            if p.adjusted > 0.05:
                assert network.by == "network"
                found += p.p <= 0.05
    assert found


def test_several_networks_are_never_any_of_together() -> None:
    levels = LEVELS | {"dataset": ("cifar10",)}
    model = fit_model(observed(rows_of(levels=levels, seeds=20, sd=0.1), levels))
    found = decision(model)
    assert [network.kind for network in found.networks] == ["any_of", "any_of"]
    assert (found.kind, found.levels) == ("per_network", ())


def test_two_networks_of_which_one_is_open_have_a_choice_each() -> None:
    levels = LEVELS | {"dataset": ("cifar10",)}
    truth: Truth = lambda c: 80.0 + 5.0 * ((c["model"], c["activation"]) == ("vgg16", "elu"))
    found = decision(fit_model(observed(rows_of(truth, levels=levels, sd=1.0), levels)))
    kinds = {dict(n.network)["model"]: (n.kind, n.levels) for n in found.networks}
    assert kinds["vgg16"] == ("use", ("elu",))
    assert kinds["resnet18"][0] == "not_told_apart"
    assert found.kind == "per_network"


def test_the_next_step_is_there_whatever_is_decided() -> None:
    for truth, kind in ((elu_ahead(3.0), "use"), (elu_ahead(0.0), "not_told_apart")):
        network = only(decision(fit_model(observed(rows_of(truth, sd=0.5)))))
        step = network.next_step
        assert network.kind == kind
        assert step is not None and step.seeds_now == 5
        assert step.seeds is not None and step.seeds_upper is not None
        assert step.seeds_upper >= step.seeds
        assert set(step.conditions) == set(network.sets[0].conditions)
    loud = only(decision(fit_model(observed(rows_of(sd=8.0))))).next_step
    assert loud is not None and loud.seeds is None


def test_more_networks_take_no_fewer_seeds() -> None:
    model = fit_model(observed(rows_of(levels=LEVELS, sd=0.5), LEVELS))
    alone = fit_model(at(model.observed, dataset="cifar10", model="vgg16"))
    steps = [found.networks[0].next_step for found in (decision(model), decision(alone))]
    of_four, of_one = (step.seeds for step in steps if step is not None)
    assert of_four is not None and of_one is not None and of_four > of_one


def test_each_budget_has_a_variance_of_its_own() -> None:
    levels = {"train.epochs": ("3", "27"), **ONE}
    rows = rows_of(elu_ahead(1.0), levels=levels)
    loud = [
        {**row, "test_accuracy": row["test_accuracy"] + 5.0 * (row["seed"] % 2) * (number % 3)}
        if row["train.epochs"] == "3"
        else row
        for number, row in enumerate(rows)
    ]
    first, second = (decision(fit_model(observed(found, levels))) for found in (rows, loud))
    assert [dict(network.network)["train.epochs"] for network in second.networks] == ["27"]
    assert first.networks == second.networks


def test_a_rate_at_which_runs_diverge_is_not_the_best() -> None:
    levels = {"train.learning_rate": ("0.1", "0.01"), **ONE}
    rows = rows_of(lambda c: 80.0 + 5 * (c["train.learning_rate"] == "0.1"), levels=levels)
    rows = [{**row, "validation_accuracy": row["test_accuracy"]} for row in rows]
    at = {"train.learning_rate": "0.1", "activation": "elu"}
    rows = diverged(rows, seeds=1, **at)
    runs = Observations.from_rows(rows, factors=tuple(levels), validation="validation_accuracy")
    chosen = choose_rates(runs)
    (rates,) = chosen.rates.values()
    assert rates == {"relu": "0.1", "prelu": "0.1", "elu": "0.01"}
    assert "train.learning_rate" not in chosen.observed.factors
    assert not chosen.observed.diverged_R.any()


@pytest.mark.parametrize("regularization", ["bn", "bn+aug"])
def test_a_leader_without_a_run_left_in_a_condition_is_not_used(regularization: str) -> None:
    rows = diverged(rows_of(elu_ahead(5.0)), regularization=regularization, activation="elu")
    network = only(decision(fit_model(observed(rows))))
    assert (network.kind, set(network.levels)) == ("not_told_apart", {"relu", "prelu", "elu"})
    assert set(network.why) >= {"diverged", "incomplete"}
    assert [dict(c)["regularization"] for c in network.sets[0].incomplete] == [regularization]
    assert network.sets[0].levels[0].level == "elu"


def test_lost_levels_that_would_lose_anyway_change_nothing() -> None:
    for levels in ({"regularization": "bn", "activation": "relu"}, {"activation": "relu"}):
        network = only(decision(fit_model(observed(diverged(rows_of(elu_ahead(5.0)), **levels)))))
        assert (network.kind, network.levels) == ("use", ("elu",))
        assert "diverged" in network.why


def test_levels_alike_of_which_one_lost_a_condition_are_not_any_of() -> None:
    rows = rows_of(seeds=10, sd=0.1)
    assert only(decision(fit_model(observed(rows)))).kind == "any_of"
    rows = diverged(rows, regularization="bn", activation="prelu")
    assert only(decision(fit_model(observed(rows)))).kind == "not_told_apart"


def test_runs_without_noise_leave_every_level_in_the_set() -> None:
    network = only(decision(fit_model(observed(rows_of(elu_ahead(5.0), sd=0.0)))))
    assert (network.kind, len(network.levels)) == ("not_told_apart", 3)
    assert network.why[0] == "no-noise"
    assert {entry.kept_by[0] for entry in network.sets[0].levels} == {"no-noise"}


def test_equal_means_up_to_rounding_have_no_winner() -> None:
    means = {"relu": 70.1 + 0.1 + 0.1, "prelu": 70.2 + 0.1, "elu": 70.1 + 0.2}
    assert len(set(means.values())) > 1
    rows = rows_of(sd=0.5)
    by_seed = {row["seed"]: row["test_accuracy"] for row in rows if row["activation"] == "relu"}
    rows = [
        {**row, "test_accuracy": means[row["activation"]] + by_seed[row["seed"]] - 80.0}
        for row in rows
    ]
    network = only(decision(fit_model(observed(rows))))
    assert {entry.behind_best.value for entry in network.sets[0].levels} == {0.0}
    assert len(network.levels) == 3
