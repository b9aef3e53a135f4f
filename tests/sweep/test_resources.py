"""How many workers a machine carries."""

import math
import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from actwise.errors import SpecError
from actwise.models import make_describe
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.executors import Nursery
from actwise.sweep.plan import (
    MEMORY_SHARE,
    allowed_cpus,
    available_memory_bytes,
    check_memory,
    cores_of_groups,
    count_workers,
    crowding,
    default_workers,
    memory_of_groups,
    most_memory_bytes,
    obstacles,
    own_groups,
    physical_cores,
    safe_memory_bytes,
    usable_cores,
)
from made.sweeps import small_study


def test_there_is_a_core_and_it_is_ours() -> None:
    cores = physical_cores()
    assert 1 <= len(cores) <= len(allowed_cpus())
    assert set(cores) <= allowed_cpus()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_the_affinity_mask_is_respected() -> None:
    before = allowed_cpus()
    try:
        os.sched_setaffinity(0, {min(before)})
        assert physical_cores() == [min(before)]
        assert default_workers(1, threads=1, device="cpu") == 1
    finally:
        os.sched_setaffinity(0, before)


def test_memory_limits_the_workers() -> None:
    available = available_memory_bytes()
    assert 0 < available <= psutil.virtual_memory().total
    assert default_workers(available, threads=1, device="cpu") == 1


def test_a_run_larger_than_the_memory_is_refused_unless_asked_for() -> None:
    plan = make_plan(small_study(activation=("relu",)), make_describe(None))
    check_memory(plan, plan.distinct_runs, RunOptions(), device="cpu")
    (cell_hash,) = plan.descriptions
    needs_a_petabyte = replace(plan.descriptions[cell_hash], memory_bytes=10**15)
    large = replace(plan, descriptions={cell_hash: needs_a_petabyte})
    with pytest.raises(SpecError, match=r"needs about 1,000,000.0 GB .* --workers 1"):
        check_memory(large, large.distinct_runs, RunOptions(), device="cpu")
    check_memory(large, large.distinct_runs, RunOptions(workers=1), device="cpu")


def test_estimates_that_are_too_low_still_leave_memory() -> None:
    # The least part of a measured peak that an estimate was (models/footprint.py).
    assert MEMORY_SHARE / 0.85 < 0.9
    assert safe_memory_bytes() < available_memory_bytes()


def test_workers_are_counted_by_the_memory_before_any_started() -> None:
    plan = make_plan(small_study(activation=("relu", "elu")), make_describe(None))
    memory_bytes = most_memory_bytes(plan, plan.distinct_runs)

    def counted(num_runs: float) -> int:
        available = int(num_runs * memory_bytes / MEMORY_SHARE)
        runs = plan.distinct_runs
        return count_workers(plan, runs, RunOptions(), device="cpu", available_bytes=available)

    assert counted(1.5) == 1
    assert counted(100) == min(len(plan.distinct_runs), int(usable_cores()))
    with pytest.raises(SpecError, match="GB of memory"):
        check_memory(
            plan, plan.distinct_runs, RunOptions(), device="cpu", available_bytes=memory_bytes
        )
    with Nursery() as nursery:
        assert nursery.available_bytes > 0


@pytest.mark.parametrize(
    ("workers", "threads", "share", "said"),
    [
        (1, 1, 0.5, []),
        (2, 1, 1.0, ["2 workers on 1 core are no faster than 1"]),
        (1, 3, 1.0, ["1 x 3 threads on 1 core are no faster than 1"]),
        (2, 2, 1.0, ["2 x 2 threads on 1 core are no faster than 1"]),
        (2, 1, 0.9, ["2 workers on 1 core are no faster than 1", "memory"]),
    ],
)
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinity")
def test_a_crowd_is_told_what_it_lacks(
    workers: int, threads: int, share: float, said: list[str]
) -> None:
    """``share``: of the memory that so many workers need, what there is."""
    plan = make_plan(small_study(activation=("relu",)), make_describe(None))
    (cell_hash,) = plan.descriptions
    described = replace(plan.descriptions[cell_hash], memory_bytes=3 * 10**9)
    large = replace(plan, descriptions={cell_hash: described})
    needed = workers * 3e9 * share
    before = allowed_cpus()
    try:
        os.sched_setaffinity(0, {min(before)})
        found = [
            *crowding(
                large,
                large.distinct_runs,
                workers=workers,
                threads=threads,
                available_bytes=math.ceil(needed / MEMORY_SHARE),
            )
        ]
    finally:
        os.sched_setaffinity(0, before)
    memory = (
        f"{workers} workers need up to {3 * workers:.1f} GB of memory at once and this machine has "
        f"{needed / 1e9:.1f} GB left for them: `run` without --workers starts as many as it holds"
    )
    assert found == [memory if sentence == "memory" else sentence for sentence in said]


def test_on_cuda_neither_cores_nor_memory_stand_in_the_way() -> None:
    plan = make_plan(small_study(activation=("relu",)), make_describe(None))
    (cell_hash,) = plan.descriptions
    described = replace(plan.descriptions[cell_hash], memory_bytes=10**15)
    large = replace(plan, descriptions={cell_hash: described})
    assert [*obstacles(large, RunOptions(), workers=999, device="cuda")] == []
    refused, crowded, memory = obstacles(large, RunOptions(), workers=999, device="cpu")
    assert refused.startswith("`run` would refuse: a run needs about 1,000,000.0 GB of memory")
    assert "999 workers on" in crowded
    assert memory.startswith("999 workers need up to 999,000,000.0 GB of memory at once")


