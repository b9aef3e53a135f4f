"""What is decided on pairs of which seeds scatter more than levels differ, and on cifar-mini."""

import pytest

from actwise.analysis.decision import Decision, decide
from actwise.analysis.model import fit_model, hardly_learned
from actwise.analysis.table import Observations
from made.cases import case, cifar_mini


def decided(observed: Observations) -> Decision:
    return decide(fit_model(observed), hardly_learned=hardly_learned(observed))


@pytest.mark.parametrize("name", ["pair", "pair_float", "pair_gap"])
def test_a_point_at_every_seed_is_seen_whatever_the_seeds_do(name: str) -> None:
    """Seeds scatter by 2.6 points and the difference by .1; seed 0.0 is seed 0."""
    found = decided(case(name))
    assert (found.kind, found.levels) == ("use", ("elu",))
    assert found.networks[0].why == ("no-own-variance",)


def test_cifar_mini_has_a_choice_for_each_network_and_none_for_the_whole() -> None:
    found = decided(cifar_mini())
    assert (found.kind, found.levels) == ("per_network", ())
    kinds = {
        (row.network[0][1], row.network[1][1].split("-")[0]): (row.kind, set(row.levels))
        for row in found.networks
    }
    assert kinds == {
        ("cifar10", "vgg16"): ("not_told_apart", {"elu", "prelu"}),
        ("cifar10", "resnet18"): ("not_told_apart", {"prelu", "relu", "elu"}),
        ("cifar100", "vgg16"): ("use", {"elu"}),
        ("cifar100", "resnet18"): ("not_told_apart", {"prelu", "elu"}),
    }
