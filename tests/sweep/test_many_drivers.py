"""Drivers side by side on a server, and what they live through: lost connections, kills."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from actwise.spec import parse_study
from actwise.store import LEASE_SECONDS, RunStore
from actwise.store.database.schema import leases
from actwise.store.exchange import export_table
from made.forks import Fork
from made.postgresql import Server
from made.sweeps import TIMES, finish, study_values, sweep, wait_for_event
from made.tasks import task_values

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]


# Says at the end how often a run was asked for, and how often there was none.
DRIVE = """
import json, sys
from pathlib import Path
from actwise.spec import parse_study
from actwise.store import RunStore
from actwise.sweep.run import run
from actwise.sweep.watch import JsonProgress

class CountedStore(RunStore):
    asked = refused = 0

    def lease_next(self, run_ids, owner, *, again=()):
        lease = super().lease_next(run_ids, owner, again=again)
        self.asked += 1
        self.refused += lease is None
        return lease

url, folder, study, options = sys.argv[1:]
with CountedStore.open(url, create=True, artifacts=Path(folder)) as store:
    study = parse_study(json.loads(study), source="test")
    outcome = run(study, store, progress=JsonProgress(sys.stdout), **json.loads(options))
    counts = {"event": "leases", "asked": store.asked, "refused": store.refused}
    print(json.dumps(counts), flush=True)
sys.exit(outcome.exit_code)
"""


class Place:
    """A store on a server, and drivers on it."""

    def __init__(self, server: Server, folder: Path, drivers: ExitStack) -> None:
        self.server = server
        self._drivers = drivers
        self.url = server.new_url()
        self.folder = folder

    def driver(self, values: dict[str, Any], **options: Any) -> Fork:
        asked = (self.url, str(self.folder / "files"), json.dumps(values), json.dumps(options))
        return self._drivers.enter_context(Fork(DRIVE, *asked, folder=self.folder))

    @contextmanager
    def store(self) -> Iterator[RunStore]:
        with RunStore.open(self.url, artifacts=self.folder / "files") as store:
            yield store

    def check_finished(self, num_runs: int) -> None:
        """Every run has its result by one attempt, and nobody holds one."""
        with self.store() as store:
            states = [(state.status, state.attempts) for state in store.states().values()]
            assert states == [("finished", 1)] * num_runs
            held = store.database.read(lambda c: c.execute(select(leases)).all())
            assert held == []


@pytest.fixture
def place(postgresql: Server, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as drivers:
        yield Place(postgresql, tmp_path, drivers)


def deterministic(store: RunStore) -> list[dict[str, Any]]:
    table = export_table(store, "runs")
    rows = table.drop_columns([*TIMES, "attempts"]).to_pylist()
    return sorted(rows, key=lambda row: str(row["run_id"]))


def test_four_drivers_share_two_hundred_runs(place: Place, tmp_path: Path) -> None:
    values = study_values(
        activation=("relu", "elu", "tanh", "selu"),
        regularization=("none",),
        seeds=tuple(range(50)),
        epochs=1,
        batch_size=32,
        train_size=64,
    )
    drivers = [place.driver(values, executor="inline") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        # All are read at once: who is not listened to stops when a pipe is full.
        ended = pool.map(finish, drivers)
        assert sweep(tmp_path / "file", parse_study(values, source="test")).exit_code == 0
    asked = refused = 0
    for code, said in ended:
        assert code == 0, said
        (counts,) = (json.loads(line) for line in said.splitlines() if '"leases"' in line)
        asked, refused = asked + counts["asked"], refused + counts["refused"]
    place.check_finished(200)
    assert asked - refused == 200
    assert refused <= 0.05 * asked
    with place.store() as store, RunStore.open(tmp_path / "file") as file:
        assert deterministic(store) == deterministic(file)


def test_workers_get_no_password_of_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    values = task_values(
        task={"train": "made.own_training:knows_password"},
        factors={"activation": ["relu"]},
        seeds=[0],
    )
    study = parse_study(values, source="test")
    assert sweep(tmp_path / "store", study, executor="process", workers=1).exit_code == 0
    with RunStore.open(tmp_path / "store") as store:
        (row,) = export_table(store, "runs").to_pylist()
    assert row["knows"] == 0.0


def test_lost_connections_and_a_server_that_is_away_cost_no_attempt(place: Place) -> None:
    values = study_values(seeds=(0, 1, 2, 3, 4), epochs=12)
    driver = place.driver(values, workers=2)
    wait_for_event(driver, "run_started")
    is_over = threading.Event()
    ended = 0

    def cut() -> None:
        nonlocal ended
        while not is_over.wait(0.5):
            ended += place.server.end_connections()

    thread = threading.Thread(target=cut)
    thread.start()
    wait_for_event(driver, "run_ended")
    wait_for_event(driver, "run_ended")
    is_over.set()
    thread.join()
    place.server.stop()
    time.sleep(5)
    place.server.start()
    code, said = finish(driver)
    assert code == 0, said
    assert ended > 0 and "Traceback" not in said
    place.check_finished(10)


def test_the_runs_of_a_killed_driver_are_finished_by_another(place: Place) -> None:
    values = study_values(seeds=(0, 1), epochs=6)
    killed = place.driver(values, workers=1)
    wait_for_event(killed, "run_progress")
    killed.kill()
    killed.wait()
    other = place.driver(values, workers=1)
    wait_for_event(other, "waiting")
    with place.store() as store, store.database.writing() as connection:
        # On a server, time alone tells that an owner is dead.
        is_old = leases.c.pid == killed.pid
        earlier = leases.c.heartbeat - LEASE_SECONDS
        assert connection.execute(update(leases).where(is_old).values(heartbeat=earlier)).rowcount
    code, said = finish(other)
    assert code == 0, said
    with place.store() as store:
        states = store.states().values()
        assert {state.status for state in states} == {"finished"}
        assert sorted(state.attempts for state in states) == [1, 1, 1, 2]
