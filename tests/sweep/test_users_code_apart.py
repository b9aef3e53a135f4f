"""Users' code reaches no other run: a process of its own each, and one to plan in."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import ActwiseError, DataError, SpecError
from actwise.spec import RunSpec
from actwise.store import RunStore
from actwise.sweep.executors import Describer, Nursery, StopRequest
from actwise.sweep.run import run
from actwise.sweep.tries import smoke
from made import ill_behaved
from made.forks import run_forked
from made.sweeps import results, small_study, sweep

HERE = "made.in_plans"


def weights(folder: Path, activation: str = "relu") -> dict[int, Any]:
    """By seed, of one activation's runs."""
    with RunStore.open(folder) as store:
        runs = [run for run in store.planned() if run.spec.activation == activation]
        return {run.spec.seed: results(folder)[run.run_id]["weights_sha256"] for run in runs}


def small(**changes: Any) -> Any:
    return small_study(**({"model": ("mlp",), "regularization": ("bn",), "epochs": 1} | changes))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activations", "options"),
    [
        ((*ill_behaved.ALL, "relu"), {"executor": "inline"}),
        (("relu", *ill_behaved.ALL[::-1]), {"executor": "process", "workers": 2}),
        ((*ill_behaved.ALL[:6], "relu", *ill_behaved.ALL[6:]), {"executor": "process"}),
    ],
    ids=["before, inline", "after, two workers", "between"],
)
def test_relu_comes_to_the_same_weights_whatever_users_code_is_beside_it(
    tmp_path: Path, activations: tuple[str, ...], options: dict[str, Any]
) -> None:
    # A convolution: some of the code patches it.
    changes = {"model": ("convnet",), "regularization": ("bn+aug",), "seeds": (0,)}
    sweep(tmp_path / "calm", small(activation=("relu",), **changes))
    sweep(tmp_path / "mixed", small(activation=activations, **changes), **options)
    assert weights(tmp_path / "mixed") == weights(tmp_path / "calm")


def test_a_users_module_keeps_nothing_from_seed_to_seed(tmp_path: Path) -> None:
    counting = "made.ill_behaved:counts_in_its_module"
    options = {"executor": "process", "workers": 1}
    sweep(tmp_path / "both", small(activation=(counting,), seeds=(0, 1)), **options)
    sweep(tmp_path / "second", small(activation=(counting,), seeds=(1,)), **options)
    assert weights(tmp_path / "both", counting)[1] == weights(tmp_path / "second", counting)[1]


def test_relu_comes_to_the_same_weights_where_users_code_was_called_before(tmp_path: Path) -> None:
    patch = """
import actwise as aw, torch
aw.activation("made.ill_behaved:patches_relu")(torch.zeros(2))
"""
    inline = """
import sys
from pathlib import Path
from made.sweeps import small_study, sweep
study = small_study(activation=("relu",), model=("mlp",), epochs=1, seeds=(0,))
sys.exit(sweep(Path(sys.argv[1]), study).exit_code)
"""
    for name, code in (("calm", inline), ("after", patch + inline)):
        done = run_forked(code, str(tmp_path / name))
        assert done.returncode == 0, done.stderr
    assert weights(tmp_path / "after") == weights(tmp_path / "calm")


def test_a_try_of_relu_is_the_same_after_users_code() -> None:
    def loss(*activations: str) -> float | None:
        results = smoke(small(activation=activations)).results
        (relu,) = (result for result in results if result.label.split()[-3] == "relu")
        return relu.loss

    users = ("made.ill_behaved:patches_relu", "made.ill_behaved:leaves_a_hook")
    assert loss(*users, "relu") == loss("relu")


def test_users_data_are_read_once_for_a_plan_and_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    study = small(activation=("relu", "elu", "made.ill_behaved:patches_relu"), seeds=(0, 1))
    factors = {**study.factors, "dataset": (f"{HERE}:counted_data",)}
    outcome = sweep(
        tmp_path / "store",
        study.model_copy(update={"factors": factors}),
        executor="process",
        workers=2,
    )
    assert outcome.finished == 6
    assert (tmp_path / "calls").read_text() == "called\n"


def test_users_data_that_the_cache_cannot_keep_are_refused_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cache").touch()
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    study = small(activation=("relu",))
    factors = {**study.factors, "dataset": (f"{HERE}:counted_data",)}
    with pytest.raises(DataError, match="is not in the cache"):
        run(study.model_copy(update={"factors": factors}), tmp_path / "store", executor="inline")
    assert not (tmp_path / "store").exists()


@pytest.fixture(scope="module")
def describe() -> Iterator[Describer]:
    """One process for all tests that leave it whole."""
    with Nursery() as nursery, Describer(None, nursery) as describer:
        yield describer