def test_inline_there_is_one_worker() -> None:
    plan = make_plan(small_study(activation=("relu", "elu")), make_describe(None))
    inline = RunOptions(executor="inline")
    assert count_workers(plan, plan.distinct_runs, inline, device="cpu") == 1


def test_no_more_workers_than_runs() -> None:
    plan = make_plan(small_study(activation=("relu", "elu")), make_describe(None))
    assert len(plan.distinct_runs) == 4
    eight = RunOptions(workers=8)
    assert count_workers(plan, plan.distinct_runs, eight, device="cpu") == 4
    assert count_workers(plan, plan.distinct_runs[:1], RunOptions(), device="cpu") == 1
    assert count_workers(plan, plan.distinct_runs, RunOptions(workers=3), device="cpu") == 3


def test_compilers_count_where_a_run_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def needed(*, is_compiled: bool) -> int:
        study = small_study(activation=("relu",), compile=is_compiled)
        plan = make_plan(study, make_describe(None))
        return most_memory_bytes(plan, plan.distinct_runs)

    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
    one, none = needed(is_compiled=True), needed(is_compiled=False)
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "8")
    assert needed(is_compiled=True) - none == 8 * (one - none) > 0
    assert needed(is_compiled=False) == none


def test_a_worker_takes_as_many_cores_as_it_has_threads() -> None:
    assert default_workers(1, threads=1, device="cpu") >= default_workers(
        1, threads=2, device="cpu"
    )
    assert default_workers(1, threads=10_000, device="cpu") == 1


def test_one_worker_has_the_gpu_for_itself() -> None:
    assert default_workers(1, threads=1, device="cuda") == 1


def groups_of(folder: Path, table: str) -> list[Path]:
    (folder / "table").write_text(table, encoding="ascii")
    return own_groups(folder, folder / "table")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="ascii")


def test_the_tightest_group_around_a_process_counts(tmp_path: Path) -> None:
    groups = groups_of(tmp_path, "0::/outer/inner\n")
    assert (memory_of_groups(groups), cores_of_groups(groups)) == (math.inf, math.inf)
    write(tmp_path / "outer/inner/memory.max", "max")
    write(tmp_path / "outer/inner/memory.current", "700")
    write(tmp_path / "outer/inner/cpu.max", "max 100000")
    write(tmp_path / "outer/memory.max", "1000")
    write(tmp_path / "outer/memory.current", "800")
    write(tmp_path / "outer/memory.stat", "anon 500\ninactive_file 150")
    write(tmp_path / "outer/cpu.max", "150000 100000")
    assert memory_of_groups(groups) == 350
    assert cores_of_groups(groups) == 1.5


def test_groups_of_the_first_version_count_too(tmp_path: Path) -> None:
    groups = groups_of(tmp_path, "3:cpu,cpuacct:/box\n4:memory:/box\n")
    write(tmp_path / "memory/box/memory.limit_in_bytes", "1000")
    write(tmp_path / "memory/box/memory.usage_in_bytes", "900")
    write(tmp_path / "memory/box/memory.stat", "inactive_file 7\ntotal_inactive_file 50")
    write(tmp_path / "cpu/box/cpu.cfs_quota_us", "-1")
    write(tmp_path / "cpu/box/cpu.cfs_period_us", "100000")
    assert memory_of_groups(groups) == 150
    assert cores_of_groups(groups) == math.inf
    write(tmp_path / "cpu/box/cpu.cfs_quota_us", "300000")
    assert cores_of_groups(groups) == 3.0


@pytest.mark.parametrize(
    ("table", "folders"),
    [
        ("0::/outer/inner\n", ["outer/inner", "outer", ""]),
        ("0::/\n", [""]),
        ("", []),
        ("4:memory:/box\n0::/unified\n", ["memory/box", "memory", "unified", ""]),
        (
            "3:cpu,cpuacct:/a/b\n",
            ["cpu/a/b", "cpu/a", "cpu", "cpuacct/a/b", "cpuacct/a", "cpuacct"],
        ),
        ("0::/name:with:colons\n", ["name:with:colons", ""]),
    ],
)
def test_a_process_is_in_its_group_and_in_all_around_it(
    table: str, folders: list[str], tmp_path: Path
) -> None:
    assert groups_of(tmp_path, table) == [tmp_path / folder for folder in folders]


@pytest.mark.parametrize(
    ("quotas", "cores"),
    [
        (["150000 100000"], 1.5),
        (["max 100000"], math.inf),
        (["400000 100000", "50000 100000", "max 100000"], 0.5),
        (["50000"], math.inf),
        (["-1 100000"], math.inf),
        (["", "250000 50000"], 5.0),
    ],
)
def test_the_least_quota_of_all_groups_gives_the_cores(
    quotas: list[str], cores: float, tmp_path: Path
) -> None:
    groups = [tmp_path / str(number) for number in range(len(quotas))]
    for group, quota in zip(groups, quotas, strict=True):
        write(group / "cpu.max", quota)
    assert cores_of_groups(groups) == cores


@pytest.mark.parametrize(
    ("siblings", "cores"),
    [
        ({0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"}, [0, 2]),
        ({1: "1,5", 5: "1,5", 7: "3,7"}, [1, 7]),
        ({0: "", 1: "", 4: ""}, [0, 1, 4]),
        ({3: "3"}, [3]),
    ],
)
def test_two_threads_of_a_core_are_one(
    siblings: dict[int, str], cores: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(siblings), raising=False)
    topology = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    texts = {topology.format(cpu): text for cpu, text in siblings.items()}
    monkeypatch.setattr(Path, "read_text", lambda path, encoding: texts[str(path)])
    assert physical_cores() == cores
