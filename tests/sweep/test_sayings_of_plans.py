"""What a plan says of itself: notes, refusals, names of runs, and what its cost stands on."""

from dataclasses import replace
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.spec import Description, RunSpec
from actwise.sweep import Plan, RunOptions, make_plan
from actwise.sweep.plan import (
    Durations,
    check_memory,
    crowding,
    default_workers,
    estimate,
    make_label,
    most_memory_bytes,
)
from made.plans import describe, study
from made.tasks import task_study


def with_notes(spec: RunSpec) -> Description:
    return replace(describe(spec), notes=("of all", f"of {spec.model}"))


@pytest.mark.parametrize(
    ("seeds", "notes"),
    [
        ([0], []),
        ([1], []),
        ([2], ["seeds=2 is one seed, number 2; 2 replicates are seeds=0..1"]),
        ([99], ["seeds=99 is one seed, number 99; 99 replicates are seeds=0..98"]),
        ([100], []),
        ([5, 6], []),
    ],
)
def test_each_sentence_on_a_plan_is_said_once(seeds: list[int], notes: list[str]) -> None:
    plan = make_plan(study(seeds=seeds), with_notes)
    assert [*plan.notes] == ["of all", "of stack", "of residual", *notes]


@pytest.mark.parametrize(
    ("train", "sentence"),
    [
        (
            {"train_size": 1001},
            "train.train_size=1001 is more than the 1000 images of 'made' that are left for "
            "training",
        ),
        (
            {"batch_size": 1001},
            "train.batch_size=1001 is more than the 1000 images of 'made' that are trained on; an "
            "epoch has full batches only: lower train.batch_size to 1000 or less",
        ),
        (
            {"train_size": 100, "batch_size": 1001},
            "train.batch_size=1001 is more than the 100 images of 'made' that are trained on; an "
            "epoch has full batches only: lower train.batch_size to 100 or less",
        ),
        (
            {"train_size": 100, "batch_size": 1000},
            "train.batch_size=1000 is more than the 100 images of 'made' that are trained on; an "
            "epoch has full batches only: lower train.batch_size to 100 or less, or raise "
            "train.train_size to 1000",
        ),
    ],
)
def test_of_sizes_that_do_not_go_together_the_way_out_is_named(
    train: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        make_plan(study(train=train), describe)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "train",
    [
        {"train_size": 1000, "batch_size": 1000},
        {"batch_size": 1000},
        {"train_size": 100, "batch_size": 100},
        {"train_size": 900, "validation_fraction": 0.1},
    ],
)
def test_all_images_that_there_are_can_be_asked_for(train: dict[str, Any]) -> None:
    assert len(make_plan(study(train=train), describe).cells) == 8


def labels(**changes: Any) -> list[str]:
    made = study(seeds=[7], **changes)
    label = make_label(made)
    return [label(run) for run in make_plan(made, describe).cells]


def test_runs_that_differ_in_nothing_are_named_by_network_and_activation() -> None:
    factors = {"dataset": ["made"], "model": ["stack"], "regularization": ["bn"]}
    one = factors | {"activation": ["relu"]}
    assert labels(factors=one) == ["stack relu seed 7"]
    rates = one | {"train.learning_rate": [0.1, 0.05], "width": [0.25, 2]}
    assert labels(factors=rates) == [
        f"learning_rate={rate} width={width} seed 7"
        for rate in ("0.1", "0.05")
        for width in ("0.25", "2")
    ]


def test_a_training_of_the_users_own_is_named_by_its_activation() -> None:
    own = task_study(factors={"activation": ["relu"]})
    (cell,) = own.cells()
    planned = make_plan(study(seeds=[3]), describe).cells[0]
    assert make_label(own)(replace(planned, spec=cell)) == f"relu seed {cell.seed}"


def test_what_an_estimate_stands_on_is_said() -> None:
    factors = study().factors | {"width": [0.125, 1.0], "regularization": ["bn"]}
    plan = make_plan(study(factors=factors), describe)
    cost = estimate(plan, workers=3)
    assert cost.basis == "assumed: 28 to 83 GFLOP/s per core, 3.5 s to start"
    assert (cost.workers, cost.num_excluded, cost.device_memory_bytes) == (3, 0, None)
    assert cost.parameters == (2000, 2000)
    assert estimate(plan, workers=3, device="cuda").basis == ""


