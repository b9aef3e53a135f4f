"""The same engine on a CUDA device."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from actwise.engine import Checkpoints, Device, prepare_device
from actwise.engine.captured import NUM_WARMUP_STEPS, CapturedStep
from made.runs import made_epoch
from small_runs import make_model, make_spec, make_training, train_small

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


@pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning")
def test_no_batch_makes_the_host_wait() -> None:
    spec = make_spec(regularization=EVERYTHING, activation="rrelu", gradient_clip=1.0)
    training = make_training(spec, cuda())
    training.train_batch()
    try:
        torch.cuda.set_sync_debug_mode("error")
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


def drawn_numbers(*, reads_on_the_host: bool) -> Tensor:
    """What six steps draw from a generator of their own and from torch's."""
    device = cuda().torch_device
    generator = torch.Generator(device).manual_seed(1)
    torch.manual_seed(2)
    sums = torch.zeros(4, device=device)

    def step() -> None:
        sums.add_(torch.rand(4, generator=generator, device=device))
        sums.add_(torch.rand(4, device=device))
        if reads_on_the_host:
            sums.sum().item()

    captured = CapturedStep(device=device, generators=[generator], has_users_code=False)
    for _ in range(NUM_WARMUP_STEPS + 3):
        captured(step)
    assert captured.is_captured is not reads_on_the_host
    assert torch.cuda.current_stream() == torch.cuda.default_stream()
    return sums.cpu()


def test_a_failed_capture_changes_no_number(capfd: pytest.CaptureFixture[str]) -> None:
    one_by_one = drawn_numbers(reads_on_the_host=True)
    log = capfd.readouterr().err
    assert "not captured" in log and "previous error" not in log
    assert torch.equal(drawn_numbers(reads_on_the_host=False), one_by_one)


def read_on_the_host(module: nn.Module, inputs: tuple[Tensor, ...], logits_NK: Tensor) -> None:
    logits_NK.sum().item()


def test_a_run_whose_capture_fails_is_trained_and_so_is_the_next(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(regularization="bn+dropout(0.1)", epochs=3)
    model = make_model(spec)
    model.register_forward_hook(read_on_the_host)
    failed = train_small(spec, model=model, device=cuda())
    assert "not captured" in capfd.readouterr().err
    captured = train_small(spec, device=cuda())
    assert capfd.readouterr().err == ""
    monkeypatch.setattr("actwise.engine.captured.NUM_WARMUP_STEPS", 1000)
    one_by_one = train_small(spec, device=cuda())
    losses = [run.epochs[-1].train_loss for run in (failed, captured, one_by_one)]
    assert losses[:2] == pytest.approx([losses[2]] * 2, rel=1e-2)


def test_users_code_is_not_captured(capfd: pytest.CaptureFixture[str]) -> None:
    training = make_training(make_spec(activation="made.users_code:prints"), cuda())
    for _ in range(3):
        training.train_batch()
    training.end_epoch(made_epoch(1))
    for _ in range(3):
        training.train_batch()
    assert not training.is_captured
    assert "users' code" in capfd.readouterr().err
