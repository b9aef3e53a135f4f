"""The same engine on a CUDA device."""

from pathlib import Path

import pytest
import torch

from actwise import regularization
from actwise.engine import Checkpoints, Device, prepare_device
from actwise.engine.batches import TrainingBatches
from actwise.engine.images import prepare_parts
from actwise.engine.training import Training
from small_runs import DATASET, make_model, make_spec, train_small

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
    device = cuda()
    level = regularization.resolve(spec.regularization)
    parts = prepare_parts(DATASET, spec, device)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=level,
        batch_size=spec.train.batch_size,
        seed=spec.seed,
        device=device,
    )
    model = make_model(spec).to(device.torch_device)
    training = Training(model, batches, spec=spec, regularization=level, device=device)
    training.begin()
    training.train_batch()
    torch.cuda.set_sync_debug_mode("error")
    try:
        training.train_batch()
        training.train_batch()
    finally:
        torch.cuda.set_sync_debug_mode("default")
