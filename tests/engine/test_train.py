"""The training of one run: its result, what may and may not influence it."""

import math
import shutil
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from actwise.engine import Progress, weights_sha256
from actwise.errors import SpecError
from actwise.spec import ObserveSpec
from small_runs import CPU, DATASET, make_dataset, make_model, make_spec, train_small, without_times

TEST_CURVE = ObserveSpec(test_curve=True)


def test_a_finished_run_has_every_result() -> None:
    spec = make_spec(validation_fraction=0.2, epochs=8)
    model = make_model(spec)
    result = train_small(spec, model=model)
    assert result.status == "finished"
    assert [record.epoch for record in result.epochs] == list(range(1, 9))
    assert result.epochs[-1].train_loss < result.epochs[0].train_loss
    assert result.train_accuracy == result.epochs[-1].train_accuracy
    assert result.validation_accuracy == result.epochs[-1].validation_accuracy
    assert result.test_accuracy is not None and result.test_accuracy > 50
    assert result.test_loss is not None and math.isfinite(result.test_loss)
    assert result.best_test_accuracy is None
    assert result.weights_sha256 == weights_sha256(model)
    assert result.train_seconds == pytest.approx(sum(r.seconds for r in result.epochs))
    assert result.images_per_second == pytest.approx(8 * 48 / result.train_seconds)


def test_predictions_are_in_the_order_of_the_test_images() -> None:
    result = train_small(make_spec(epochs=8))
    assert result.predictions_N is not None and result.predictions_N.dtype == np.int64
    is_right_N = result.predictions_N == DATASET.test_labels_N.numpy()
    assert 100 * is_right_N.mean() == result.test_accuracy


def test_a_run_is_a_function_of_its_spec() -> None:
    spec = make_spec(regularization="bn+dropout+aug+mixup", activation="rrelu")
    first, again = train_small(spec), train_small(spec)
    assert without_times(first) == without_times(again)
    other = train_small(
        make_spec(regularization="bn+dropout+aug+mixup", activation="rrelu", seed=1)
    )
    assert other.weights_sha256 != first.weights_sha256


def test_what_ran_before_in_the_process_does_not_matter() -> None:
    spec = make_spec(regularization="bn+dropout")
    first = train_small(spec)
    torch.manual_seed(99)
    train_small(make_spec(precision="bfloat16", seed=4))
    assert train_small(spec).weights_sha256 == first.weights_sha256


def test_the_test_curve_is_only_there_when_asked_for() -> None:
    alone = train_small(make_spec())
    assert all(record.test_accuracy is None for record in alone.epochs)
    curve = train_small(make_spec(), observe=TEST_CURVE)
    accuracies = [record.test_accuracy for record in curve.epochs]
    assert accuracies[-1] == curve.test_accuracy
    assert curve.best_test_accuracy == max(a for a in accuracies if a is not None)


@pytest.mark.parametrize("schedule", [{}, {"schedule": "plateau", "plateau_patience": 0}])
def test_the_last_validation_alone_leaves_the_run_as_it_is(schedule: dict[str, Any]) -> None:
    spec = make_spec(validation_fraction=0.2, epochs=7, **schedule)
    every = train_small(spec)
    last = train_small(spec, observe=ObserveSpec(validation_curve="last"))
    assert last.weights_sha256 == every.weights_sha256
    assert last.validation_accuracy == every.validation_accuracy
    assert [e.validation_loss for e in last.epochs] == [None] * (len(every.epochs) - 1) + [
        every.epochs[-1].validation_loss
    ]


def test_nothing_but_the_result_depends_on_the_test_split() -> None:
    spec = make_spec(validation_fraction=0.2)
    dataset = make_dataset()
    dataset.test_images_NCHW.zero_()
    assert train_small(spec, dataset=dataset).weights_sha256 == train_small(spec).weights_sha256


@pytest.mark.parametrize("observe", [ObserveSpec(), TEST_CURVE])
def test_a_loss_that_is_not_finite_is_a_result(observe: ObserveSpec) -> None:
    result = train_small(make_spec(learning_rate=1e30, regularization="none"), observe=observe)
    assert result.status == "diverged"
    assert len(result.epochs) < 3
    assert result.test_accuracy is None and result.predictions_N is None
    assert result.weights_sha256 is None


