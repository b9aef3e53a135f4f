"""Probes of a training: they change nothing, come when they are due, and survive a kill."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from actwise.diagnostics import ProbeObserver, reestimated_for_test
from actwise.engine import Checkpoints, Progress, TrainResult
from actwise.spec import ProbesSpec
from actwise.store.records import problem_of_probes, unpack_probes
from small_runs import make_dataset, make_spec, train_small, without_times

LARGE = make_dataset(num_train=32, num_test=8, side=32)
EVERY = ProbesSpec(every=1, images=20, forced=True)
# A study's networks, and every kind of mask: their buffers are as long as a training batch.
NETWORKS = {
    "vgg16-table1": {"regularization": "bn+dropout+aug", "precision": "bfloat16"},
    "resnet18-table2": {"regularization": "bn+dropconnect(0.2)", "activation": "prelu"},
    "convnet": {"regularization": "gn(4)+dropout", "activation": "rrelu"},
    "mlp": {"regularization": "none", "activation": "elu"},
}


def seen(result: TrainResult) -> dict[str, Any]:
    """All of a result but what the second test gave."""
    return {k: v for k, v in without_times(result).items() if k != "reestimated_accuracy"}


@pytest.mark.parametrize("model", NETWORKS)
def test_a_run_ends_at_the_same_bits_with_probes_and_without(model: str) -> None:
    spec = make_spec(model=model, width=0.0625, epochs=2, **NETWORKS[model])
    alone = train_small(spec, dataset=LARGE)
    probes = ProbeObserver(EVERY)
    torch.manual_seed(7)
    options: dict[str, Any] = {"observers": [probes], "reestimate": reestimated_for_test}
    result = train_small(spec, dataset=LARGE, **options)
    assert seen(result) == seen(alone)
    assert result.reestimated_accuracy is not None
    assert {row.epoch for row in probes.rows} == {0, 1, 2}
    sites = [row for row in probes.rows if row.place == "site"]
    assert all(row.gradient_norm and row.slope_second_moment and row.images == 20 for row in sites)
    assert {row.function for row in sites} == {NETWORKS[model].get("activation", "relu")}


class Stateful(nn.Module):
    """What it gives in training depends on a generator and a counter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.calls = torch.Generator().manual_seed(1), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        noise = torch.randn(x.shape, generator=self.generator)
        return x * min(1.0, self.calls / 50) + noise if self.training else x


def test_a_run_of_a_network_that_keeps_state_of_its_own_ends_at_the_same_bits() -> None:
    def model() -> nn.Module:
        torch.manual_seed(1)
        layers = (nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), Stateful(), nn.Linear(8, 4))
        return nn.Sequential(*layers)

    probes = ProbeObserver(EVERY)
    alone = train_small(make_spec(), model=model())
    result = train_small(make_spec(), model=model(), observers=[probes])
    assert result.weights_sha256 == alone.weights_sha256 and probes.rows


def test_probes_come_at_the_beginning_when_they_are_due_and_at_the_end() -> None:
    due = ProbeObserver(ProbesSpec(every=3, images=20, forced=True))
    bounded = ProbeObserver(ProbesSpec(every=5))
    train_small(make_spec(epochs=5), observers=[due, bounded])
    assert sorted({row.epoch for row in due.rows}) == [0, 3, 5]
    assert sorted({row.epoch for row in bounded.rows}) == [0, 5]
    # 4 % of 60 images.
    assert {row.images for row in bounded.rows} == {2}


def test_norms_begin_with_the_statistics_of_the_images() -> None:
    probes = ProbeObserver(EVERY)
    train_small(make_spec(), observers=[probes])
    first = [row.variance_ratio for row in probes.rows if row.place == "norm" and not row.epoch]
    assert first == pytest.approx([1.0] * 3, abs=0.05)


def test_a_plateau_that_ends_a_run_early_has_its_last_probes() -> None:
    probes = ProbeObserver(ProbesSpec(every=100, images=20, forced=True))
    spec = make_spec(epochs=50, plateau_patience=0, learning_rate=1e-9, validation_fraction=0.2)
    result = train_small(spec, observers=[probes])
    assert len(result.epochs) < 50
    assert {row.epoch for row in probes.rows} == {0, len(result.epochs)}
    probed = probes.state().partition(b"\n")[2]
    assert not problem_of_probes(probed, ProbesSpec(every=100), len(result.epochs))


