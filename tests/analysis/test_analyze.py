"""The analysis as one object: ways to read runs, what is asked of them, the same answer always."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis, CellRow
from actwise.analysis.table import Observations
from actwise.errors import ActwiseError, SpecError, UnknownNameError
from actwise.report import analysis_json
from actwise.spec import load_study
from actwise.store import RunStore
from made.cases import CASES
from made.runs import finish, made_plan, made_study
from made.studies import LEVELS, made_rows

Rows = list[dict[str, Any]]


@pytest.fixture
def rows() -> Rows:
    return made_rows(
        seeds=5,
        generator=np.random.default_rng(1),
        truth=lambda cell: 80.0 + 2.0 * (cell["activation"] == "elu"),
    )


def said(analysis: Analysis) -> dict[str, Any]:
    """What ``--json`` says, apart from where the runs stood."""
    return {**analysis_json(analysis), "source": None}


def test_single_runs_decide_nothing_alone() -> None:
    paper = aw.analyze("bank:paper")
    assert (paper.decision.kind, paper.decision.levels) == ("per_network", ())
    assert {network.kind for network in paper.decision.networks} == {"not_told_apart"}
    assert all("single-run" in network.why for network in paper.decision.networks)
    assert "equivalent" not in {pair.judged.verdict for pair in paper.pairs}


def test_published_contrasts_of_trottier() -> None:
    pair = ("elu", "pelu(div,mul)")
    analysis = aw.analyze("bank:trottier", contrast=pair, strata=["dataset"])
    changes = {row.name: row.judged.estimate for row in analysis.asked if row.kind == "change"}
    for dataset, value, error in (("cifar10", 3.87, 0.163), ("cifar100", 7.95, 0.272)):
        found = changes[f"elu - pelu(div,mul): bn - none at {dataset}, 110"]
        assert (round(found.value, 2), round(found.standard_error, 3)) == (value, error)
        assert found.df == 80
    assert {(row.a, row.b) for row in analysis.pairs} == {pair}
    assert analysis.refusals == ()
    refused = aw.analyze("bank:trottier", contrast=("elu", "relu")).refusals
    missing = {row.name: row.missing for row in refused}
    assert missing["elu - relu at cifar10, 110, none"] == (("cifar10", "110", "none", "relu"),)
    with pytest.raises(ActwiseError, match="not estimable: no runs in"):
        aw.analyze("bank:trottier", contrast=("pelu(mul,mul)", "relu"))


def test_rows_files_and_observations_give_the_same_answer(rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    lines = [",".join(str(value) for value in row.values()) for row in rows]
    path.write_text("\n".join([",".join(rows[0]), *lines]))
    first = said(aw.analyze(rows))
    assert said(aw.analyze(path)) == first == said(aw.analyze(str(path)))
    observed = aw.analyze(Observations.from_rows(rows, factors=tuple(LEVELS)))
    for key in ("decision", "contrasts", "effects", "strata", "claims"):
        assert said(observed)[key] == first[key]
    assert (first["decision"]["kind"], first["decision"]["levels"]) == ("use", ["elu"])


@pytest.mark.parametrize("source", ["bank:paper", "bank:trottier", "bank:mish"])
def test_the_json_is_strict_and_the_same_every_time(source: str) -> None:
    texts = [json.dumps(analysis_json(aw.analyze(source)), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]


def test_another_process_says_the_same() -> None:
    """Texts have another hash in each process, and sets another order."""
    command = [sys.executable, "-m", "actwise", "analyze", "--json", "--csv"]
    command.append(str(CASES / "one_run_at_chance.csv"))
    texts = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_the_order_of_the_rows_changes_no_decision(rows: Rows) -> None:
    order = np.random.default_rng(5).permutation(len(rows))
    one, other = aw.analyze(rows), aw.analyze([rows[place] for place in order])
    decided = [
        {frozenset(n.network): (n.kind, set(n.levels), set(n.why)) for n in a.decision.networks}
        for a in (one, other)
    ]
    assert decided[0] == decided[1]
    found = [
        {
            (frozenset(p.condition), frozenset((p.a, p.b))): p.judged.estimate.standard_error
            for p in a.pairs
        }
        for a in (one, other)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_store_can_be_given_by_its_path_or_open(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(made_study(), made_plan(made_study()))
        finish(store, made_plan(made_study()))
        opened = said(aw.analyze(store))
    by_path = said(aw.analyze(tmp_path / "store"))
    assert {**opened, "looks": None} == {**by_path, "looks": None}


def test_a_cell_stands_with_its_runs_their_mean_and_its_total_error(rows: Rows) -> None:
    analysis = aw.analyze(rows)
    assert len(analysis.cells) == 24
    row: CellRow = analysis.cells[0]
    mine = [r["test_accuracy"] for r in rows if tuple(r[f] for f in LEVELS) == row.cell]
    assert row.mean is not None and row.mean.source == "total error"
    assert row.mean.value == pytest.approx(np.mean(mine))
    assert (row.num_runs, row.sd) == (5, pytest.approx(np.std(mine, ddof=1)))


def test_the_scale_is_what_is_shown_and_verdicts_stay_in_points(rows: Rows) -> None:
    points, logit = (aw.analyze(rows, scale=scale) for scale in ("points", "logit"))  # type: ignore[arg-type]
    assert points.shown is points.effects and logit.shown is logit.logit
    assert (logit.pairs, logit.decision) == (points.pairs, points.decision)
    with pytest.raises(SpecError, match="scale 'odds' is not one of points, logit"):
        aw.analyze(rows, scale="odds")  # type: ignore[arg-type]


def test_a_margin_changes_verdicts(rows: Rows) -> None:
    def verdicts(margin: float) -> set[str]:
        return {row.judged.verdict for row in aw.analyze(rows, margin=margin).pairs}

    assert verdicts(10.0) == {"equivalent"}
    assert "equivalent" not in verdicts(0.01)
    with pytest.raises(SpecError, match="positive"):
        verdicts(0.0)


def test_users_claims_are_judged_beside_the_papers(rows: Rows, tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(
        '[[claim]]\nid = "U1"\nstatement = "ELU wins."\n[[claim.component]]\nname = "elu - relu"\n'
        'terms = [{ weight = 1, where = { activation = "elu" } },'
        ' { weight = -1, where = { activation = "relu" } }]\n'
    )
    analysis = aw.analyze(rows, claims=path)
    assert [claim.is_shipped for claim in analysis.claims] == [True] * 9 + [False]
    assert (analysis.claims[-1].id, analysis.claims[-1].verdict) == ("U1", "supported")
    assert analysis.claims_origins[-1].fixed == "not-recorded"


def test_unknown_names_are_refused_with_what_was_meant(rows: Rows) -> None:
    with pytest.raises(UnknownNameError, match="did you mean elu"):
        aw.analyze(rows, contrast=("elo", "relu"))
    with pytest.raises(UnknownNameError, match="did you mean paper"):
        aw.analyze("bank:papers")
    with pytest.raises(UnknownNameError, match="did you mean model"):
        aw.analyze(rows, strata=["modle"])


def test_the_compared_factor_is_no_stratum(rows: Rows) -> None:
    with pytest.raises(SpecError, match="--strata activation is the compared factor"):
        aw.analyze(rows, strata=["dataset", "activation"])
    with pytest.raises(SpecError, match="--strata changes nothing here"):
        aw.analyze("bank:mish", strata=["dataset"])


def strata_of(analysis: Analysis) -> list[dict[str, str]]:
    assert analysis.model is not None
    return [dict(stratum.name) for stratum in analysis.model.strata]


def test_strata_are_networks_unless_others_are_asked_for(rows: Rows) -> None:
    usual = aw.analyze(rows)
    assert [set(name) for name in strata_of(usual)] == [{"dataset", "model"}] * 4
    asked = aw.analyze(rows, strata=["dataset"])
    assert strata_of(asked) == [{"dataset": "cifar10"}, {"dataset": "cifar100"}]
    assert strata_of(aw.analyze(rows, strata=[])) == [{}]
    within = [{p.judged.estimate.df for p in a.pairs} for a in (usual, asked)]
    assert within == [{16.0}, {32.0}]
    # Networks are decided alone whatever shares a variance.
    assert len(asked.decision.networks) == 4
    kept = Observations.from_rows(rows, factors=tuple(LEVELS), strata=("model",))
    assert strata_of(aw.analyze(kept)) == [{"model": "vgg16"}, {"model": "resnet18"}]


FACTORS = {"model": ["mlp", "convnet"], "train.epochs": [2, 3]}
LEVELS_OF_A_FILE = {
    "dataset": "digits",
    "model": "mlp",
    "regularization": "none",
    "activation": "relu",
}


def test_a_study_file_fixes_its_strata_and_an_option_comes_over_it(tmp_path: Path) -> None:
    study = made_study(factors=FACTORS, analysis={"strata": ["train.epochs"]})
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        finish(store, made_plan(study))
        assert strata_of(aw.analyze(store)) == [{"train.epochs": "2"}, {"train.epochs": "3"}]
        by_model = aw.analyze(store, strata=["model"])
        assert strata_of(by_model) == [{"model": "mlp"}, {"model": "convnet"}]
        # Where one budget is looked at there is nothing left to tell apart.
        assert strata_of(aw.analyze(store, where=["train.epochs=3"])) == [{}]


@pytest.mark.parametrize(
    ("name", "message"),
    [("activation", "strata cannot name the activation"), ("modle", "did you mean model")],
)
def test_a_study_file_with_strata_that_cannot_be_is_refused(
    tmp_path: Path, name: str, message: str
) -> None:
    file = tmp_path / "study.toml"
    levels = "\n".join(f'{factor} = ["{level}"]' for factor, level in LEVELS_OF_A_FILE.items())
    text = f'name = "s"\n[factors]\n{levels}\n[analysis]\nstrata = ["{name}"]\n'
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=message):
        load_study(str(file))
    file.write_text(text.replace(f'strata = ["{name}"]', 'strata = ["dataset"]'), encoding="utf-8")
    assert load_study(str(file)).analysis.strata == ("dataset",)
