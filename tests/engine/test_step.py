"""One training step: what is summed up, and how the labels of mixed images are weighed."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from actwise.engine.batches import Batch
from actwise.engine.optimizers import make_optimizer
from actwise.engine.step import Step, Totals
from actwise.spec import TrainSpec
from small_runs import CPU

LABELS_B = torch.tensor([0, 2, 1])
LOGITS_BK = torch.tensor([[3.0, 0.0, 1.0], [0.0, 2.0, 0.5], [0.0, 1.0, 0.0]])
"""The first and the last are right."""


class Given(nn.Module):
    """Whatever it sees, it answers with its only parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.logits_BK = nn.Parameter(LOGITS_BK.clone())

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.logits_BK


def take(
    mixing: float | None, *, smoothing: float = 0.0, clip: float | None = None, steps: int = 1
) -> tuple[Totals, nn.Parameter]:
    """Steps on one batch, at a rate of 1, and what was summed up."""
    model = Given()
    settings = TrainSpec(learning_rate=1.0, momentum=0.0, nesterov=False, weight_decay=0.0)
    step = Step(
        model=model,
        network=model,
        optimizer=make_optimizer(model, settings),
        precision="float32",
        device=CPU,
        gradient_clip=clip,
        smoothing=smoothing,
    )
    weight = None if mixing is None else torch.tensor(mixing)
    totals = Totals.zero(CPU.torch_device)
    for _ in range(steps):
        step(Batch(torch.zeros(3, 1, 1, 1), LABELS_B, weight), totals)
    return totals, model.logits_BK


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("mixing", [None, 1.0, 0.75, 0.0])
def test_of_a_mixed_image_the_label_of_the_one_before_counts_for_the_rest(
    mixing: float | None, smoothing: float
) -> None:
    totals, _ = take(mixing, smoothing=smoothing)
    own = F.cross_entropy(LOGITS_BK, LABELS_B, label_smoothing=smoothing)
    before = F.cross_entropy(LOGITS_BK, torch.tensor([1, 0, 2]), label_smoothing=smoothing)
    share = 1.0 if mixing is None else mixing
    expected = share * own + (1 - share) * before
    assert totals.loss.item() == pytest.approx(expected.item())
    assert totals.last_loss.item() == pytest.approx(expected.item())
    assert totals.correct.item() == 2


def test_losses_and_right_answers_add_up_and_the_last_loss_does_not() -> None:
    once, _ = take(None)
    totals, _ = take(None, steps=2)
    first = once.loss.item()
    # Learning makes the second smaller, and turns no answer.
    assert 0 < totals.last_loss.item() < first
    assert totals.loss.item() == pytest.approx(first + totals.last_loss.item())
    assert totals.correct.item() == 4
    totals.clear()
    assert (totals.loss.item(), totals.correct.item()) == (0.0, 0)


@pytest.mark.parametrize("clip", [0.01, 100.0])
def test_a_gradient_is_as_long_as_it_may_be(clip: float) -> None:
    _, logits_BK = take(None, clip=clip)
    free = take(None)[1]
    moved, alone = (float((x.detach() - LOGITS_BK).norm()) for x in (logits_BK, free))
    assert moved == pytest.approx(min(clip, alone), rel=1e-4)