def cell(**levels: str) -> RunSpec:
    """A cell of ours but for some levels of :mod:`made.in_plans`."""
    (ours, *_) = small(activation=("relu",)).cells()
    return ours.model_copy(update={field: f"{HERE}:{level}" for field, level in levels.items()})


@pytest.mark.parametrize(
    ("field", "level"),
    [
        ("activation", "hangs"),
        ("activation", "computes_forever"),
        ("model", "model_that_hangs"),
        ("regularization", "PartThatHangs"),
        ("dataset", "data_that_hang"),
    ],
)
def test_a_time_limit_holds_while_users_code_is_planned(field: str, level: str) -> None:
    stop = StopRequest(time_limit_seconds=0.5)
    with (
        Nursery() as nursery,
        Describer(None, nursery, stop=stop) as describe,
        pytest.raises(ActwiseError, match=f"{level} stopped by the time limit") as stopped,
    ):
        describe(cell(**{field: level}))
    assert stopped.value.exit_code == 4


@pytest.mark.parametrize(
    ("number", "words", "exit_code"),
    [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143)],
)
@pytest.mark.parametrize("delay", [0.0, 0.5], ids=["before", "while users' code hangs"])
def test_a_signal_while_planning_has_its_own_exit_code(
    delay: float, number: int, words: str, exit_code: int
) -> None:
    with (
        StopRequest(time_limit_seconds=None) as stop,
        Nursery() as nursery,
        Describer(None, nursery, stop=stop) as describe,
    ):
        if delay:
            threading.Timer(delay, os.kill, [os.getpid(), number]).start()
        else:
            signal.raise_signal(number)
        with pytest.raises(ActwiseError, match=f"nothing was begun: .*by {words}") as stopped:
            describe(cell(activation="hangs"))
    assert stopped.value.exit_code == exit_code


def test_a_run_whose_time_ends_in_its_plan_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ActwiseError) as stopped:
        run(small(activation=("relu", f"{HERE}:hangs")), tmp_path / "store", time_limit_seconds=4)
    assert stopped.value.exit_code == 4
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("field", "level", "complaint"),
    [
        ("activation", "exits", "SystemExit"),
        ("activation", "interrupts", "KeyboardInterrupt"),
        ("activation", "leaves_at_once", "ended with code 3"),
        ("activation", "crashes", "SIGSEGV"),
        ("activation", "kills_itself", "SIGKILL"),
        ("activation", "dies_of_a_signal_without_a_name", "died of signal 39"),
        ("dataset", "data_that_leave", "ended with code 5"),
    ],
)
def test_users_code_that_ends_the_planner_is_one_sentence(
    describe: Describer, field: str, level: str, complaint: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        describe(cell(**{field: level}))
    assert complaint in str(refusal.value)
    assert level in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_users_code_that_forks_and_goes_on_is_planned_once(describe: Describer) -> None:
    assert describe(cell(activation="goes_on_twice")).activation_sites == 3
    assert describe(cell(model="plain")).activation_sites == 1


def test_what_one_level_does_to_the_planner_does_not_reach_the_next(describe: Describer) -> None:
    cells = list(small(activation=(*ill_behaved.ALL, f"{HERE}:exits"), seeds=(0,)).cells())
    found = [describe(cell) for cell in cells[:-1]]
    with pytest.raises(SpecError):
        describe(cells[-1])
    assert len({description.macs for description in found}) == 1
    assert {description.activation_sites for description in found} == {3}
    with Nursery() as nursery, Describer(None, nursery) as other:
        assert other(cells[0]) == found[0]


@pytest.mark.parametrize(
    ("model", "number"),
    [
        ("plain", 1),
        ("direct", 1),
        ("twice", 1),
        ("listed", 3),
        ("needs_numbers", 1),
        ("needs_its_numbers", 1),
        ("large_and_needs_numbers", 1),
    ],
)
def test_activations_that_run_are_counted_once_each(
    describe: Describer, model: str, number: int
) -> None:
    assert describe(cell(model=model)).activation_sites == number


@pytest.mark.parametrize("model", ["deaf", "unused", "forgotten"])
def test_a_model_that_runs_no_activation_it_is_given_is_refused(
    describe: Describer, model: str
) -> None:
    with pytest.raises(SpecError, match="runs no activation that it is given"):
        describe(cell(model=model))


@pytest.mark.parametrize("model", ["scripted", "partly_scripted"])
def test_a_model_whose_activations_cannot_be_seen_is_refused(
    describe: Describer, model: str
) -> None:
    with pytest.raises(SpecError, match=f"{model} is compiled by TorchScript"):
        describe(cell(model=model))


@pytest.mark.parametrize(
    ("field", "level"),
    [("model", "shares"), ("model", "returns_one_network"), ("activation", "OneSlope")],
)
def test_two_builds_that_share_a_parameter_are_refused(
    describe: Describer, field: str, level: str
) -> None:
    with pytest.raises(SpecError, match="share the parameter"):
        describe(cell(**{field: level}))
