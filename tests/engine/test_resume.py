"""A run that is stopped or killed anywhere goes on to the same bits."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from actwise.engine import Checkpoints, Progress, TrainResult
from actwise.rng import global_positions, move_global_to
from actwise.spec import ObserveSpec, RunSpec
from small_runs import CPU, make_model, make_spec, train_small, without_times

EVERYTHING = "bn+dropout(0.1)+dropconnect(0.1)+flip+crop(1)+cutout(2)+mixup(0.5)+smooth"
SPECS = {
    "plateau, sgd": make_spec(
        regularization=EVERYTHING,
        activation="rrelu",
        validation_fraction=0.2,
        plateau_patience=0,
        plateau_monitor="validation_loss",
        nesterov=True,
        warmup_epochs=1,
    ),
    "onecycle, adamw": make_spec(
        regularization=EVERYTHING,
        activation="prelu",
        optimizer="adamw",
        schedule="onecycle",
        learning_rate=0.01,
        gradient_clip=1.0,
        train_size=50,
    ),
    "cosine, no momentum": make_spec(momentum=0.0, schedule="cosine", epochs=2),
}
MOST_PAUSES = 100


def checkpoints(folder: Path, token: int, **options: Any) -> Checkpoints:
    return Checkpoints(folder, "run", token, {"device": "cpu"}, **options)


def stop_at(pause: int) -> Callable[[], bool]:
    """True at the ``pause``-th question (from 1) and ever after."""
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= pause

    return should_stop


@pytest.mark.parametrize("name", SPECS)
def test_a_run_stopped_at_any_pause_ends_at_the_same_bits(name: str, tmp_path: Path) -> None:
    spec = SPECS[name]
    observe = ObserveSpec(test_curve=True)
    undisturbed = without_times(train_small(spec, observe=observe))
    for pause in range(1, MOST_PAUSES):
        folder = tmp_path / str(pause)
        folder.mkdir()
        options: dict[str, Any] = {"observe": observe, "checkpoints": checkpoints(folder, 1)}
        result = train_small(spec, should_stop=stop_at(pause), **options)
        if result.status == "finished":
            break
        assert result.status == "stopped"
        torch.manual_seed(pause)
        options["checkpoints"] = checkpoints(folder, 2)
        assert without_times(train_small(spec, **options)) == undisturbed
    assert 8 < pause < MOST_PAUSES
    assert without_times(result) == undisturbed


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    spec = SPECS["plateau, sgd"]

    class KilledError(Exception):
        pass

    def kill_at(batch: int) -> Callable[[Progress], None]:
        def on_progress(progress: Progress) -> None:
            if progress.epoch == 2 and progress.batch == batch:
                raise KilledError

        return on_progress

    for token, batch in enumerate((1, 2, 3), start=1):
        options: dict[str, Any] = {"checkpoints": checkpoints(tmp_path, token, interval_seconds=0)}
        with pytest.raises(KilledError):
            train_small(spec, on_progress=kill_at(batch), **options)
    result = train_small(spec, checkpoints=checkpoints(tmp_path, 9))
    assert without_times(result) == without_times(train_small(spec))


def test_a_resumed_run_keeps_the_time_that_was_spent(tmp_path: Path) -> None:
    spec = make_spec()
    first = train_small(spec, checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(6))
    assert first.status == "stopped"
    second = train_small(spec, checkpoints=checkpoints(tmp_path, 2))
    assert second.train_seconds > first.train_seconds
    assert second.epochs[0] == first.epochs[0]


def test_a_users_random_module_is_resumed_to_the_bit(tmp_path: Path) -> None:
    def model() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 4))

    spec = make_spec()
    train_small(spec, model=model(), checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(5))
    resumed = train_small(spec, model=model(), checkpoints=checkpoints(tmp_path, 2))
    assert without_times(resumed) == without_times(train_small(spec, model=model()))


DRAWS: dict[str, Callable[[], float]] = {
    "Python's, uniform": random.random,
    "Python's, Gaussian, with one in hand": lambda: random.gauss(0.0, 1.0),
    "Python's, by a choice of many": lambda: sum(random.sample(range(9), random.randrange(1, 4))),
    "numpy's, uniform": np.random.rand,
    "numpy's, Gaussian, with one in hand": np.random.standard_normal,
    "torch's, Gaussian": lambda: torch.randn(1).item(),
    "all of them": lambda: random.gauss(0, 1) + np.random.randn() + torch.rand(1).item(),  # noqa: NPY002
}


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


@pytest.mark.parametrize("observe", [ObserveSpec(), ObserveSpec(test_curve=True)])
@pytest.mark.parametrize("name", DRAWS)
def test_users_draws_go_on_where_a_run_was_stopped(
    name: str, observe: ObserveSpec, tmp_path: Path
) -> None:
    class Draws(nn.Module):
        """In evaluations too."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * (1 + 0.1 * DRAWS[name]())

    def model() -> nn.Module:
        seed_all(1)
        return nn.Sequential(nn.Flatten(), Draws(), nn.Linear(192, 4))

    spec = make_spec(validation_fraction=0.2, epochs=2)
    undisturbed = without_times(train_small(spec, model=model(), observe=observe))
    for pause in range(1, MOST_PAUSES):
        folder = tmp_path / str(pause)
        folder.mkdir()
        options: dict[str, Any] = {"observe": observe, "checkpoints": checkpoints(folder, 1)}
        result = train_small(spec, model=model(), should_stop=stop_at(pause), **options)
        if result.status == "finished":
            break
        begun = model()
        seed_all(pause + 7)
        options["checkpoints"] = checkpoints(folder, 2)
        assert without_times(train_small(spec, model=begun, **options)) == undisturbed
    assert 8 < pause < MOST_PAUSES


