import math
from pathlib import Path

import numpy as np
import pytest

from actwise.analysis.external import (
    EXTERNAL_DEVIATIONS,
    SHORT_RUN_DEVIATIONS,
    single_run_models,
)
from actwise.analysis.inference import fit_cells
from actwise.analysis.reading import Selection, load_bank, runs_of
from actwise.analysis.scales import logit_slope, on_scale
from actwise.analysis.table import Observations
from actwise.errors import SpecError
from actwise.store import RunStore
from actwise.store.exchange import import_folders

BEST = ("cifar100", "resnet18-table2", "bn+dropout", "prelu")
NEXT = ("cifar100", "resnet18-table2", "bn+dropout", "relu")


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_the_external_deviations_follow_from_the_bank(dataset: str) -> None:
    bank = load_bank("trottier")
    last_epoch = bank.curves()[:, -1]
    finished = ~np.isnan(last_epoch)
    observed = bank.observations().with_response(last_epoch[finished])
    part = next(part for part in fit_cells(observed).parts if part.name == dataset)
    known = EXTERNAL_DEVIATIONS[dataset]
    assert math.sqrt(part.variance) == pytest.approx(known.points, abs=5e-3)
    assert part.df == known.df


@pytest.mark.parametrize("study", SHORT_RUN_DEVIATIONS)
def test_the_deviations_of_short_runs_follow_from_our_studies(study: str, tmp_path: Path) -> None:
    pieces = sorted((Path(__file__).parents[1] / "results" / study).glob("seed-*"))
    with RunStore.open(tmp_path / "store", create=True) as store:
        import_folders(pieces, store)
        observed = runs_of(store.snapshot(), Selection()).observed
    part = next(part for part in fit_cells(observed).parts if part.name == "cifar10")
    known = SHORT_RUN_DEVIATIONS[study]
    assert math.sqrt(part.variance) == pytest.approx(known.points, abs=5e-4)
    assert part.df == known.df


@pytest.mark.parametrize(("source", "z"), [("binomial", 6.30), ("run-sd", 4.74)])
def test_single_runs_have_the_papers_z(source: str, z: float) -> None:
    model = single_run_models(load_bank("paper").observations())[source]
    assert model.contrast({BEST: 1, NEXT: -1}).statistic() == pytest.approx(z, abs=5e-3)


def test_the_external_deviation_brings_its_degrees_of_freedom() -> None:
    models = single_run_models(load_bank("paper").observations())
    assert models["binomial"].contrast({BEST: 1, NEXT: -1}).df == math.inf
    # Without binomial error it would be 80; the known part raises it.
    assert 80 < models["run-sd"].contrast({BEST: 1, NEXT: -1}).df < 1000


def test_other_data_sets_have_no_run_to_run_deviation() -> None:
    models = single_run_models(load_bank("caffenet").observations())
    weights = {("0", "elu(1)"): 1.0, ("0", "relu"): -1.0}
    assert models["binomial"].contrast(weights).is_testable
    assert not models["run-sd"].contrast(weights).is_testable


def test_the_logit_scale_keeps_z_almost() -> None:
    observed = load_bank("paper").observations()
    points, logit = (
        single_run_models(observed, scale=scale)["run-sd"].contrast({BEST: 1, NEXT: -1})
        for scale in ("points", "logit")
    )
    assert logit.statistic() == pytest.approx(points.statistic(), rel=0.03)


def test_the_logit_slope_is_the_derivative() -> None:
    y = np.array([5.0, 50.0, 99.0])

    def logit(value: np.ndarray) -> np.ndarray:
        return np.log(value / (100 - value))

    numeric = (logit(y + 1e-4) - logit(y - 1e-4)) / 2e-4
    assert logit_slope(y) == pytest.approx(numeric, rel=1e-6)


def test_full_and_no_accuracy_have_finite_logits() -> None:
    rows = [{"activation": "relu", "test_accuracy": value} for value in (0.0, 100.0)]
    observed = Observations.from_rows(rows, factors=("activation",))
    assert np.all(np.isfinite(on_scale(observed, "logit").response_R))


def test_what_is_no_percentage_has_no_logit() -> None:
    rows = [{"activation": "relu", "test_accuracy": 120.0}]
    observed = Observations.from_rows(rows, factors=("activation",))
    with pytest.raises(SpecError, match="leaves 0 to 100"):
        on_scale(observed, "logit")
    with pytest.raises(SpecError, match="scale 'log' is not one of points, logit"):
        on_scale(observed, "log")  # type: ignore[arg-type]