def test_of_several_networks_the_largest_decides_the_memory() -> None:
    def of(spec: RunSpec) -> Description:
        size = {"stack": 3000, "residual": 7000}[spec.model]
        return replace(describe(spec), memory_bytes=size, parameters=size // 10)

    plan = make_plan(study(), of)
    assert most_memory_bytes(plan, plan.runs) == 7000
    assert most_memory_bytes(plan, plan.runs[:1]) == 3000
    assert most_memory_bytes(plan, []) == 0
    cost = estimate(plan, workers=1)
    assert (cost.memory_bytes, cost.parameters) == (7000, (300, 700))


def heavy(memory_bytes: int) -> Plan:
    return make_plan(study(), lambda spec: replace(describe(spec), memory_bytes=memory_bytes))


def test_a_run_that_just_fits_into_the_memory_is_not_refused() -> None:
    plan = heavy(3 * 10**9)
    check = {"device": "cpu", "available_bytes": 4 * 10**9}
    check_memory(plan, plan.runs, RunOptions(), **check)
    more = heavy(3 * 10**9 + 1)
    with pytest.raises(SpecError) as refusal:
        check_memory(more, more.runs, RunOptions(), **check)
    assert str(refusal.value) == (
        "a run needs about 3.0 GB of memory and this machine has 3.0 GB left for it, the reserve "
        "for errors of this estimate not counted: lower train.batch_size or width, or start it all "
        "the same with --workers 1"
    )
    check_memory(more, more.runs, RunOptions(), device="cuda", available_bytes=1)


@pytest.mark.parametrize(
    ("cores", "workers", "threads", "said"),
    [
        (2.0, 2, 1, []),
        (2.0, 3, 1, ["3 workers on 2 cores are no faster than 2"]),
        (1.5, 2, 1, []),
        (1.5, 3, 1, ["3 workers on 1.5 cores are no faster than 2"]),
        (0.5, 1, 1, []),
        (4.0, 2, 3, ["2 x 3 threads on 4 cores are no faster than 4"]),
    ],
)
def test_more_workers_than_cores_are_said(
    cores: float, workers: int, threads: int, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.sweep.plan.preflight.usable_cores", lambda: cores)
    plan = heavy(1000)
    found = crowding(plan, plan.runs, workers=workers, threads=threads, available_bytes=10**9)
    assert [*found] == said


@pytest.mark.parametrize(
    ("memory_bytes", "threads", "available_bytes", "workers"),
    [
        (1, 1, 10**9, 8),
        (1, 2, 10**9, 4),
        (1, 3, 10**9, 2),
        (0, 1, 400, 8),
        (100, 1, 400, 3),
        (100, 1, 399, 2),
        (100, 1, 1, 1),
    ],
)
def test_workers_are_as_many_as_cores_and_memory_carry(
    memory_bytes: int,
    threads: int,
    available_bytes: int,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actwise.sweep.plan.resources.usable_cores", lambda: 8.0)
    found = default_workers(
        memory_bytes, threads=threads, device="cpu", available_bytes=available_bytes
    )
    assert found == workers


@pytest.mark.parametrize(
    ("asked", "cores", "number"), [("", 4, 4), ("", 33, 32), ("many", 32, 32), ("40", 4, 40)]
)
def test_compilers_are_as_many_as_cores_or_as_the_environment_says(
    asked: str, cores: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", asked)
    monkeypatch.setattr("actwise.sweep.plan.resources.physical_cores", lambda: [*range(cores)])
    plan = make_plan(study(train={"compile": True}), describe)
    assert most_memory_bytes(plan, plan.runs) == 4000 + number * 200 * 2**20


def test_what_was_seen_of_others_is_expected_as_their_mean() -> None:
    factors = {"dataset": ["made"], "regularization": ["bn"], "activation": ["relu", "elu", "gelu"]}
    factors |= {"model": ["stack", "residual", "residual2"]}
    plan = make_plan(study(factors=factors, seeds=[0]), describe)
    ids = {(run.spec.model, run.spec.activation): run.run_id for run in plan.runs}
    durations = Durations(plan, plan.runs)
    images = 10 * 896 + 300 / 3
    assert durations.seconds(ids["stack", "relu"]) == pytest.approx(images * 5000)
    durations.observe(ids["stack", "relu"], images_per_second=100.0)
    durations.observe(ids["stack", "elu"], images_per_second=50.0)
    durations.observe(ids["residual", "relu"], images_per_second=500.0)
    # Of the same network: the mean of what an image takes.
    expected = (1 / 100 + 1 / 50) / 2
    assert durations.seconds(ids["stack", "gelu"]) == pytest.approx(images * expected)
    # Of the same activation: what a multiply-accumulate takes.
    of_relu = (1 / (100 * 5000) + 1 / (500 * 3000)) / 2
    assert durations.seconds(ids["residual2", "relu"]) == pytest.approx(images * 3000 * of_relu)
    of_all = (1 / (100 * 5000) + 1 / (50 * 5000) + 1 / (500 * 3000)) / 3
    assert durations.seconds(ids["residual2", "gelu"]) == pytest.approx(images * 3000 * of_all)
    durations.observe(ids["residual2", "gelu"], images_per_second=10.0)
    assert durations.seconds(ids["residual2", "gelu"]) == pytest.approx(images / 10)