@pytest.mark.parametrize("kind", ["PCG64", "SFC64", "Philox"])
def test_another_generator_of_numpys_is_resumed_too(kind: str) -> None:
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(getattr(np.random, kind)(5))
        np.random.standard_normal()  # noqa: NPY002
        where = json.loads(json.dumps(global_positions()))
        drawn = np.random.standard_normal(3).tolist()  # noqa: NPY002
        np.random.set_bit_generator(before)
        move_global_to(where)
        assert np.random.standard_normal(3).tolist() == drawn  # noqa: NPY002
    finally:
        np.random.set_bit_generator(before)


def without_generators(folder: Path) -> None:
    """Make the checkpoint one of an older actwise."""
    state = checkpoints(folder, 1).load()
    assert state is not None and state.generators
    checkpoints(folder, 1).save(replace(state, generators={}))


@pytest.mark.parametrize(
    ("activation", "first"), [("relu", (2, 3)), ("made.users_code:reads_on_the_host", (1, 1))]
)
def test_an_older_checkpoint_is_enough_where_no_users_code_draws(
    activation: str, first: tuple[int, int], tmp_path: Path
) -> None:
    spec = make_spec(activation=activation)
    train_small(spec, checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(6))
    without_generators(tmp_path)
    heard: list[Progress] = []
    saved = checkpoints(tmp_path, 2)
    assert train_small(spec, checkpoints=saved, on_progress=heard.append).status == "finished"
    assert (heard[0].epoch, heard[0].batch) == first
    assert bool(saved.refusals) == (activation != "relu")
    assert all("Python's and numpy's generators" in refusal for refusal in saved.refusals)


def test_a_checkpoint_without_the_test_curve_is_not_enough_for_it(tmp_path: Path) -> None:
    spec = make_spec()
    train_small(spec, checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(6))
    saved = checkpoints(tmp_path, 2)
    result = train_small(spec, checkpoints=saved, observe=ObserveSpec(test_curve=True))
    assert saved.refusals == ["the newest checkpoint lacks the test curve of its epochs"]
    assert all(record.test_accuracy is not None for record in result.epochs)


def test_a_refused_checkpoint_of_another_environment_leaves_no_mark(tmp_path: Path) -> None:
    spec = make_spec()
    train_small(spec, checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(6))
    elsewhere = Checkpoints(tmp_path, "run", 2, {"device": "other"}, allow_environment_change=True)
    train_small(spec, checkpoints=elsewhere, observe=ObserveSpec(test_curve=True))
    assert elsewhere.refusals == ["the newest checkpoint lacks the test curve of its epochs"]
    assert not elsewhere.environment_changed


def test_a_checkpoint_without_every_validation_is_not_enough_for_the_curve(tmp_path: Path) -> None:
    spec = make_spec(validation_fraction=0.2)
    last = ObserveSpec(validation_curve="last")
    train_small(spec, checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(6), observe=last)
    saved = checkpoints(tmp_path, 2)
    result = train_small(spec, checkpoints=saved)
    assert saved.refusals == ["the newest checkpoint lacks the validation curve of its epochs"]
    assert all(record.validation_loss is not None for record in result.epochs)


def test_another_environment_starts_again_or_goes_on_as_told(tmp_path: Path) -> None:
    spec = make_spec()
    stopped = train_small(spec, checkpoints=checkpoints(tmp_path, 1), should_stop=stop_at(6))
    elsewhere = {"device": "another cpu"}
    first_batches: list[tuple[int, int]] = []

    def resume(**options: Any) -> TrainResult:
        heard: list[Progress] = []
        saved = Checkpoints(tmp_path, "run", 2, elsewhere, **options)
        result = train_small(spec, checkpoints=saved, on_progress=heard.append)
        first_batches.append((heard[0].epoch, heard[0].batch))
        return result

    assert resume().status == "finished"
    assert resume(allow_environment_change=True).status == "finished"
    assert len(stopped.epochs) == 1
    assert first_batches == [(1, 1), (2, 3)]


def test_checkpoints_are_the_same_model_on_both_sides(tmp_path: Path) -> None:
    spec: RunSpec = SPECS["onecycle, adamw"]
    model = make_model(spec)
    saved = checkpoints(tmp_path, 1)
    train_small(spec, model=model, checkpoints=saved, should_stop=stop_at(5))
    state = checkpoints(tmp_path, 2).load()
    assert state is not None
    for name, tensor in model.state_dict().items():
        assert torch.equal(state.tensors[f"model/{name}"], tensor)
    assert CPU.memory_format == "channels_last"
