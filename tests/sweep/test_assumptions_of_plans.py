"""The numbers that plans assume before anything is measured, as users are told them."""

import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from actwise.sweep import Plan, RunOptions, make_plan
from actwise.sweep.plan import (
    Durations,
    allowed_cpus,
    assumed_seconds,
    default_workers,
    estimate,
    physical_cores,
)
from made.plans import describe, study


def plan_of(*, macs: int, sites: int) -> Plan:
    """Runs of 70 steps, with as many as 100 images to evaluate: 9,060 in all."""
    return make_plan(
        study(seeds=[0]), lambda spec: replace(describe(spec), macs=macs, activation_sites=sites)
    )


def test_a_small_network_takes_the_time_of_its_calls() -> None:
    plan = plan_of(macs=0, sites=10)
    # A thousandth of a second a step and 0.6 a place; 0.03 s a run, and 6 ms a place.
    steps = 9060 / 128
    assert assumed_seconds(plan, plan.runs[0]) == pytest.approx(0.09 + steps * 0.007)


def test_a_large_network_takes_the_time_of_its_operations() -> None:
    plan = plan_of(macs=10**9, sites=0)
    seconds = 6 * 1e9 * 9060 / 83e9
    assert assumed_seconds(plan, plan.runs[0]) == pytest.approx(0.03 + seconds)
    assert assumed_seconds(plan, plan.runs[0], cores=2.0) == pytest.approx(0.03 + seconds / 2)
    # Six different cells, each on one core; a command takes 3.5 s to begin.
    assert estimate(plan, workers=6).seconds == pytest.approx(3.53 + seconds)


def test_before_anything_was_seen_a_run_counts_by_its_images_and_operations() -> None:
    for macs, counted in ((0, 1), (1, 1), (7, 7)):
        plan = plan_of(macs=macs, sites=1)
        durations = Durations(plan, plan.runs)
        assert durations.seconds(plan.runs[0].run_id) == pytest.approx(9060 * counted)


def test_the_usual_options_are_as_documented() -> None:
    usual = RunOptions()
    assert (usual.workers, usual.threads, usual.device) == (None, 1, "auto")
    assert (usual.executor, usual.time_limit_seconds) == ("process", None)
    assert (usual.checkpoint_seconds, usual.max_attempts) == (30.0, 3)
    flags = (usual.retry_failed, usual.observe_again, usual.allow_environment_change)
    assert flags == (False, False, False)
    assert (usual.accept_engines, usual.accept_code_digests) == ((), ())


def test_the_smallest_runs_are_carried_by_the_least_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actwise.sweep.plan.resources.usable_cores", lambda: 8.0)
    assert default_workers(1, threads=1, device="cpu", available_bytes=4) == 3
    assert default_workers(0, threads=1, device="cpu", available_bytes=4) == 3


def test_of_every_core_the_first_processor_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # A set of these two names the larger first.
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 8}, raising=False)
    monkeypatch.setattr(Path, "read_text", lambda path, encoding: "1,8")
    assert physical_cores() == [1]


@pytest.mark.parametrize(("cores", "cpus"), [(3, {0, 1, 2}), (None, {0})])
def test_where_the_system_has_no_affinity_every_core_may_be_used(
    cores: int | None, cpus: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda *, logical: None if logical else cores)
    assert allowed_cpus() == cpus
