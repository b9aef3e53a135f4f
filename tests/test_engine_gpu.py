"""The same engine on a CUDA device."""

from pathlib import Path

import pytest
import torch

from actwise.engine import Checkpoints, Device, prepare_device
from actwise.engine.captured import NUM_WARMUP_STEPS
from made_runs import made_epoch
from small_runs import make_spec, make_training, train_small

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
EVERYTHING = "bn+dropout(0.1)+dropconnect(0.1)+flip+crop(1)+cutout(2)+mixup(0.5)+smooth"


def cuda() -> Device:
    return prepare_device("cuda", threads=1, model="convnet", width=0.125)


def test_cuda_agrees_with_the_cpu_within_rounding() -> None:
    spec = make_spec(regularization="bn+aug", epochs=1)
    on_cpu = train_small(spec).epochs[0].train_loss
    assert train_small(spec, device=cuda()).epochs[0].train_loss == pytest.approx(on_cpu, rel=1e-3)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_every_precision_learns(precision: str) -> None:
    result = train_small(make_spec(precision=precision, epochs=8), device=cuda())
    assert result.test_accuracy is not None and result.test_accuracy > 50


def test_a_divergence_is_of_the_same_epoch_as_on_the_cpu() -> None:
    spec = make_spec(learning_rate=1e30, regularization="none")
    on_cpu, on_cuda = train_small(spec), train_small(spec, device=cuda())
    assert on_cuda.status == on_cpu.status == "diverged"
    assert len(on_cuda.epochs) == len(on_cpu.epochs)


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    spec = make_spec(regularization=EVERYTHING, activation="rrelu")
    asked: list[bool] = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) == 6

    first = Checkpoints(tmp_path, "run", 1, {})
    stopped = train_small(spec, device=cuda(), checkpoints=first, should_stop=should_stop)
    assert stopped.status == "stopped"
    second = Checkpoints(tmp_path, "run", 2, {})
    resumed = train_small(spec, device=cuda(), checkpoints=second)
    straight = train_small(spec, device=cuda())
    assert len(resumed.epochs) == len(straight.epochs)
    assert resumed.epochs[-1].train_loss == pytest.approx(straight.epochs[-1].train_loss, rel=1e-2)


def test_no_batch_makes_the_host_wait() -> None:
    spec = make_spec(regularization=EVERYTHING, activation="rrelu", gradient_clip=1.0)
    training = make_training(spec, cuda())
    training.train_batch()
    torch.cuda.set_sync_debug_mode("error")
    try:
        training.train_batch()
        training.train_batch()
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_steps_are_captured_and_train_as_uncaptured_ones(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(
        regularization=EVERYTHING,
        activation="rrelu",
        optimizer=optimizer,
        learning_rate=0.01,
        schedule="cosine",
        epochs=4,
    )
    training = make_training(spec, cuda())
    for _ in range(NUM_WARMUP_STEPS):
        assert not training.is_captured
        training.train_batch()
        if training.batch == 3:
            training.end_epoch(made_epoch(1))
    training.train_batch()
    assert training.is_captured
    captured = train_small(spec, device=cuda())
    monkeypatch.setattr("actwise.engine.captured.NUM_WARMUP_STEPS", 1000)
    one_by_one = train_small(spec, device=cuda())
    for a, b in zip(captured.epochs, one_by_one.epochs, strict=True):
        assert a.train_loss == pytest.approx(b.train_loss, rel=1e-2)


def test_a_module_that_reads_on_the_host_is_trained_uncaptured(
    capfd: pytest.CaptureFixture[str],
) -> None:
    spec = make_spec(activation="users_code:reads_on_the_host", epochs=2)
    result = train_small(spec, device=cuda())
    assert result.status == "finished"
    assert "not captured" in capfd.readouterr().err
