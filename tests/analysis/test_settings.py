"""Settings that are no factors, or are factors that nobody named."""

from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.report import analysis_json, analysis_text, plain
from made.studies import LEVELS, made_rows

ONE = LEVELS | {"dataset": ("cifar10",), "model": ("vgg16",)}
Rows = list[dict[str, Any]]


def rows(levels: dict[str, tuple[str, ...]] = ONE, **settings: Any) -> Rows:
    return made_rows(
        **{"seeds": 5, "generator": np.random.default_rng(1), "levels": levels} | settings
    )


def test_the_data_set_is_known_though_it_is_no_factor() -> None:
    known = aw.analyze(rows(), factors=["regularization", "activation"])
    assert {row.judged.margin.points for row in known.pairs} == {0.5}
    stuck = rows()
    stuck[0]["test_accuracy"] = 10.0
    found = aw.analyze(stuck, factors=["regularization", "activation"])
    assert found.model is not None and [row.stuck for row in found.model.lost] == [1]


def test_a_setting_that_differs_is_a_factor_of_a_table() -> None:
    wide = [{**row, "width": 1} for row in rows()]
    narrow = [
        {**row, "width": 0.25, "seed": row["seed"] + 5, "test_accuracy": row["test_accuracy"] - 20}
        for row in rows()
    ]
    found = aw.analyze([*wide, *narrow])
    assert found.observed is not None and "width" in found.observed.factors
    assert {row.num_runs for row in found.cells} == {5}


@pytest.mark.parametrize("name", ["width", "train.epochs", "train.train_size"])
@pytest.mark.parametrize("value", ["wide", "1/4", "", "nan", "all", "inf"])
def test_a_setting_that_is_no_number_is_taken_as_it_is(name: str, value: str) -> None:
    found = aw.analyze([{**row, name: value} for row in rows()])
    assert plain(analysis_text(found), 100) and analysis_json(found)


def test_claims_gains_and_a_pair_speak_of_the_largest_budget() -> None:
    levels = {"train.epochs": ("10", "200"), **ONE}

    def truth(cell: dict[str, str]) -> float:
        is_long = cell["train.epochs"] == "200"
        gain = 3.0 if is_long else -3.0
        return (
            80.0
            + gain * (cell["regularization"] == "bn+aug")
            + gain * (cell["activation"] == "elu")
        )

    study = rows(levels, truth=truth)
    long = [row for row in study if row["train.epochs"] == "200"]
    both, alone = (aw.analyze(part, contrast=("elu", "relu")) for part in (study, long))
    assert both.effects is not None and alone.effects is not None
    values = [[g.estimate.value for g in a.effects.gains] for a in (both, alone) if a.effects]
    assert values[0] == pytest.approx(values[1])
    means = [next(r for r in a.asked if r.kind == "mean").judged.estimate for a in (both, alone)]
    assert means[0].value == pytest.approx(means[1].value)
    claims = [[(c.id, c.verdict, c.reason) for c in a.claims] for a in (both, alone)]
    assert claims[0] == claims[1]
    assert {row.rule: row.mean for row in both.rules} == {r.rule: r.mean for r in alone.rules}


def test_runs_without_noise_are_no_discoveries() -> None:
    many = ONE | {"activation": tuple(f"act{number}" for number in range(8))}
    noisy = rows(many, seeds=4)
    flat = [{**row, "model": "resnet18", "test_accuracy": 70.0} for row in noisy]
    found = aw.analyze([*noisy, *flat])
    alone = aw.analyze(noisy)
    assert {row.judged.reason for row in found.pairs if ("model", "resnet18") in row.condition} == {
        "no-noise"
    }
    own = [row.judged.p[-1].p for row in found.pairs if ("model", "vgg16") in row.condition]
    assert own == pytest.approx([row.judged.p[-1].p for row in alone.pairs])
    sizes = {row.judged.p[-1].size for row in found.pairs}
    assert sizes == {len(own)}


def test_single_and_repeated_runs_stand_in_one_family() -> None:
    study = [{**row, "width": 1, "train.epochs": 200} for row in rows()]
    single = [{**row, "model": "resnet18"} for row in study if row["seed"] == 0]
    values = analysis_json(aw.analyze([*study, *single]))
    models = {len(row["models"]) for row in values["contrasts"] if row["kind"] == "simple"}
    assert models == {0, 2}


def test_a_diverged_run_counts_as_a_guess_where_a_rate_is_chosen() -> None:
    levels = {"train.learning_rate": ("0.1", "0.01"), **ONE}
    study = rows(levels, truth=lambda c: 80.0 if c["train.learning_rate"] == "0.1" else 60.0)
    study = [{**row, "validation_accuracy": row["test_accuracy"]} for row in study]
    for rate in ("0.1", "0.01"):
        place = next(i for i, row in enumerate(study) if row["train.learning_rate"] == rate)
        study[place] |= {"status": "diverged", "test_accuracy": None, "validation_accuracy": None}
    (network,) = aw.analyze(study).decision.networks
    assert set(network.rates.values()) == {"0.1"}


def test_rates_are_compared_where_all_of_them_were_run() -> None:
    """0.01 is better wherever both were run, but was also run where learning is hard."""
    levels = {"train.learning_rate": ("0.1", "0.01"), **ONE}

    def truth(cell: dict[str, str]) -> float:
        better = 5.0 * (cell["train.learning_rate"] == "0.01")
        return (40.0 if cell["regularization"] == "bn+aug" else 80.0) + better

    study = [
        {**row, "validation_accuracy": row["test_accuracy"]}
        for row in rows(levels, truth=truth)
        if (row["train.learning_rate"], row["regularization"]) != ("0.1", "bn+aug")
    ]
    (network,) = aw.analyze(study).decision.networks
    assert set(network.rates.values()) == {"0.01"}
