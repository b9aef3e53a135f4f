"""The analysis as one object: published figures, the shape of its JSON, ways to read runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.analyze import analyze
from actwise.analysis.image_errors import image_errors
from actwise.analysis.reading import Selection, read_table_rows
from actwise.analysis.results import Analysis
from actwise.errors import ActwiseError, UnknownNameError
from made.studies import made_rows


@pytest.fixture(scope="module")
def paper() -> dict[str, Any]:
    return analyze("bank:paper").to_json()


def shares(values: dict[str, Any]) -> dict[str, float]:
    return {e["term"]: round(e["share"], 1) for e in values["effects"] if e["share"] is not None}


def test_the_papers_sums_of_squares_and_shares(paper: dict[str, Any]) -> None:
    assert round(paper["decomposition"]["total_ss"], 3) == 3398.157
    assert round(paper["decomposition"]["focus_ss"], 3) == 21.738
    assert shares(paper) == {
        "activation": 19.4,
        "dataset:activation": 6.0,
        "model:activation": 5.3,
        "regularization:activation": 42.3,
        "dataset:model:activation": 1.4,
        "dataset:regularization:activation": 10.4,
        "model:regularization:activation": 10.5,
        "dataset:model:regularization:activation": 4.6,
    }


def test_the_paper_on_the_logit_scale(paper: dict[str, Any]) -> None:
    logit = paper["logit"]
    assert round(logit["decomposition"]["total_ss"], 3) == 19.316
    assert round(logit["decomposition"]["focus_ss"], 4) == 0.0686
    assert shares(logit)["regularization:activation"] == 58.4


def test_the_papers_gains_and_regrets(paper: dict[str, Any]) -> None:
    gains = {row["activation"]: round(row["estimate"], 3) for row in paper["gains"]}
    assert gains == {"relu": 6.778, "prelu": 4.895, "elu": 7.895}
    rules = {
        row["rule"]: (round(row["mean"], 3), round(row["worst"], 2))
        for row in paper["rules"]
        if row["label"] == "in-sample"
    }
    assert rules["always relu"] == (1.332, 4.27)
    assert rules["always elu"] == (1.161, 4.86)
    assert rules["always prelu"] == (0.371, 1.32)
    assert rules["paper (residual: relu)"] == (0.054, 0.43)
    assert rules["paper (residual: elu)"] == (0.016, 0.13)


def test_the_papers_separations(paper: dict[str, Any]) -> None:
    z = [round(row["z"], 2) for row in paper["separations"]]
    assert sorted(z) == [0.43, 0.53, 0.73, 1.58, 1.89, 2.27, 2.87, 6.30]
    binomial, with_run_sd = (
        sum(row["models"][model]["adjusted_p"] <= 0.05 for row in paper["separations"])
        for model in (0, 1)
    )
    assert (binomial, with_run_sd) == (2, 1)


def test_the_papers_verdicts_and_reasons(paper: dict[str, Any]) -> None:
    assert {c["id"]: (c["verdict"], c["reason"]) for c in paper["claims"]} == {
        "C1": ("undecided", "imprecise"),
        "C2": ("supported", "ok"),
        "C3": ("supported", "ok"),
        "C4": ("undecided", "missing-cells"),
        "C5": ("undecided", "aliased"),
        "C5b": ("undecided", "missing-cells"),
        "C6": ("undecided", "single-run"),
        "C7": ("undecided", "imprecise"),
        "C8": ("undecided", "in-sample"),
    }


def test_equivalence_is_never_concluded_from_single_runs(paper: dict[str, Any]) -> None:
    assert "equivalent" not in {row["verdict"] for row in paper["contrasts"]}


def test_published_contrasts_of_trottier() -> None:
    values = analyze("bank:trottier", contrast=("elu", "pelu(div,mul)")).to_json()
    rows = {row["contrast"]: row for row in values["contrasts"] if row["kind"] == "change"}
    for dataset, value, error in (("cifar10", 3.87, 0.163), ("cifar100", 7.95, 0.272)):
        row = rows[f"[elu - pelu(div,mul)] inner_norm bn minus none at {dataset}, 110"]
        assert round(row["estimate"], 2) == value
        assert round(row["standard_error"], 3) == error
        assert row["df"] == 80
    simple = {
        tuple(row["condition"].values()): round(row["estimate"], 2)
        for row in values["contrasts"]
        if row["kind"] == "simple"
    }
    assert simple["cifar100", "20", "none"] == -0.21
    assert simple["cifar10", "110", "none"] == 1.11
    assert values["refused"] == []


def test_what_is_not_estimable_is_refused_with_the_missing_cells() -> None:
    values = analyze("bank:trottier", contrast=("elu", "relu")).to_json()
    missing = {row["name"]: row["missing"] for row in values["refused"]}
    by_norm = missing["[elu - relu] inner_norm bn minus none at cifar10, 110"]
    assert by_norm == [["cifar10", "110", "none", "relu"]]
    assert {row["contrast"] for row in values["contrasts"] if row["kind"] == "simple"} == {
        "elu - relu"
    }
    with pytest.raises(ActwiseError, match="not estimable: no runs in"):
        analyze("bank:trottier", contrast=("pelu(mul,mul)", "relu"))


def test_the_summaries_of_mish_are_recomputed_and_contradictions_named() -> None:
    values = analyze("bank:mish").to_json()
    assert len(values["contrasts"]) == len(values["cells"]) - 1
    (finding,) = values["findings"]
    assert finding["code"] == "A010"
    named = {part.split(":")[0] for part in finding["evidence"].split("; ")}
    assert named == {"SoftPlus(β = 1)", "ISRU (α=1.0)"}
    (row,) = analyze("bank:mish", contrast=("ReLU", "PReLU")).to_json()["contrasts"]
    assert round(row["estimate"], 3) == 0.994
    assert round(row["welch"]["df"], 2) == 24.98


def test_the_json_is_strict_and_the_same_every_time() -> None:
    texts = [json.dumps(analyze("bank:trottier").to_json(), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    generator = np.random.default_rng(1)
    return made_rows(
        seeds=7, generator=generator, truth=lambda c: 80.0 + 2.0 * (c["activation"] == "elu")
    )


def test_rows_and_files_give_the_same_analysis(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    header = ",".join(rows[0])
    lines = [",".join(str(value) for value in row.values()) for row in rows]
    path.write_text("\n".join([header, *lines]))
    found: list[Analysis] = [aw.analyze(rows), aw.analyze(path)]
    first, second = (analysis.to_json() for analysis in found)
    assert first["decision"] == second["decision"]
    assert first["decision"]["recommended"] == ["elu"]
    assert first["contrasts"] == second["contrasts"]


def test_robustness_columns_start_at_six_pairs(rows: list[dict[str, Any]]) -> None:
    values = aw.analyze(rows).to_json()["contrasts"]
    tests = [row["robustness"] for row in values if row["kind"] == "simple"]
    assert all(entry["smallest"]["p"] == 2 / 2**7 for entry in tests)
    few = [row for row in rows if row["seed"] < 5]
    assert all(row.get("robustness") is None for row in aw.analyze(few).to_json()["contrasts"])


def test_the_scale_is_what_is_shown_and_verdicts_stay_in_points(rows: list[dict[str, Any]]) -> None:
    points, logit = (aw.analyze(rows, scale=scale).to_json() for scale in ("points", "logit"))
    assert logit["effects"] == points["logit"]["effects"] != points["effects"]
    assert logit["contrasts"] == points["contrasts"]


def test_a_margin_changes_verdicts(rows: list[dict[str, Any]]) -> None:
    def verdicts(margin: float) -> set[str]:
        return {row.verdict for row in aw.analyze(rows, margin=margin).differences.simple}

    assert verdicts(10.0) == {"equivalent"}
    assert "equivalent" not in verdicts(0.01)
    with pytest.raises(ActwiseError, match="positive"):
        verdicts(0.0)


def test_errors_are_analysed_in_their_own_direction(rows: list[dict[str, Any]]) -> None:
    errors = [{**row, "test_error": 100.0 - row["test_accuracy"]} for row in rows]
    values = aw.analyze(errors, response="test_error", lower_is_better=True).to_json()
    assert values["decision"]["recommended"] == ["elu"]


def test_users_claims_are_judged_beside_the_papers(
    rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(
        '[[claim]]\nid = "U1"\nstatement = "ELU wins."\n[[claim.component]]\nname = "elu - relu"\n'
        'terms = [{ weight = 1, where = { activation = "elu" } },'
        ' { weight = -1, where = { activation = "relu" } }]\n'
    )
    values = aw.analyze(rows, claims=path).to_json()
    assert values["claims"][-1]["id"] == "U1"
    assert values["claims"][-1]["verdict"] == "supported"
    assert "exploratory" in values["claims_origin"]


def test_unknown_names_are_refused(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(UnknownNameError, match="did you mean elu"):
        aw.analyze(rows, contrast=("elo", "relu"))
    with pytest.raises(UnknownNameError, match="did you mean paper"):
        aw.analyze("bank:papers")


def test_errors_on_new_images_exceed_those_of_seeds(rows: list[dict[str, Any]]) -> None:
    observed = read_table_rows(rows, Selection()).observed
    assert observed is not None
    generator = np.random.default_rng(2)
    correct = {
        cell: {str(seed): generator.random(400) < 0.8 for seed in range(12)}
        for cell in observed.cells
    }
    pairs = aw.analyze(rows).differences.simple
    found = image_errors(observed, correct, pairs, seed=1)
    assert set(found) == set(range(len(pairs)))
    for row in found.values():
        assert row.new.standard_error >= row.these.standard_error
        assert row.bootstrap is not None
    assert image_errors(observed, {}, pairs, seed=1) == {}
