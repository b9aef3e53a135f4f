"""The headline and what it rests on: diverged runs, missing conditions, ties, planned looks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.evidence import gather
from actwise.analysis.incumbent import against_incumbent
from actwise.analysis.ranking import ranking
from actwise.analysis.reading import StudyResults, count_flow
from actwise.analysis.results import Analysis
from actwise.analysis.table import Observations
from actwise.cli.main import run_command
from actwise.errors import SpecError
from made.studies import made_rows

Rows = list[dict[str, Any]]
LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "regularization": ("bn",),
    "activation": ("relu", "prelu", "elu"),
}


def rows_of(*, seeds: int = 5, best: str = "prelu", gap: float = 3.0, **settings: Any) -> Rows:
    levels = {**LEVELS, **settings.pop("levels", {})}
    return made_rows(
        seeds=seeds,
        generator=np.random.default_rng(0),
        truth=lambda cell: 80.0 + gap * (cell["activation"] == best),
        levels=levels,
        **settings,
    )


def diverge(rows: Rows, *, seeds: int | None = None, **levels: str) -> Rows:
    """The rows with those at some levels diverged (of the first seeds only)."""
    return [
        {**row, "status": "diverged", "test_accuracy": None}
        if all(row[name] == level for name, level in levels.items())
        and (seeds is None or row["seed"] < seeds)
        else row
        for row in rows
    ]


def test_the_whole_study_decides() -> None:
    decision = aw.analyze(rows_of()).decision
    assert decision.headline.startswith("Use prelu: ")
    assert (decision.recommended, decision.is_conclusive) == (("prelu",), True)


def test_missing_runs_make_the_decision_provisional() -> None:
    runs = Observations.from_rows(rows_of(seeds=3), factors=tuple(LEVELS))
    flow = {**count_flow(runs), "planned": 36, "missing": 18}
    scope = {"width": 0.5, "train.epochs": 4, "train.train_size": None}
    source = StudyResults("rows", "made", "made", runs, flow=flow, scope=scope)
    decision = aw.analyze(source).decision
    assert decision.headline.startswith("So far prelu: ")
    assert not decision.is_conclusive
    assert decision.reasons[:2] == (
        "These runs speak for width 0.5 and 4 epochs.",
        "18 of 36 planned runs are missing: provisional.",
    )


def test_a_best_level_whose_runs_diverged_is_not_recommended() -> None:
    analysis = aw.analyze(diverge(rows_of(), seeds=1, activation="prelu"))
    assert [row.level for row in analysis.differences.ranking if row.may_be_best] == ["prelu"]
    decision = analysis.decision
    assert decision.headline.startswith("Nothing can be concluded: runs of prelu diverged; ")
    assert "with these at chance accuracy the best may be" in decision.headline
    assert (decision.recommended, decision.is_conclusive) == ((), False)
    assert {row.reason for row in analysis.differences.separations} == {"diverged"}
    assert not any(row.is_separated for row in analysis.differences.separations)


def test_runs_that_would_lose_at_chance_too_change_nothing() -> None:
    analysis = aw.analyze(diverge(rows_of(), activation="elu"))
    assert analysis.decision.headline.startswith("Use prelu: ")
    assert analysis.differences.ranking_at_chance[-1].level == "elu"
    assert analysis.differences.ranking_at_chance[-1].mean == 10.0
    assert any("elu diverged" in reason for reason in analysis.decision.reasons)
    assert {row.reason for row in analysis.differences.separations} == {"ok"}


def test_a_condition_that_only_the_best_did_not_survive_is_not_forgotten() -> None:
    rows = diverge(rows_of(), activation="prelu", model="vgg16")
    analysis = aw.analyze(rows)
    assert [row.level for row in analysis.differences.ranking if row.may_be_best] == ["prelu"]
    assert not analysis.decision.is_conclusive
    assert "prelu diverged" in analysis.decision.headline
    (row,) = [r for r in analysis.differences.incumbent if r.name == "prelu - relu"]
    assert (row.verdict, row.reason) == ("undecided", "diverged")


def test_where_the_accuracy_of_guessing_is_not_known_nothing_with_diverged_runs_is_decided() -> (
    None
):
    rows = diverge(rows_of(levels={"dataset": ("mine",)}), seeds=1, activation="elu")
    analysis = aw.analyze(rows)
    assert "the accuracy of guessing on mine is not known" in analysis.decision.headline
    verdicts = {
        frozenset((row.high, row.low)): (row.verdict, row.reason)
        for row in analysis.differences.simple
    }
    assert verdicts[frozenset(("relu", "elu"))] == ("undecided", "diverged")
    assert verdicts[frozenset(("relu", "prelu"))] == ("worse", "ok")


def test_the_verdict_at_chance_is_adjusted_in_its_family_too() -> None:
    """At chance elu is shown to be behind relu alone, but not among the six differences."""
    rows = diverge(rows_of(best="relu", seeds=8), seeds=1, activation="elu", model="vgg16")
    evidence = gather(Observations.from_rows(rows, factors=tuple(LEVELS)))
    found = aw.analyze(rows).differences.simple
    row = next(r for r in found if r.condition[1] == ("model", "vgg16") and r.low == "elu")
    weights = {("cifar10", "vgg16", "bn", a): w for a, w in (("relu", 1.0), ("elu", -1.0))}
    alone = evidence.sensitivity[-1].contrast(weights)
    assert alone.p_above() < 0.05 < 6 * alone.p_above()
    assert row.p[-1].adjusted < 0.001
    assert (row.verdict, row.reason) == ("undecided", "diverged")


def test_conditions_without_all_levels_leave_the_study_undecided() -> None:
    rows = [r for r in rows_of() if r["model"] == "vgg16" or r["activation"] == "relu"]
    decision = aw.analyze(rows).decision
    assert decision.headline.startswith(
        "Not decided for the whole study: over 1 of 2 conditions prelu is ahead of "
    )
    assert (decision.recommended, decision.is_conclusive) == ((), False)


@pytest.mark.parametrize("seeds", [3, 4])
def test_ties_have_no_winner_and_rounding_error_no_shares(seeds: int) -> None:
    values = {"relu": 70.1 + 0.1 + 0.1, "prelu": 70.2 + 0.1, "elu": 70.1 + 0.2}
    assert len(set(values.values())) > 1
    rows = [
        {**row, "test_accuracy": values[row["activation"]] + 2.0 * (row["model"] == "vgg16")}
        for row in rows_of(seeds=seeds)
    ]
    analysis = aw.analyze(rows)
    assert {row.may_be_best for row in analysis.differences.ranking} == {True}
    assert [row.probability_best for row in analysis.differences.ranking] == pytest.approx(
        [1 / 3] * 3
    )
    assert any("a tie in 2" in reason for reason in analysis.decision.reasons)
    values_json = analysis.to_json()
    assert values_json["decomposition"]["focus_ss"] == 0.0
    assert {effect["share"] for effect in values_json["effects"]} == {None}
    assert "A009" not in {finding.code for finding in analysis.findings}


def test_changes_of_differences_are_larger_or_smaller() -> None:
    rows = made_rows(
        seeds=5,
        generator=np.random.default_rng(1),
        levels=LEVELS,
        truth=lambda c: 80 + 3 * (c["activation"] == "elu") * (c["model"] == "vgg16"),
    )
    for pair, expected in ((("elu", "relu"), "larger"), (("relu", "elu"), "smaller")):
        asked = aw.analyze(rows, contrast=pair).differences.asked
        change = next(row for row in asked if row.kind == "change")
        assert change.name.endswith("model vgg16 minus resnet18 at cifar10, bn")
        assert change.verdict == expected
        mean = next(row for row in asked if row.kind == "mean")
        assert mean.verdict == ("better" if expected == "larger" else "worse")


def test_one_seed_on_unknown_data_is_said_in_one_voice() -> None:
    decision = aw.analyze(rows_of(seeds=1, levels={"dataset": ("mine",)})).decision
    said = " ".join((decision.headline, *decision.reasons))
    assert "no run-to-run deviation is known" in said
    assert "trottier" not in said
    mixed = aw.analyze(rows_of(seeds=1, levels={"dataset": ("cifar10", "mine")})).decision
    assert any("on cifar10 is taken from elsewhere" in reason for reason in mixed.reasons)
    assert any("for mine none is known" in reason for reason in mixed.reasons)


def noisy_resnet(seeds: int = 3) -> Rows:
    generator = np.random.default_rng(3)
    return [
        {**row, "test_accuracy": 80 + generator.normal(0, 3 if row["model"] == "resnet18" else 0.2)}
        for row in rows_of(seeds=seeds)
    ]


def test_deviations_that_differ_greatly_are_a_finding_at_three_seeds() -> None:
    found = {f.code: f.evidence for f in aw.analyze(noisy_resnet()).findings}
    assert found["A016"].startswith("cifar10, by model: run SD ")
    assert "(resnet18) against " in found["A016"]
    assert "A016" not in {f.code for f in aw.analyze(rows_of()).findings}


def widths(analysis: Analysis) -> dict[str, float]:
    return {
        row.condition[1][1]: row.estimate.interval()[1] - row.estimate.interval()[0]
        for row in analysis.differences.simple
    }


def test_each_cell_may_have_its_own_variance() -> None:
    rows = noisy_resnet(seeds=5)
    pooled, own = aw.analyze(rows), aw.analyze(rows, variance="cell")
    assert widths(pooled)["vgg16"] == pytest.approx(widths(pooled)["resnet18"])
    assert widths(own)["vgg16"] < widths(pooled)["vgg16"] < widths(own)["resnet18"]
    row = own.differences.simple[0]
    cells = [cell for cell in own.cells if cell.cell[1] == "vgg16"][:2]
    # Welch's standard error of two cells.
    assert row.estimate.standard_error**2 == pytest.approx(sum(c.sd**2 / 5 for c in cells))
    assert {p.method for r in own.differences.incumbent for p in r.p} == {"holm"}
    assert own.to_json()["variance"] == "cell"
    assert any("Each cell has its own variance" in reason for reason in own.decision.reasons)
    assert own.checks.precisions == pooled.checks.precisions
    assert own.claims[0].variance_source == "variance of each cell"


def test_own_variances_need_replicates_and_a_known_word() -> None:
    with pytest.raises(SpecError, match="needs replicates"):
        aw.analyze(rows_of(seeds=1), variance="cell")
    with pytest.raises(SpecError, match="changes nothing here"):
        aw.analyze("bank:mish", variance="cell")
    with pytest.raises(SpecError, match="'each' is not one of pooled, cell"):
        aw.analyze(rows_of(), variance="each")  # type: ignore[arg-type]


def test_the_set_of_best_levels_keeps_its_promise_with_unequal_variances() -> None:
    missed = 0
    for repetition in range(150):
        generator = np.random.default_rng(repetition)
        rows = [
            {"activation": a, "seed": s, "test_accuracy": 80 + generator.normal(0, sd)}
            for a, sd in (("a", 4.0), ("b", 0.1), ("c", 0.1))
            for s in range(4)
        ]
        observed = Observations.from_rows(rows, factors=("activation",))
        found = ranking(gather(observed, variance="cell"), generator=np.random.default_rng(0))
        missed += not next(row.may_be_best for row in found if row.level == "a")
    assert missed / 150 <= 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5


def test_the_level_of_a_look_decides_everywhere() -> None:
    rows = rows_of(gap=0.55, seeds=3)
    observed = Observations.from_rows(rows, factors=tuple(LEVELS))
    usual, strict = gather(observed), gather(observed, alpha=0.001)
    for evidence in (usual, strict):
        assert all(
            row.estimate.alpha == evidence.alpha for row in against_incumbent(evidence, "relu")
        )
    kept = [
        {r.level for r in ranking(e, generator=np.random.default_rng(0)) if r.may_be_best}
        for e in (usual, strict)
    ]
    assert kept[0] < kept[1]
    verdicts = [
        [row.verdict for row in against_incumbent(e, "relu") if row.name == "prelu - relu"]
        for e in (usual, strict)
    ]
    assert verdicts == [["better"], ["undecided"]]


def test_noise_is_told_of_each_data_set_too() -> None:
    values = aw.analyze("bank:paper").to_json()
    for name in ("cifar10", "cifar100"):
        found = values["effects_by_dataset"][name]
        parts = [e["noise_ss"] for e in found["effects"] if "activation" in e["term"]]
        total = found["decomposition"]["noise_ss"]["run-sd"]
        assert sum(parts) == pytest.approx(total)
    both = values["decomposition"]["noise_ss"]["run-sd"]
    assert round(both, 1) == 4.1


def test_the_command_takes_the_variance_of_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = noisy_resnet()
    lines = [",".join(map(str, row.values())) for row in rows]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([",".join(rows[0]), *lines]))
    assert run_command(["analyze", "--csv", str(path), "--variance", "cell", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["variance"] == "cell"
    assert run_command(["analyze", "--bank", "paper", "--variance", "cell"]) == 2
    assert "needs replicates" in capsys.readouterr().err


def test_a_headline_names_the_first_of_very_many() -> None:
    names = tuple(f"elu({number})" for number in range(20))
    rows = rows_of(gap=0.0, seeds=3, levels={"activation": names})
    assert "and 12 others cannot be told apart" in aw.analyze(rows).decision.headline
