"""The shipped banks: how they are read, and their published figures."""

import math
from dataclasses import replace

import pytest

import actwise as aw
from actwise.analysis.model import Model, NotEstimableError, fit_model
from actwise.analysis.reading import Selection, bank_names, load_bank, read_bank, read_table_rows
from actwise.analysis.table import Cell
from actwise.errors import UnknownNameError
from actwise.report import analysis_json
from made.printed import printed

AT_110_LAYERS = {
    ("cifar10", "bn", "relu"): 5.6738,
    ("cifar10", "bn", "prelu"): 5.6054,
    ("cifar10", "bn", "elu"): 11.1954,
    ("cifar10", "none", "elu"): 6.5468,
    ("cifar100", "bn", "relu"): 25.9198,
    ("cifar100", "bn", "prelu"): 25.8262,
    ("cifar100", "bn", "elu"): 35.5176,
    ("cifar100", "none", "elu"): 26.5896,
}
"""Errors in the tables of Trottier et al. 2016."""


def trottier() -> Model:
    """One variance a data set, pooled over its cells."""
    return fit_model(replace(load_bank("trottier").observations(), strata=("dataset",)))


def elu_minus_pelu(dataset: str, depth: str, norm: str) -> dict[Cell, float]:
    return {
        (dataset, depth, norm, "elu"): 1.0,
        (dataset, depth, norm, "pelu(div,mul)"): -1.0,
    }


def test_every_bank_states_its_source_and_is_read() -> None:
    assert bank_names() == ("caffenet", "mish", "paper", "trottier")
    for name in bank_names():
        bank = load_bank(name)
        assert bank.source
        assert bank.license
        assert bank.rows()


def test_an_unknown_bank_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean trottier"):
        load_bank("trotier")


def test_fractions_become_percent() -> None:
    assert load_bank("caffenet").observations().response_R.max() == pytest.approx(51.7)


def test_the_run_that_stopped_early_is_no_run_of_the_bank() -> None:
    bank = load_bank("trottier")
    assert len(bank.rows()) == 203
    assert bank.observations().num_runs == 202


def test_the_run_that_stopped_early_stands_in_the_flow() -> None:
    found = read_bank("trottier", Selection())
    counts = {name: found.flow[name] for name in ("planned", "started", "finished", "excluded")}
    assert counts == {"planned": 203, "started": 203, "finished": 202, "excluded": 1}
    (reason,) = found.excluded
    assert reason.startswith("one run of cifar10, 56, bn, relu stopped at epoch 77: ")
    without = read_bank("trottier", Selection(where=("depth=110",)))
    assert (without.flow["excluded"], without.excluded) == (0, ())


def test_where_no_run_is_left_nobody_knows_what_choosing_an_epoch_gains() -> None:
    whole = aw.analyze("bank:trottier", where=["depth=110"])
    assert analysis_json(whole)["source"]["optimism"] == pytest.approx(0.6224, abs=5e-5)
    where = ["dataset=cifar10", "depth=20", "inner_norm=bn", "activation=elu"]
    empty = aw.analyze("bank:trottier", where=where)
    assert empty.results.flow["planned"] == 0 and empty.results.curves == ()
    assert empty.results.optimism is not None and math.isnan(empty.results.optimism)
    assert analysis_json(empty)["source"]["optimism"] is None
    assert "Nothing can be said: no run has completed" in printed(empty)


def test_a_level_that_no_run_has_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="known are 110, 20, 32, 44, 56"):
        read_bank("trottier", Selection(where=("depth=7",)))
    with pytest.raises(UnknownNameError, match="did you mean prelu"):
        read_bank("paper", Selection(where=("activation=prell",)))
    rows = [{"model": "mlp", "activation": "relu", "test_accuracy": 90.0}]
    with pytest.raises(UnknownNameError, match="no model of these runs is named 'nope'"):
        read_table_rows(rows, Selection(where=("model=nope",)))


def test_the_published_errors_stand_beside_the_means() -> None:
    cells = {
        (row.cell[0], row.cell[2], row.cell[3]): row
        for row in aw.analyze("bank:trottier", where=["depth=110"]).cells
    }
    for key, error in AT_110_LAYERS.items():
        assert cells[key].as_published == pytest.approx(error, abs=5e-5)
    mean = cells["cifar10", "bn", "relu"].mean
    assert mean is not None and mean.value == pytest.approx(5.68324)
    assert {row.as_published for row in aw.analyze("bank:paper").cells} == {None}


@pytest.mark.parametrize(
    ("dataset", "value", "error"), [("cifar10", 3.87, 0.163), ("cifar100", 7.95, 0.272)]
)
def test_inner_norm_hurts_elu_more_than_pelu(dataset: str, value: float, error: float) -> None:
    weights = elu_minus_pelu(dataset, "110", "bn")
    weights |= {cell: -w for cell, w in elu_minus_pelu(dataset, "110", "none").items()}
    estimate = trottier().contrast(weights)
    assert estimate.value == pytest.approx(value, abs=5e-3)
    assert estimate.standard_error == pytest.approx(error, abs=5e-4)
    assert estimate.df == 80


@pytest.mark.parametrize(
    ("dataset", "values"),
    [("cifar10", (1.07, 0.82, 0.80, 1.00, 1.11)), ("cifar100", (-0.21, 1.07, 1.91, 2.61, 1.56))],
)
def test_elu_minus_pelu_by_depth(dataset: str, values: tuple[float, ...]) -> None:
    model = trottier()
    for depth, value in zip(("20", "32", "44", "56", "110"), values, strict=True):
        found = model.contrast(elu_minus_pelu(dataset, depth, "none"))
        assert found.value == pytest.approx(value, abs=5e-3)


def test_elu_against_relu_by_normalization_is_refused_with_the_missing_cells() -> None:
    where = ("cifar10", "110", "none")
    weights = {(*where, "elu"): 1.0, (*where, "relu"): -1.0}
    with pytest.raises(NotEstimableError, match="no runs in cifar10, 110, none, relu") as refused:
        trottier().contrast(weights, name="ELU against ReLU")
    assert refused.value.missing == ((*where, "relu"),)


def test_published_means_are_summed_up_without_a_choice() -> None:
    analysis = aw.analyze("bank:mish")
    assert (analysis.decision.kind, analysis.decision.levels) == ("nothing", ())
    assert [finding.code for finding in analysis.findings] == ["A010"]
    assert len(analysis.published.comparisons) == 33
    assert analysis.results.flow == {"finished": 34 * 23}
    (row,) = aw.analyze("bank:mish", contrast=("ReLU", "PReLU")).published.comparisons
    assert row.pooled.value == pytest.approx(0.99391)
    assert row.pooled.interval() == pytest.approx((0.02, 1.97), abs=5e-3)
