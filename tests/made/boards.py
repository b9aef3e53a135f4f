"""Stores with something of everything that a page shows, and a server of one."""

import http.client
import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from actwise.board import BoardServer
from actwise.spec import PlannedRun
from actwise.store import ProgressPoint, RunStore
from actwise.store.database import now
from actwise.store.runs.results import write_results
from made.runs import (
    ME,
    failed_record,
    leased,
    made_epoch,
    made_plan,
    made_record,
    made_study,
)

LOG = "epoch 1\nValueError: <b>no</b> \x1b[31mred\n"


def busy_store(folder: Path) -> RunStore:
    """Of two activations and four seeds: finished, diverged, failed, put back, running, waiting.

    The first three of relu are finished; of elu one diverged, one failed, one was put back; the
    last seed of each is in training and waits.
    """
    store = RunStore.open(folder, create=True)
    store.hold_folders()
    study = made_study(seeds="0..3", train={"epochs": 3})
    plan = made_plan(study)
    store.add_study(study, plan)
    relu, elu = plan[:4], [run.run_id for run in plan[4:]]
    for run in relu[:3]:
        store.record(leased(store, run.run_id), made_record(run.run_id, train_seconds=30.0))
    diverged = made_record(elu[0], num_epochs=1, status="diverged", test_accuracy=None)
    epochs = (*diverged.epochs, made_epoch(2, train_loss=math.nan))
    no_answer = {"predictions": None, "predictions_sha256": None}
    store.record(leased(store, elu[0]), replace(diverged, epochs=epochs, **no_answer))
    store.record(leased(store, elu[1]), failed_record(elu[1]))
    (store.logs / f"{elu[1]}.log").write_text(LOG)
    store.release(leased(store, elu[2]), "out of memory")
    lease = leased(store, relu[3].run_id)
    store.heartbeat(
        ME,
        [
            ProgressPoint(token=lease.token, epoch=1, num_epochs=3, done_fraction=1.0, loss=1.5),
            ProgressPoint(
                token=lease.token,
                epoch=2,
                num_epochs=3,
                done_fraction=0.5,
                loss=0.75,
                images_per_second=812.3,
                seconds_left=15.0,
            ),
        ],
    )
    return store


def large_store(folder: Path, *, num_runs: int = 10_000) -> RunStore:
    """So many runs, of which four fifths are finished."""
    rates = [0.001 * (1 + number) for number in range(num_runs // 100)]
    study = made_study(
        "large",
        activation=[f"elu({number + 1}.5)" for number in range(20)],
        seeds="0..4",
        factors={"train.learning_rate": rates},
    )
    plan = made_plan(study)
    store = RunStore.open(folder, create=True)
    store.add_study(study, plan)
    done = plan[: len(plan) * 4 // 5]
    with store.database.writing() as connection:
        time = now(connection)
        write_results(connection, [(made_record(run.run_id), time) for run in done])
    return store


def plan_of(store: RunStore) -> list[PlannedRun]:
    return made_plan(store.studies()[0].spec)


@contextmanager
def serving(store: RunStore) -> Iterator[BoardServer]:
    """The page of a store, served from a thread until the end."""
    with BoardServer(store) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def events(answer: http.client.HTTPResponse, *, until: str) -> dict[str, Any]:
    """The last data of each event up to the first of a kind."""
    found = {}
    name = ""
    for raw in answer:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found[name] = json.loads(line.removeprefix("data: "))
            if name == until:
                return found
    raise AssertionError(f"the stream ended before {until}")
