"""What a lead is worth: the margin, single runs, conditions that disagree, runs without noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.decision import Decision
from made.studies import made_rows

Rows = list[dict[str, Any]]


def rows_of(truth: Callable[[dict[str, str]], float], *, seeds: int = 20, sd: float = 0.25) -> Rows:
    return made_rows(seeds=seeds, generator=np.random.default_rng(3), truth=truth, sd=sd)


def decision_of(rows: Rows, **settings: Any) -> Decision:
    return aw.analyze(rows, **settings).decision


def test_a_lead_below_the_margin_is_no_reason_to_choose() -> None:
    analysis = aw.analyze(rows_of(lambda cell: 90 + 0.1 * (cell["activation"] == "elu")))
    assert {row.verdict for row in analysis.differences.simple} == {"equivalent"}
    assert [row.level for row in analysis.differences.ranking if row.may_be_best] == ["elu"]
    decision = analysis.decision
    assert decision.headline.startswith("elu leads by less than the margin of 0.5 points: elu, ")
    assert decision.headline.endswith(" are equivalent in every condition; any will do.")
    assert decision.recommended[0] == "elu" and set(decision.recommended) == {
        "elu",
        "relu",
        "prelu",
    }
    assert not decision.is_conclusive


def test_a_level_beyond_the_margin_is_not_among_the_equivalent() -> None:
    gains = {"elu": 3.1, "prelu": 3.0, "relu": 0.0}
    decision = decision_of(rows_of(lambda cell: 80 + gains[cell["activation"]]))
    assert set(decision.recommended) == {"elu", "prelu"}
    assert decision.headline.endswith("any will do. Not the best: relu.")


def test_a_narrower_margin_lets_the_same_lead_count() -> None:
    rows = rows_of(lambda cell: 90 + 0.3 * (cell["activation"] == "elu"))
    assert decision_of(rows, margin=0.1).headline.startswith("Use elu: ")
    assert not decision_of(rows).is_conclusive


def test_equivalence_on_average_alone_does_not_say_that_any_will_do() -> None:
    decision = decision_of(rows_of(lambda cell: 90.0, seeds=4, sd=0.4))
    assert "equivalent on average over the conditions, though not shown in each" in (
        decision.headline
    )
    assert "any will do" not in decision.headline


def test_a_level_that_diverged_is_not_called_equivalent() -> None:
    rows = rows_of(lambda cell: 90 + 0.1 * (cell["activation"] == "elu"))
    rows[20] = {**rows[20], "status": "diverged", "test_accuracy": None}
    diverged = rows[20]["activation"]
    assert diverged != "elu"
    assert diverged not in decision_of(rows).recommended


@pytest.mark.parametrize("leader_gain", [0.0, 2.0])
def test_conditions_that_disagree_are_named_and_not_averaged(leader_gain: float) -> None:
    def truth(cell: dict[str, str]) -> float:
        best = "elu" if cell["regularization"] == "bn+aug" else "prelu"
        extra = leader_gain * (cell["activation"] == "elu") * (best == "elu")
        return 80 + 3.0 * (cell["activation"] == best) + extra

    decision = decision_of(rows_of(truth, seeds=5))
    assert decision.headline.startswith("Which is the best depends on the condition: of 8 ")
    assert "elu in 4" in decision.headline and "prelu in 4" in decision.headline
    assert (decision.recommended, decision.is_conclusive) == ((), False)


def test_a_leader_that_loses_to_two_alike_in_one_condition_is_not_for_all() -> None:
    """No best is separated there, since the two others tie."""

    def truth(cell: dict[str, str]) -> float:
        loses = (cell["regularization"], cell["model"]) == ("bn", "vgg16")
        return 80 + (cell["activation"] == "elu") * (-3.0 if loses else 4.0)

    decision = decision_of(rows_of(truth, seeds=5))
    assert "elu leads on average, but is shown to be worse than another in 2 of 8" in (
        decision.headline
    )


def test_single_runs_name_the_leader_and_never_say_use() -> None:
    decision = aw.analyze("bank:paper").decision
    assert decision.headline.startswith(
        "Not decided, these are single runs: on average prelu leads elu by 0.79 points"
    )
    assert decision.headline.endswith("but another activation leads in 4 of 8 conditions.")
    assert (decision.recommended, decision.is_conclusive) == ((), False)
    clear = decision_of(
        rows_of(lambda cell: 80 + 5.0 * (cell["activation"] == "elu"), seeds=1)
    ).headline
    assert clear.endswith("and no other activation leads anywhere.")


@pytest.mark.parametrize(("dataset", "is_low"), [("cifar10", True), ("cifar100", False)])
def test_networks_that_hardly_learned_recommend_nothing(dataset: str, is_low: bool) -> None:
    rows = rows_of(lambda cell: 14 + 4.0 * (cell["activation"] == "elu"), seeds=5)
    analysis = aw.analyze([row for row in rows if row["dataset"] == dataset])
    headline = analysis.decision.headline
    hardly = "Nothing can be concluded: in 12 of 12 cells training has hardly learned"
    assert headline.startswith(hardly if is_low else "Use elu: ")
    assert analysis.decision.is_conclusive == (not is_low)
    evidence = {finding.code: finding.evidence for finding in analysis.findings}
    assert evidence.get("A018", "").startswith("12 of 12 cells: cifar10, ") == is_low


@pytest.mark.parametrize("noise", [0.0, 1e-9])
def test_runs_without_noise_decide_nothing(noise: float) -> None:
    rows = rows_of(lambda cell: 80 + (cell["activation"] == "elu"), seeds=3, sd=noise)
    analysis = aw.analyze(rows)
    assert analysis.decision.headline.startswith(
        "Nothing can be concluded: the runs on cifar10 and cifar100 show no noise at all"
    )
    assert "A014" in {finding.code for finding in analysis.findings}
    judged = {(row.verdict, row.reason) for row in analysis.differences.simple}
    assert judged == {("undecided", "no noise")}
    separated = {(row.is_separated, row.reason) for row in analysis.differences.separations}
    assert separated == {(False, "no noise")}
