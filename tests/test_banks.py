import json

import pytest

import actwise as aw
from actwise.analysis.contrasts import combine, level_difference
from actwise.analysis.inference import NotEstimableError, fit_cells
from actwise.analysis.reading import (
    Selection,
    bank_names,
    load_bank,
    read_bank,
    read_table_rows,
    summaries,
)
from actwise.analysis.summaries import compare, contradictions
from actwise.cli.main import run_command
from actwise.errors import SpecError, UnknownNameError


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
    source = read_bank("trottier", Selection())
    counts = {name: source.flow[name] for name in ("planned", "started", "finished", "excluded")}
    assert counts == {"planned": 203, "started": 203, "finished": 202, "excluded": 1}
    (reason,) = source.excluded
    assert reason.startswith("one run of cifar10, 56, bn, relu stopped at epoch 77: ")
    without = read_bank("trottier", Selection(where=("depth=110",)))
    assert (without.flow["excluded"], without.excluded) == (0, ())


def test_a_level_that_no_run_has_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="known are 110, 20, 32, 44, 56"):
        read_bank("trottier", Selection(where=("depth=7",)))
    with pytest.raises(UnknownNameError, match="did you mean prelu"):
        read_bank("paper", Selection(where=("activation=prell",)))
    rows = [{"model": "mlp", "activation": "relu", "test_accuracy": 90.0}]
    with pytest.raises(UnknownNameError, match="no model of these runs is named 'nope'"):
        read_table_rows(rows, Selection(where=("model=nope",)))


AT_110_LAYERS = {
    ("cifar10", "bn", "relu"): "5.6738",
    ("cifar10", "bn", "prelu"): "5.6054",
    ("cifar10", "bn", "elu"): "11.1954",
    ("cifar10", "none", "elu"): "6.5468",
    ("cifar100", "bn", "relu"): "25.9198",
    ("cifar100", "bn", "prelu"): "25.8262",
    ("cifar100", "bn", "elu"): "35.5176",
    ("cifar100", "none", "elu"): "26.5896",
}
"""Errors in the tables of Trottier et al. 2016."""


def test_analyze_gives_the_published_errors_beside_the_means(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["analyze", "--bank", "trottier", "--where", "depth=110"]) == 0
    text = capsys.readouterr().out
    _, found = text.split("Cells as published: test_error\n")
    rows, note = found.split("As published: ")
    shown = {tuple(line.split()[:3]): line.split()[-1] for line in rows.splitlines()[1:]}
    assert {cell: shown[cell] for cell in AT_110_LAYERS} == AT_110_LAYERS
    assert note.startswith("mean over epochs 196-200 of the median over replicates.")


def test_published_errors_stand_in_the_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["analyze", "--bank", "trottier", "--json"]) == 0
    cells = {
        (cell["dataset"], cell["inner_norm"], cell["activation"]): cell
        for cell in json.loads(capsys.readouterr().out)["cells"]
        if cell["depth"] == "110"
    }
    for key, error in AT_110_LAYERS.items():
        assert f"{cells[key]['as_published']:.4f}" == error
    assert cells["cifar10", "bn", "relu"]["mean"] == pytest.approx(5.68324)


def test_a_bank_of_plain_runs_has_no_figures_of_another_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["analyze", "--bank", "paper"]) == 0
    assert "as published" not in capsys.readouterr().out
    assert {cell["as_published"] for cell in aw.analyze("bank:paper").to_json()["cells"]} == {None}


@pytest.mark.parametrize(
    ("dataset", "value", "error"), [("cifar10", 3.87, 0.163), ("cifar100", 7.95, 0.272)]
)
def test_inner_norm_hurts_elu_more_than_pelu(dataset: str, value: float, error: float) -> None:
    model = fit_cells(load_bank("trottier").observations())
    with_norm, without = (
        level_difference(
            model.factors,
            model.cells,
            factor="activation",
            high="elu",
            low="pelu(div,mul)",
            where={"dataset": dataset, "depth": "110", "inner_norm": norm},
        )
        for norm in ("bn", "none")
    )
    estimate = model.contrast(combine((1, with_norm), (-1, without)))
    assert estimate.value == pytest.approx(value, abs=5e-3)
    assert estimate.standard_error == pytest.approx(error, abs=5e-4)
    assert estimate.df == 80


@pytest.mark.parametrize(
    ("dataset", "values"),
    [("cifar10", (1.07, 0.82, 0.80, 1.00, 1.11)), ("cifar100", (-0.21, 1.07, 1.91, 2.61, 1.56))],
)
def test_elu_minus_pelu_by_depth(dataset: str, values: tuple[float, ...]) -> None:
    model = fit_cells(load_bank("trottier").observations())
    for depth, value in zip(("20", "32", "44", "56", "110"), values, strict=True):
        weights = level_difference(
            model.factors,
            model.cells,
            factor="activation",
            high="elu",
            low="pelu(div,mul)",
            where={"dataset": dataset, "depth": depth, "inner_norm": "none"},
        )
        assert model.contrast(weights).value == pytest.approx(value, abs=5e-3)


def test_elu_against_relu_by_normalization_is_refused_with_the_missing_cells() -> None:
    model = fit_cells(load_bank("trottier").observations())
    weights = level_difference(
        model.factors,
        model.cells,
        factor="activation",
        high="elu",
        low="relu",
        where={"dataset": "cifar10", "depth": "110", "inner_norm": "none"},
    )
    with pytest.raises(NotEstimableError, match="no runs in cifar10, 110, none, relu") as refused:
        model.contrast(weights, name="ELU against ReLU")
    assert refused.value.missing == (("cifar10", "110", "none", "relu"),)


def test_exactly_the_two_rows_that_contradict_themselves_are_found() -> None:
    found = contradictions(load_bank("mish"))
    assert [row.name for row in found] == ["SoftPlus(β = 1)", "ISRU (α=1.0)"]
    assert {quantity for quantity, _, _ in found[0].evidence} == {"lower limit", "upper limit"}


def test_any_two_activations_of_the_summaries_are_compared() -> None:
    comparison = compare(summaries(load_bank("mish")), "ReLU", "PReLU")
    assert comparison.pooled.df == 44
    assert comparison.pooled.value == pytest.approx(0.99391)
    # Equal numbers of runs: the same standard error, but Welch counts the unequal SDs in df.
    assert comparison.welch.standard_error == pytest.approx(comparison.pooled.standard_error)
    assert comparison.welch.df == pytest.approx(24.975, abs=1e-3)


def test_summaries_are_not_runs_and_runs_are_not_summaries() -> None:
    with pytest.raises(SpecError, match="summary statistics"):
        load_bank("mish").observations()
    with pytest.raises(SpecError, match="has runs"):
        summaries(load_bank("paper"))
    with pytest.raises(SpecError, match="no learning curves"):
        load_bank("paper").curves()


def test_published_means_are_summed_up_without_a_recommendation() -> None:
    analysis = aw.analyze("bank:mish")
    assert analysis.decision.recommended == ()
    assert analysis.decision.reasons == (
        "The highest mean is that of E-Swish (β=1.75), 87.49.",
        "Shown to be above Mish: 0 of 31 activations; below: 27 (Holm).",
        "Left out of these counts, since they contradict themselves: ISRU (α=1.0) and "
        "SoftPlus(β = 1).",
    )
    assert analysis.source.flow == {"finished": 34 * 23}
    (reason,) = aw.analyze("bank:mish", contrast=("ReLU", "PReLU")).decision.reasons
    assert reason.startswith("ReLU - PReLU: +0.99 points, 95 % interval 0.02 to 1.97")