class KilledError(Exception):
    """In place of a kill."""


def checkpoints(folder: Path, token: int, **options: Any) -> Checkpoints:
    return Checkpoints(folder, "run", token, {"device": "cpu"}, **options)


@pytest.mark.parametrize("place", [(1, 1), (2, 1), (2, 3), (3, 2)])
def test_probes_survive_a_kill(tmp_path: Path, place: tuple[int, int]) -> None:
    def kill(progress: Progress) -> None:
        if (progress.epoch, progress.batch) == place:
            raise KilledError

    spec = make_spec(regularization="bn+dropout+aug", activation="rrelu")
    whole, killed, resumed = (ProbeObserver(EVERY) for _ in range(3))
    alone = train_small(spec, observers=[whole])
    saved = checkpoints(tmp_path, 1, interval_seconds=0)
    with pytest.raises(KilledError):
        train_small(spec, observers=[killed], checkpoints=saved, on_progress=kill)
    result = train_small(spec, observers=[resumed], checkpoints=checkpoints(tmp_path, 2))
    assert seen(result) == seen(alone)
    assert resumed.state() == whole.state()
    assert len(killed.rows) < len(whole.rows)
    assert len(unpack_probes(killed.state().partition(b"\n")[2])) > 0


@pytest.mark.parametrize("before", [None, ProbesSpec(every=2, images=20, forced=True)])
def test_a_checkpoint_without_the_probes_asked_for_is_not_used(
    tmp_path: Path, before: ProbesSpec | None
) -> None:
    pauses = iter(range(100))
    saved = checkpoints(tmp_path, 1)
    observers = [] if before is None else [ProbeObserver(before)]
    train_small(
        make_spec(), observers=observers, checkpoints=saved, should_stop=lambda: next(pauses) > 6
    )
    probes, later = ProbeObserver(EVERY), checkpoints(tmp_path, 2)
    result = train_small(make_spec(), observers=[probes], checkpoints=later)
    assert later.refusals == ["the newest checkpoint lacks the probes of its epochs"]
    assert {row.epoch for row in probes.rows} == {0, 1, 2, 3}
    assert seen(result) == seen(train_small(make_spec()))


def test_a_model_without_an_activation_is_trained_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def model() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 4))

    probes, pauses = ProbeObserver(EVERY), iter(range(100))
    alone = train_small(make_spec(), model=model())
    stopped = train_small(
        make_spec(),
        model=model(),
        observers=[probes],
        checkpoints=checkpoints(tmp_path, 1),
        should_stop=lambda: next(pauses) > 3,
    )
    again = ProbeObserver(EVERY)
    result = train_small(
        make_spec(), model=model(), observers=[again], checkpoints=checkpoints(tmp_path, 2)
    )
    assert (stopped.status, result.weights_sha256) == ("stopped", alone.weights_sha256)
    assert probes.rows == again.rows == []
    assert capsys.readouterr().err.count("signal flow is not measured") == 1


def test_reestimated_statistics_change_what_norms_after_dropout_say() -> None:
    dropout, plain = (
        train_small(
            make_spec(regularization=level, epochs=6, learning_rate=0.2),
            reestimate=reestimated_for_test,
        )
        for level in ("bn+dropout", "gn(4)+dropout")
    )
    assert plain.reestimated_accuracy == plain.test_accuracy
    assert dropout.reestimated_accuracy != dropout.test_accuracy
    assert train_small(make_spec(epochs=1)).reestimated_accuracy is None


def test_a_network_that_cannot_be_copied_is_trained_and_not_tested_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Uncopied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(1)
            self.norm, self.head = nn.BatchNorm1d(192), nn.Linear(192, 4)
            self.drawn = (k for k in range(3))

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.head(self.norm(x.flatten(1)))
            return out

    result = train_small(make_spec(), model=Uncopied(), reestimate=reestimated_for_test)
    assert (result.status, result.reestimated_accuracy) == ("finished", None)
    said = capsys.readouterr().err
    assert said.startswith(
        "nothing is tested with re-estimated statistics: Uncopied cannot be copied: "
        "TypeError: cannot pickle 'generator' object"
    )
    assert said.count("\n") == 1 and said.endswith("\n")
    assert seen(result) == seen(train_small(make_spec(), model=Uncopied()))
