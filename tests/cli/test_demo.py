"""``actwise demo`` on a store that lacks no run of it: nothing is trained, and all is printed."""

import json
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from actwise.cli.main import run_command
from actwise.spec import load_study
from actwise.store import RunStore
from actwise.sweep import Plan, make_plan
from actwise.sweep.executors import Describer, Nursery
from made.runs import failed_record, leased, made_record

LEADS = {"relu": 0.0, "prelu": 1.0, "elu": 3.0}


@pytest.fixture(scope="module")
def plan() -> Plan:
    with Nursery() as nursery, Describer(None, nursery) as describe:
        return make_plan(load_study("demo"), describe)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    clock = SimpleNamespace(monotonic=partial(next, count(100, 65)))
    monkeypatch.setattr("actwise.cli.running.time", clock)


def write_store(plan: Plan, *, num_failed: int = 0) -> None:
    """A store with a result of every run of the demo, ELU's the best; the first may have failed."""
    with RunStore.open("mine", create=True) as store:
        store.add_study(plan.study, plan.runs)
        for number, run in enumerate(store.planned()):
            accuracy = 90.0 + LEADS[run.spec.activation] + 0.01 * (number % 7)
            record = made_record(run.run_id, num_epochs=8, test_accuracy=accuracy)
            is_failed = number < num_failed
            store.record(
                leased(store, run.run_id), failed_record(run.run_id) if is_failed else record
            )


SAID = """
  time      65 s; 24 runs in mine/
  decision  Use elu in every network (95 %, the two taken together).
  report    mine-report.html (open it in a browser)
  next      `actwise analyze --store mine/` says how sure that is and what would
            settle it;
            `actwise init my-study.toml` writes a study of your own, to change
            and run
"""


def test_the_demo_prints_its_table_the_decision_and_what_comes_next(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(plan)
    assert run_command(["table", "--store", "mine"]) == 0
    table = capsys.readouterr().out
    assert run_command(["demo", "--store", "mine/"]) == 0
    out, err = capsys.readouterr()
    assert out == table + SAID
    assert err.splitlines() == [
        "[24/24] study demo: 24 runs, nothing left to train",
        "[24/24] 24 finished, 0 diverged, 0 failed, 0 left",
    ]
    assert "Use elu in every network" in Path("mine-report.html").read_text(encoding="utf-8")


def test_the_demo_says_what_happens_as_json_alone_or_not_at_all(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(plan)
    assert run_command(["demo", "--store", "mine", "--json"]) == 0
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["sweep_started", "sweep_ended"]
    assert err == "" and not Path("mine-report.html").exists()
    assert run_command(["demo", "--store", "mine", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith(SAID.replace("mine/", "mine")) and err == ""


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_demo_fails_where_a_run_of_it_has_failed(
    options: list[str], plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(plan, num_failed=1)
    assert run_command(["demo", "--store", "mine", *options]) == 1
    assert ("; 23 runs in mine" in capsys.readouterr().out) == (not options)
