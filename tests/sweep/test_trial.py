"""Trying and timing the cells of a study before it is run."""

import json
from types import SimpleNamespace

import psutil
import pytest
import torch

from actwise.errors import ActwiseError, SpecError
from actwise.models import make_describe
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.tries import SmokeReport, calibrate, measure, smoke
from made.sweeps import small_study

INLINE = RunOptions(executor="inline")


def smoke_inline(*activations: str, **changes: float) -> SmokeReport:
    study = small_study(activation=activations, seeds=(0, 1), **changes)
    return smoke(study, options=INLINE)


def test_smoke_tries_every_distinct_cell_once() -> None:
    report = smoke_inline("relu", "elu", "elu(1)")
    assert [result.label for result in report.results] == ["relu seed 0", "elu seed 0"]
    assert {result.status for result in report.results} == {"passed"}
    assert all(result.loss for result in report.results)
    assert (report.num_cells, report.exit_code) == (2, 0)


def test_smoke_finds_the_cell_that_cannot_be_trained() -> None:
    report = smoke_inline("relu", "made.users_code:raises", "made.users_code:finds_a_full_disk")
    assert [result.status for result in report.results] == ["passed", "failed", "accident"]
    assert "on purpose" in report.results[1].reason
    assert report.exit_code == 1


def test_a_cell_that_diverges_at_once_is_no_error() -> None:
    report = smoke_inline("relu", learning_rate=1e30)
    assert [result.status for result in report.results] == ["diverged"]
    assert json.loads(json.dumps(report.results[0].to_json()))["loss"] is None
    assert report.exit_code == 0


def test_calibration_measures_every_network_and_estimates_from_that() -> None:
    study = small_study(model=("convnet", "mlp"), activation=("relu",), seeds=(0, 1))
    plan = make_plan(study, make_describe(None))
    heard: list[tuple[int, int]] = []
    options = RunOptions(executor="process", workers=2)
    calibration = calibrate(plan, options, on_tried=lambda *counts: heard.append(counts))
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [cell.label for cell in calibration.cells] == ["convnet seed 0", "mlp seed 0"]
    cost = calibration.estimate
    assert cost.seconds is not None
    for cell in calibration.cells:
        # Two epochs of 256 images, and the 359 test images of digits forward only.
        steps = (512 + 359 / 3) / cell.images_per_second
        assert steps <= cell.seconds_per_run <= cost.seconds
    assert cost.is_measured
    assert cost.device_memory_bytes is None
    assert json.loads(json.dumps(calibration.to_json()))["estimate"]["workers"] == 2


def test_evaluations_of_every_epoch_take_time() -> None:
    with_curve = small_study(activation=("relu",), epochs=100, observe={"test_curve": True})
    (cell,) = calibrate(make_plan(with_curve, make_describe(None)), INLINE).cells
    assert cell.seconds_per_run > (100 * 256 + 100 * 359 / 3) / cell.images_per_second


@pytest.mark.parametrize(
    "size", [{"epochs": 1, "train_size": 64}, {"epochs": 3, "train_size": 64}, {"epochs": 1}]
)
def test_runs_of_a_few_batches_can_be_timed(size: dict[str, int]) -> None:
    study = small_study(activation=("relu",), seeds=(0,), **size)
    (cell,) = calibrate(make_plan(study, make_describe(None)), INLINE).cells
    assert cell.seconds_per_run > cell.step_seconds > 0


def test_what_gets_a_worker_ready_is_no_measurement() -> None:
    study = small_study(activation=("relu", "elu"), seeds=(0,))
    runs = make_plan(study, make_describe(None)).distinct_runs
    found = measure(runs, INLINE, workers=3)
    assert [len(found.trials[run.run_id]) for run in runs] == [3, 3]
    assert all(trial.images_per_second for tries in found.trials.values() for trial in tries)


def test_one_run_is_timed_on_one_worker() -> None:
    plan = make_plan(small_study(activation=("relu",), seeds=(0,)), make_describe(None))
    cost = calibrate(plan, RunOptions(executor="process", workers=4)).estimate
    assert cost.workers == 1


def test_a_run_that_diverges_at_once_cannot_be_timed() -> None:
    study = small_study(activation=("made.users_code:is_not_a_number",), seeds=(0,))
    with pytest.raises(ActwiseError, match="diverges in its first batch"):
        calibrate(make_plan(study, make_describe(None)), INLINE)


def test_runs_larger_than_the_memory_are_neither_tried_nor_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**6))
    study = small_study(activation=("relu",))
    with pytest.raises(SpecError, match="GB of memory"):
        calibrate(make_plan(study, make_describe(None)), INLINE)
    with pytest.raises(SpecError, match="GB of memory"):
        smoke(study, options=INLINE)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_memory_of_a_cuda_device_is_measured() -> None:
    plan = make_plan(small_study(activation=("relu",), epochs=1000), make_describe(None))
    calibration = calibrate(plan, RunOptions(executor="process", device="cuda"))
    (cell,) = calibration.cells
    assert cell.device_memory_bytes is not None
    assert 0 < cell.device_memory_bytes < torch.cuda.get_device_properties(0).total_memory
    assert calibration.estimate.device_memory_bytes == cell.device_memory_bytes


def test_cells_that_differ_in_the_learning_rate_share_a_measurement() -> None:
    values = small_study(activation=("relu",), seeds=(0,)).model_dump()
    values["factors"]["train.learning_rate"] = (0.1, 0.2)
    study = type(small_study()).model_validate(values)
    first, second = calibrate(make_plan(study, make_describe(None)), INLINE).cells
    assert first.images_per_second == second.images_per_second
    assert first.label != second.label


def test_calibration_names_the_cell_that_cannot_be_trained() -> None:
    plan = make_plan(small_study(activation=("made.users_code:raises",)), make_describe(None))
    with pytest.raises(ActwiseError, match=r"cannot be trained: .*on purpose"):
        calibrate(plan, INLINE)