class Swallows(nn.Module):
    """Goes wrong in training, and gives finite numbers all the same."""

    def __init__(self, wrong: str, *, in_epoch: int = 1) -> None:
        super().__init__()
        self.wrong = wrong
        self.first_wrong = 1 + 3 * (in_epoch - 1)
        self.calls = 0
        self.norm = nn.BatchNorm1d(192)
        self.inner = nn.Linear(192, 8)
        self.head = nn.Linear(8, 4)
        self.register_buffer("mask", torch.tensor([0.0, float("-inf")]))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += self.training
        is_wrong = self.calls >= self.first_wrong and (self.training or self.wrong == "evaluation")
        with torch.no_grad():
            if is_wrong and self.wrong in ("running_mean", "running_var", "evaluation"):
                name = "running_var" if self.wrong == "evaluation" else self.wrong
                getattr(self.norm, name)[3] = float("inf")
            if is_wrong and self.wrong == "late buffer":
                self.register_buffer("late", torch.tensor([math.nan]))
        hidden = self.inner(self.norm(x.flatten(1)))
        if is_wrong and self.wrong == "gradient":
            hidden = torch.sqrt(hidden * 0.0)  # its slope at 0 is infinite
        out: Tensor = self.head(torch.nan_to_num(hidden, 0.0, 0.0, 0.0))
        return torch.nan_to_num(out, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("observe", [ObserveSpec(), TEST_CURVE])
@pytest.mark.parametrize(
    ("wrong", "in_epoch", "finished_epochs"),
    [
        ("gradient", 1, 0),
        ("gradient", 3, 2),
        ("running_mean", 2, 1),
        ("running_var", 1, 0),
        ("late buffer", 2, 1),
    ],
)
def test_weights_that_are_not_finite_behind_finite_losses_are_a_divergence(
    wrong: str, in_epoch: int, finished_epochs: int, observe: ObserveSpec
) -> None:
    result = train_small(make_spec(), model=Swallows(wrong, in_epoch=in_epoch), observe=observe)
    assert (result.status, len(result.epochs)) == ("diverged", finished_epochs)
    assert all(math.isfinite(record.train_loss) for record in result.epochs)
    assert result.test_accuracy is None and result.test_loss is None
    assert result.predictions_N is None and result.weights_sha256 is None


def test_statistics_that_the_last_evaluation_makes_infinite_are_a_divergence() -> None:
    assert train_small(make_spec(), model=Swallows("evaluation", in_epoch=3)).status == "diverged"


def test_infinities_that_a_buffer_began_with_are_no_divergence() -> None:
    assert train_small(make_spec(), model=Swallows("nothing")).status == "finished"


def test_weights_that_explode_in_the_last_step_are_a_divergence() -> None:
    spec = make_spec(learning_rate=1e30, regularization="none", epochs=1, batch_size=60)
    assert train_small(spec).status == "diverged"


def test_progress_counts_every_batch() -> None:
    heard: list[Progress] = []
    train_small(make_spec(epochs=2), on_progress=heard.append)
    assert [(p.epoch, p.batch) for p in heard] == [(e, b) for e in (1, 2) for b in (1, 2, 3)]
    assert {(p.epochs, p.batches, p.run_id) for p in heard} == {(2, 3, None)}
    assert all(p.loss is not None and p.images_per_second for p in heard)


def test_a_plateau_ends_the_run_at_the_fourth_drop() -> None:
    spec = make_spec(epochs=50, learning_rate=1e-8, plateau_patience=0)
    result = train_small(spec)
    assert result.status == "finished"
    assert len(result.epochs) < 50
    rates = sorted({record.learning_rate for record in result.epochs}, reverse=True)
    assert rates == pytest.approx([1e-8, 1e-9, 1e-10, 1e-11])


def test_the_loss_of_the_records_has_no_part_in_smoothing_at_test() -> None:
    plain = train_small(make_spec(regularization="bn", learning_rate=1e-12))
    smooth = train_small(make_spec(regularization="bn+smooth(0.5)", learning_rate=1e-12))
    assert smooth.test_loss == pytest.approx(plain.test_loss, rel=1e-6)
    assert smooth.epochs[0].train_loss != plain.epochs[0].train_loss


def test_the_gradient_is_clipped_to_its_norm() -> None:
    spec = make_spec(
        epochs=1, batch_size=60, gradient_clip=1e-3, weight_decay=0.0, learning_rate=1.0
    )
    before, after = make_model(spec), make_model(spec)
    train_small(spec, model=after)
    change = sum(
        (a.detach() - b.detach()).square().sum().item()
        for a, b in zip(after.parameters(), before.parameters(), strict=True)
    )
    assert math.sqrt(change) == pytest.approx(1e-3, rel=1e-3)


def test_bfloat16_trains_float32_weights() -> None:
    spec = make_spec(precision="bfloat16", epochs=8)
    model = make_model(spec)
    result = train_small(spec, model=model)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert result.epochs[-1].train_loss < result.epochs[0].train_loss
    assert result.weights_sha256 != train_small(make_spec(epochs=8)).weights_sha256


def test_tf32_on_a_cpu_is_refused() -> None:
    with pytest.raises(SpecError, match=r"tf32.*needs a CUDA device"):
        train_small(make_spec(precision="tf32"))


def test_fewer_images_than_a_batch_are_refused() -> None:
    with pytest.raises(SpecError, match="batch_size=128 is more than the 60 images"):
        train_small(make_spec(batch_size=128))


def test_a_users_module_may_draw_from_torchs_generator() -> None:
    def model() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 4))

    spec = make_spec()
    first = train_small(spec, model=model())
    assert train_small(spec, model=model()).weights_sha256 == first.weights_sha256


def test_a_model_with_tied_weights_is_trained_and_hashed() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(192, 192)
            self.second = nn.Linear(192, 192)
            self.second.weight = self.first.weight
            self.head = nn.Linear(192, 4)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.head(self.second(self.first(x.flatten(1))))
            return out

    assert train_small(make_spec(learning_rate=1e-3), model=Tied()).status == "finished"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch.compile's own
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_step_computes_the_same_within_rounding() -> None:
    settings: dict[str, Any] = {"model": "mlp", "regularization": "bn+dropout", "epochs": 1}
    eager = train_small(make_spec(**settings))
    compiled = train_small(make_spec(compile=True, **settings))
    assert compiled.epochs[0].train_loss == pytest.approx(eager.epochs[0].train_loss, rel=1e-4)


def test_the_layout_changes_the_result_by_rounding_only() -> None:
    contiguous = type(CPU)(CPU.torch_device, threads=1, memory_format="contiguous")
    spec = make_spec(epochs=1)
    first = train_small(spec).epochs[0].train_loss
    assert train_small(spec, device=contiguous).epochs[0].train_loss == pytest.approx(first, 1e-4)
