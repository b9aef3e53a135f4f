"""Studies on a Ray cluster: lost nodes, killed drivers, what a node does not see."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from actwise.store import RunStore
from actwise.sweep.executors.worker_process import WORKERS_LOG
from made.forks import Fork
from made.local_cluster import LocalCluster
from made.sweeps import (
    DRIVE,
    attempts,
    finish,
    results,
    small_study,
    study_values,
    sweep,
    wait_for_event,
    wait_until_gone,
)

pytestmark = pytest.mark.ray

IN_NETWORK = """
import sys
from made.local_network import enter_network
enter_network(sys.argv.pop())
"""
# A data set and an activation that lie where only this process and its children see them.
HIDDEN = """
import os
from pathlib import Path
import numpy as np
from made.local_network import hide
folder = Path(sys.argv[1]).parent / "hidden"
hide(folder)
os.chdir(folder)
sys.path.insert(0, str(folder))
os.environ["ACTWISE_CACHE"] = str(folder / "cache")
(folder / "own_part.py").write_text("def double(x):\\n    return 2 * x\\n")
(folder / "own_code.py").write_text(
    "from own_part import double\\n\\n\\ndef steep(x):\\n    return double(x).relu()\\n"
)
images = np.random.default_rng(0).integers(0, 256, (300, 3, 32, 32), dtype=np.uint8)
labels = np.arange(300) % 3
np.savez(folder / "set.npz", x_train=images[:240], y_train=labels[:240],
    x_test=images[240:], y_test=labels[240:])
"""
# First into a store that no node sees, then on this machine alone, then on the cluster.
RUN_HIDDEN = """
import json
from actwise.errors import ActwiseError
from actwise.spec import parse_study
from actwise.store import RunStore
from actwise.sweep.executors.worker_process import WORKERS_LOG
from actwise.sweep.run import run
store, values, options = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
study = parse_study(values, source="test")
try:
    run(study, folder / "store", **options)
except ActwiseError as error:
    print(error)
with RunStore.open(folder / "store") as refused:
    print(len(refused.studies()))
run(study, store.with_name("here"), device="cpu")
sys.exit(run(study, store, **options).exit_code)
"""


def driver_on(
    cluster: LocalCluster, folder: Path, values: dict[str, Any], code: str = DRIVE
) -> Fork:
    """A driver with a worker on each node; its folder is where its workers are, too."""
    options = {"executor": "ray", "ray_address": cluster.address, "checkpoint_seconds": 0.2}
    asked = (str(folder), json.dumps(values), json.dumps(options), cluster.network.path)
    return Fork(IN_NETWORK + code, *asked, folder=folder.parent)


def wait_for_epoch(driver: Fork, epoch: int, *, num_runs: int) -> None:
    """Until so many runs have come so far."""
    seen: set[str] = set()
    while len(seen) < num_runs:
        event = wait_for_event(driver, "run_progress")
        if event["epoch"] >= epoch:
            seen.add(event["run_id"])


def test_runs_of_a_lost_node_come_to_the_same_bits_without_another_attempt(
    ray_cluster: LocalCluster, tmp_path: Path
) -> None:
    values = study_values(seeds=(0,), epochs=30, train_size=1024)
    with driver_on(ray_cluster, tmp_path / "store", values) as driver:
        wait_for_epoch(driver, 3, num_runs=2)
        ray_cluster.kill_node()
        lost = wait_for_event(driver, "run_put_back")
        assert lost["reason"].startswith("node ") and lost["reason"].endswith(" was lost")
        said, complaints = driver.rest(seconds=300)
    ray_cluster.complete()
    assert driver.wait() == 0, complaints
    # Ray's news of the node does not come between them.
    assert [line for line in said.splitlines() if not line.startswith("{")] == []
    assert "Traceback" not in complaints
    sweep(tmp_path / "here", small_study(**values_of(values)), executor="process", workers=2)
    assert results(tmp_path / "store") == results(tmp_path / "here")
    assert attempts(tmp_path / "store") == {1}


# Nodes are avoided for a moment only.
SOON = """
from actwise.sweep.executors.cluster import fleet
fleet._AVOID_SECONDS = 1.0
"""


def test_a_node_that_can_start_no_worker_is_avoided_and_costs_no_attempt(
    ray_cluster: LocalCluster, tmp_path: Path
) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        workers_log = store.logs / WORKERS_LOG
        workers_log.symlink_to("/nowhere/workers.log")
    values = study_values(seeds=(0,), epochs=1, train_size=64, batch_size=32)
    with driver_on(ray_cluster, tmp_path / "store", values, SOON + DRIVE) as driver:
        put_back = wait_for_event(driver, "run_put_back")
        assert put_back["attempts"] == 0
        assert put_back["reason"].startswith("node ")
        assert "no worker process can be started: [Errno 2]" in put_back["reason"]
        assert "Traceback" not in put_back["reason"] and "\n" not in put_back["reason"]
        workers_log.unlink()
        code, said = finish(driver)
    assert code == 0, said
    assert attempts(tmp_path / "store") == {1}


def values_of(values: dict[str, Any]) -> dict[str, Any]:
    return {"seeds": values["seeds"]} | values["train"]


def test_nothing_trains_after_the_driver_is_killed_and_the_same_command_finishes(
    ray_cluster: LocalCluster, tmp_path: Path
) -> None:
    values = study_values(seeds=(0,), epochs=30, train_size=1024)
    with driver_on(ray_cluster, tmp_path / "store", values) as driver:
        wait_for_epoch(driver, 2, num_runs=2)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        wait_until_gone(tmp_path / "store", seconds=2.0)
    with driver_on(ray_cluster, tmp_path / "store", values) as driver:
        code, said = finish(driver)
    assert code == 0, said
    with RunStore.open(tmp_path / "store") as store:
        assert {state.status for state in store.states().values()} == {"finished"}


def test_code_and_data_that_a_node_lacks_travel_and_folders_it_lacks_are_named(
    ray_cluster: LocalCluster, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    values = study_values(seeds=(0,), activation=("relu", "own_code:steep"), train_size=None)
    values["factors"]["dataset"] = (f"arrays:{hidden}/set.npz",)
    del values["train"]["train_size"]
    with driver_on(ray_cluster, tmp_path / "store", values, HIDDEN + RUN_HIDDEN) as driver:
        said, complaints = driver.rest(seconds=300)
    assert driver.wait() == 0, complaints
    refusal, num_studies = said.splitlines()
    assert "of the Ray cluster" in refusal and "--artifacts" in refusal
    assert num_studies == "0"
    assert list(hidden.iterdir()) == []
    assert results(tmp_path / "store") == results(tmp_path / "here")
    assert len(results(tmp_path / "store")) == 2
