"""Which run is trained next, and how long runs are expected to take."""

from dataclasses import replace

import pytest

from actwise.spec import Description, PlannedRun, RunSpec
from actwise.sweep import Plan, make_plan
from actwise.sweep.plan import Durations, PendingRuns, makespan
from made.plans import describe, study


def plan_of(**changes: object) -> Plan:
    """Two networks of 5,000 and 3,000 MACs by two activations, in that order."""
    factors = {
        "dataset": ["made"],
        "model": ["residual", "stack"],
        "regularization": ["bn"],
        "activation": ["relu", "elu"],
    }
    return make_plan(study(factors=factors | changes, seeds=[5, 0]), describe)


def pending_of(plan: Plan) -> PendingRuns:
    return PendingRuns(plan.distinct_runs, Durations(plan, plan.distinct_runs))


def find(plan: Plan, seed: int, model: str, activation: str) -> PlannedRun:
    (run,) = (
        run
        for run in plan.distinct_runs
        if (run.spec.seed, run.spec.model, run.spec.activation) == (seed, model, activation)
    )
    return run


def take(pending: PendingRuns) -> str:
    (run_id,) = pending.next(1)
    pending.take(run_id)
    return run_id


def take_all(pending: PendingRuns, plan: Plan) -> list[tuple[int, str, str]]:
    specs = {run.run_id: run.spec for run in plan.distinct_runs}
    taken = []
    while pending:
        spec = specs[take(pending)]
        taken.append((spec.seed, spec.model, spec.activation))
    return taken


def test_seeds_keep_their_order_and_long_runs_come_first_in_each() -> None:
    plan = plan_of()
    assert take_all(pending_of(plan), plan) == [
        (seed, model, activation)
        for seed in (5, 0)
        for model in ("stack", "residual")
        for activation in ("relu", "elu")
    ]


def test_more_epochs_and_more_evaluations_make_a_run_longer() -> None:
    plan = plan_of(**{"model": ["stack"], "activation": ["relu"], "train.epochs": [3, 9]})
    durations = Durations(plan, plan.distinct_runs)
    short, long = (durations.seconds(run.run_id) for run in plan.distinct_runs[:2])
    # 7 batches of 128 an epoch, and 300 test images at a third of the time of a trained one.
    assert long / short == pytest.approx((9 * 896 + 100) / (3 * 896 + 100))


def test_an_activation_that_was_slow_in_one_network_comes_first_in_another() -> None:
    plan = plan_of()
    pending = pending_of(plan)
    assert take(pending) == find(plan, 5, "stack", "relu").run_id
    assert take(pending) == find(plan, 5, "stack", "elu").run_id
    pending.observe(find(plan, 5, "stack", "relu").run_id, images_per_second=1000.0)
    pending.observe(find(plan, 5, "stack", "elu").run_id, images_per_second=900.0)
    assert take_all(pending, plan)[:2] == [(5, "residual", "elu"), (5, "residual", "relu")]


def test_the_next_seed_is_ordered_by_what_the_last_one_took() -> None:
    plan = plan_of()
    pending = pending_of(plan)
    for _ in range(4):
        take(pending)
    # The network of fewer MACs proves slower.
    for model, images_per_second in (("stack", 1000.0), ("residual", 500.0)):
        for activation in ("relu", "elu"):
            run = find(plan, 5, model, activation)
            pending.observe(run.run_id, images_per_second=images_per_second)
    assert [model for _, model, _ in take_all(pending, plan)] == ["residual"] * 2 + ["stack"] * 2


def test_what_was_seen_of_a_run_is_expected_of_its_replicate_in_seconds() -> None:
    plan = plan_of()
    durations = Durations(plan, plan.distinct_runs)
    durations.observe(find(plan, 5, "stack", "relu").run_id, images_per_second=100.0)
    images = 10 * 896 + 300 / 3
    replicate, small, other = (
        durations.seconds(find(plan, 0, *levels).run_id)
        for levels in (("stack", "relu"), ("residual", "relu"), ("residual", "elu"))
    )
    assert replicate == pytest.approx(images / 100)
    assert small == pytest.approx(images / 100 * 3000 / 5000)
    assert other == pytest.approx(small)


def test_what_met_an_accident_waits_for_all_others() -> None:
    plan = plan_of()
    pending = pending_of(plan)
    hurt = [take(pending), take(pending)]
    for run_id in hurt:
        pending.put_back(run_id, after_accident=True)
    taken = take_all(pending, plan)
    assert [seed for seed, _, _ in taken] == [5, 5, 0, 0, 0, 0, 5, 5]
    assert taken[-2:] == [(5, "stack", "relu"), (5, "stack", "elu")]


def test_begun_runs_come_first_in_their_seed() -> None:
    plan = plan_of()
    begun = frozenset(find(plan, seed, "residual", "elu").run_id for seed in (5, 0))
    runs = plan.distinct_runs
    taken = take_all(PendingRuns(runs, Durations(plan, runs), begun=begun), plan)
    assert taken[0] == (5, "residual", "elu")
    assert taken[4] == (0, "residual", "elu")


def test_a_network_is_known_better_by_itself_than_by_its_activation() -> None:
    plan = plan_of()
    durations = Durations(plan, plan.distinct_runs)
    seen = (("stack", "relu", 100.0), ("stack", "elu", 90.0), ("residual", "relu", 50.0))
    for model, activation, speed in seen:
        durations.observe(find(plan, 5, model, activation).run_id, images_per_second=speed)
    images = 10 * 896 + 300 / 3
    expected = durations.seconds(find(plan, 0, "residual", "elu").run_id)
    assert expected == pytest.approx(images / 50)


def test_settings_that_change_the_speed_are_told_apart() -> None:
    levels = {"model": ["stack"], "activation": ["relu"], "train.batch_size": [128, 64]}
    plan = plan_of(**levels)
    durations = Durations(plan, plan.distinct_runs)
    large, small = plan.distinct_runs[:2]
    durations.observe(large.run_id, images_per_second=100.0)
    durations.observe(small.run_id, images_per_second=10.0)
    assert durations.seconds(large.run_id) < durations.seconds(small.run_id) / 5


def test_a_network_without_counted_operations_is_no_problem() -> None:
    def describe_none(spec: RunSpec) -> Description:
        return replace(describe(spec), macs=0)

    plan = make_plan(study(), describe_none)
    durations = Durations(plan, plan.distinct_runs)
    run_id = plan.distinct_runs[0].run_id
    durations.observe(run_id, images_per_second=100.0)
    assert durations.seconds(run_id) == pytest.approx((10 * 896 + 100) / 100)


def test_a_run_that_another_driver_let_go_comes_back_to_its_place() -> None:
    plan = plan_of()
    pending = pending_of(plan)
    first = take(pending)
    take(pending)
    pending.put_back(first)
    assert take(pending) == first


def test_workers_end_sooner_than_in_the_order_of_the_plan() -> None:
    epochs = [3, 9, 27]
    plan = plan_of(**{"train.epochs": epochs, "regularization": ["bn", "bn+dropout"]})
    durations = Durations(plan, plan.distinct_runs)
    pending = PendingRuns(plan.distinct_runs, durations)
    taken = [take(pending) for _ in plan.distinct_runs]
    planned = [run.run_id for run in plan.distinct_runs]

    def seconds(run_ids: list[str]) -> float:
        return makespan(map(durations.seconds, run_ids), workers=4)

    assert sorted(taken) == sorted(planned)
    assert seconds(taken) < seconds(planned)
