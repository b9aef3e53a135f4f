"""Whoever looks at a run between its epochs: what is shown, and that nothing comes of it."""

import random

import numpy as np
import torch
from torch import nn

from actwise.engine import Sight
from actwise.spec import ObserveSpec
from small_runs import make_spec, train_small


class Meddling:
    """As meddlesome as an observer may be."""

    name = "meddling"

    def __init__(self) -> None:
        self.seen: list[Sight] = []

    def look(self, sight: Sight) -> None:
        sight.model.eval()
        torch.rand(3)
        np.random.rand(3)  # noqa: NPY002
        random.random()
        self.seen.append(sight)

    def state(self) -> bytes:
        return b"nothing"

    def restore(self, state: bytes | None, *, num_epochs: int) -> bool:
        return state == b"nothing"


def test_observing_changes_nothing() -> None:
    observer = Meddling()
    spec = make_spec(regularization="bn+dropout")
    observed = train_small(spec, observe=ObserveSpec(test_curve=True), observers=[observer])
    alone = train_small(spec)
    assert observed.weights_sha256 == alone.weights_sha256
    assert observed.test_accuracy == alone.test_accuracy
    assert [sight.record for sight in observer.seen] == [None, *observed.epochs]
    assert [sight.is_last for sight in observer.seen] == [False, False, False, True]
    assert [sight.num_images for sight in observer.seen] == [60] * 4


def test_an_observer_sees_the_same_images_as_an_evaluation() -> None:
    observer = Meddling()
    train_small(make_spec(train_size=40, regularization="bn+aug"), observers=[observer])
    x_NCHW, labels_N = observer.seen[0].images(30)
    again, more_labels_N = observer.seen[-1].images(100)
    assert torch.equal(again[:30], x_NCHW) and torch.equal(more_labels_N[:30], labels_N)
    assert (len(x_NCHW), len(again)) == (30, 40)
    assert again.mean((0, 2, 3)).abs().max() < 1e-5
    assert x_NCHW.is_contiguous(memory_format=torch.channels_last)


def test_an_observer_that_draws_leaves_a_users_stochastic_model_alone() -> None:
    def model() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 4))

    observed = train_small(make_spec(), model=model(), observers=[Meddling()])
    assert observed.weights_sha256 == train_small(make_spec(), model=model()).weights_sha256
