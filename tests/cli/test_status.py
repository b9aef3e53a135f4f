"""``actwise status``: who trains what, and looking on until nothing is left."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import rich

from actwise.cli.main import run_command
from actwise.spec import PlannedRun
from actwise.store import ProgressPoint, RunStore
from made.runs import ME, finish, leased, made_plan, made_record, made_study
from made.terminals import Terminal

STUDY = made_study(seeds="0..1")
OTHER = made_study("other", activation=("relu", "gelu"), seeds="0")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def planned() -> list[PlannedRun]:
    plan = made_plan(STUDY)
    with RunStore.open("store", create=True) as store:
        store.add_study(STUDY, plan)
        store.add_study(OTHER, made_plan(OTHER))
    return plan


def said(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    capsys.readouterr()
    assert run_command(["status", "--store", "store", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_runs_in_flight_are_named_with_who_trains_them(
    planned: Sequence[PlannedRun], capsys: pytest.CaptureFixture[str]
) -> None:
    with RunStore.open("store") as store:
        for run in planned[1:3]:
            leased(store, run.run_id)
        store.record(leased(store, planned[0].run_id), made_record(planned[0].run_id))
    first, second = (run.run_id for run in planned[1:3])
    # A run that two studies share counts in both; one that is trained is named once.
    assert said(capsys) == [
        "study made: 4 runs: 1 finished, 2 running, 1 pending",
        "study other: 2 runs: 1 finished, 1 pending",
        "  time      about 28 min left with 2 runs at once",
        f"  running   {first}  digits mlp bn relu seed 1  by {ME}",
        f"  running   {second}  digits mlp bn elu seed 0  by {ME}",
    ]
    values = json.loads("\n".join(said(capsys, "--json")))
    assert [entry["running"] for entry in values["studies"]] == [2, 0]
    assert [entry["attempts"] for entry in values["studies"]] == [3, 1]
    assert [entry["attempts"] for entry in values["running"]] == [1, 1]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (["--study", "other"], ["study other: 2 runs: 2 pending"]),
        (
            ["--where", "activation=relu"],
            ["study made: 2 runs: 2 pending", "study other: 1 run: 1 pending"],
        ),
        (["--study", "made", "--where", "seed=1"], ["study made: 2 runs: 2 pending"]),
    ],
)
def test_only_runs_asked_for_are_counted(
    options: list[str],
    lines: list[str],
    planned: Sequence[PlannedRun],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, *options) == lines


def test_a_run_in_flight_says_how_far_it_is_and_the_store_how_long_it_takes(
    planned: Sequence[PlannedRun], capsys: pytest.CaptureFixture[str]
) -> None:
    running, done = planned[1].run_id, planned[0].run_id
    with RunStore.open("store") as store:
        store.record(
            leased(store, done), replace(made_record(done, num_epochs=20), train_seconds=100.0)
        )
        lease = leased(store, running)
        point = ProgressPoint(
            token=lease.token, epoch=101, num_epochs=200, done_fraction=0.0, seconds_left=600.0
        )
        store.heartbeat(ME, [point])
    study, time_left, line = said(capsys, "--study", "made")
    assert study == "study made: 4 runs: 1 finished, 1 running, 2 pending"
    # 5.5 s an epoch (5 and 6 of the two runs), 100 epochs of this run and 400 of two others.
    assert time_left == "  time      about 46 min left with 1 run at once"
    assert line == f"  running   {running}  digits mlp bn relu seed 1  by {ME}, epoch 101/200"
    values = json.loads("\n".join(said(capsys, "--study", "made", "--json")))
    (shown,) = values["running"]
    assert (shown["epoch"], shown["num_epochs"]) == (101, 200)
    assert values["seconds_left"] == 2750.0
    assert said(capsys, "--study", "other")[1:] == []


def test_time_left_counts_a_run_of_two_studies_once_and_says_where_nothing_is_known(
    planned: Sequence[PlannedRun], capsys: pytest.CaptureFixture[str]
) -> None:
    again, unknown = made_study("again"), made_study("unknown", activation=("mish",), seeds="9")
    with RunStore.open("store") as store:
        store.add_study(again, made_plan(again))
        record = made_record(planned[0].run_id, num_epochs=200)
        store.record(leased(store, record.run_id), replace(record, train_seconds=600.0))
        leased(store, planned[1].run_id)
    # 600 s for each of three runs of "made", which "again" has too, and for gelu of "other".
    assert "  time      about 40 min left with 1 run at once" in said(capsys)
    with RunStore.open("store") as store:
        store.add_study(unknown, made_plan(unknown))
    assert "  time      more than 40 min left with 1 run at once" in said(capsys)
    values = json.loads("\n".join(said(capsys, "--json")))
    assert (values["seconds_left"], values["is_at_least"]) == (2400.0, True)


def test_an_empty_store_has_no_runs(capsys: pytest.CaptureFixture[str]) -> None:
    RunStore.open("store", create=True).close()
    assert said(capsys) == ["no runs"]


def test_runs_put_back_are_told_until_they_have_a_result(
    planned: Sequence[PlannedRun], capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = planned[3].run_id
    with RunStore.open("store") as store:
        for reason in ("first reason", "out of memory"):
            store.release(leased(store, run_id), reason)
    first, _, back, hint = said(capsys)
    assert first == "study made: 4 runs: 3 pending, 1 put back"
    label = "digits mlp bn elu seed 1"
    assert back == f"  put back  {run_id}  {label}  after 2 attempts: out of memory"
    assert hint.startswith("  (`actwise run` tries what was put back again;")
    assert run_command(["table", "--store", "store"]) == 0
    note = "1 run has no result, put back since out of memory; `actwise status` names them."
    assert note in capsys.readouterr().out
    with RunStore.open("store") as store:
        store.record(leased(store, run_id), made_record(run_id))
    assert len(said(capsys)) == 2


def test_watching_ends_when_nothing_is_left_and_looks_every_two_seconds(
    planned: Sequence[PlannedRun],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    def train_meanwhile(seconds: float) -> None:
        waits.append(seconds)
        with RunStore.open("store") as store:
            left = [run for run in planned if not store.result(run.run_id)]
            finish(store, left[:2])

    monkeypatch.setattr(time, "sleep", train_meanwhile)
    assert said(capsys, "--watch", "--study", "made")[-1] == "study made: 4 runs: 4 finished"
    assert waits == [2.0, 2.0]


def test_a_terminal_shows_each_look_and_keeps_the_last(
    planned: Sequence[PlannedRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    shown: list[str] = []

    def train_meanwhile(seconds: float) -> None:
        shown.append(terminal.getvalue())
        with RunStore.open("store") as store:
            finish(store, planned[: 2 * len(shown)])

    monkeypatch.setattr(time, "sleep", train_meanwhile)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(rich, "_console", None)  # made once, it knows the terminal that was
    assert run_command(["status", "--store", "store", "--watch", "--study", "made"]) == 0
    looks = ["4 pending", "2 finished, 2 pending", "4 finished"]
    assert [
        look in seen for look, seen in zip(looks, [*shown, terminal.getvalue()], strict=True)
    ] == [True] * 3
    # What was drawn is taken away; the last line is written once more, to stay.
    last = terminal.getvalue().rpartition("\x1b[2K")[2]
    assert last.splitlines()[-1] == "study made: 4 runs: 4 finished"


def test_failed_runs_name_the_command_that_tells_why(
    planned: Sequence[PlannedRun], capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = planned[2].run_id
    failed = replace(made_record(run_id), status="failed", traceback="no", test_accuracy=None)
    with RunStore.open("store") as store:
        store.record(leased(store, run_id), failed)
    label = "digits mlp bn elu seed 0"
    assert said(capsys)[2:] == [
        f"  failed    {run_id}  {label}",
        "  (`actwise show run ID --store ...` tells why a run failed)",
    ]
    failed = json.loads("\n".join(said(capsys, "--json")))["failed"]
    assert failed == [{"run_id": run_id, "label": label}]
