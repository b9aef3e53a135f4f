"""What ``actwise plan --calibrate`` says of compiling, to people and to programs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from actwise.cli import sign_of_life
from actwise.cli.main import run_command
from actwise.cli.plan_text import print_compile_advice, print_cost
from actwise.models import make_describe
from actwise.sweep import make_plan
from actwise.sweep.plan import estimate
from actwise.sweep.tries import CompileAdvice, CompileTimes, ModelAdvice
from made.sweeps import small_study

STUDY = """name = "mlp"
[factors]
dataset = ["digits"]
model = ["mlp"]
regularization = ["none"]
activation = ["relu"]
[train]
epochs = 1
train_size = 256
"""
CELL = ModelAdvice(model="resnet18", width=0.25, regularization="bn", activation="relu")
PAYS = CompileTimes(
    images_per_second=1000.0,
    seconds_per_run=7200.0,
    compiled_images_per_second=1250.0,
    compile_seconds=60.0,
    compiled_seconds_per_run=5820.0,
    is_recommended=True,
)
LOSES = CompileTimes(
    images_per_second=1000.0,
    seconds_per_run=200.0,
    compiled_images_per_second=1100.0,
    compile_seconds=60.0,
    compiled_seconds_per_run=242.0,
    is_recommended=False,
)


@pytest.fixture(autouse=True)
def in_a_terminal_of_300_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


def said(
    capsys: pytest.CaptureFixture[str],
    *,
    times: CompileTimes | None = None,
    problem: str | None = None,
) -> str:
    found = ModelAdvice(**{**vars(CELL), "times": times, "problem": problem})
    print_compile_advice(CompileAdvice((found,), ()))
    return capsys.readouterr().out


def test_memory_of_a_device_is_said_where_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    plan = make_plan(small_study(activation=("relu",)), make_describe(None))
    cost = replace(estimate(plan, workers=1, device="cuda"), memory_bytes=10**9)
    print_cost(plan, cost, notes=())
    assert "memory    up to 1.0 GB a run\n" in capsys.readouterr().out
    print_cost(plan, replace(cost, device_memory_bytes=3 * 10**9), notes=())
    assert "memory    up to 1.0 GB a run, and 3.0 GB of the device's" in capsys.readouterr().out


def test_a_plan_too_short_to_compile_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mlp.toml").write_text(STUDY)
    assert run_command(["plan", "mlp.toml", "--calibrate", "--workers", "1"]) == 0
    out = capsys.readouterr().out
    (line,) = re.findall("^  compile +(.+)", out, re.MULTILINE)
    assert line.startswith("not tried")
    assert "runs of fewer than 5 steps are too short to be timed well" in out
    monkeypatch.setattr(sign_of_life, "SIGN_SECONDS", 0.0)
    assert run_command(["plan", "mlp.toml", "--calibrate", "--workers", "1", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "calibrating: 1 of 1 tries, about 0 s left\n"
    values = json.loads(captured.out)
    assert values["compile"] == {"models": [], "notes": [line]}
    assert run_command(["plan", "mlp.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compile"] is None


def test_a_recommendation_comes_with_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, times=PAYS)
    assert (
        "resnet18 at width 0.25 (bn, relu): train.compile=true pays; tried in turns, 1,000 images/s"
        in text
    )
    assert "1,250 compiled after 60 s of compiling: a run takes 2.00 h or 1.62 h (-19 %)" in text


def test_what_does_not_pay_is_not_recommended(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, times=LOSES)
    assert "does not pay" in text
    # 3 min and 4 min would be a third apart.
    assert "a run takes 200 s or 242 s (+21 %)" in text
    assert "train.compile=true" not in text


def test_the_time_of_compiling_is_said_to_depend_on_the_cache(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = "the longest of the tries, with torch's cache as it was found"
    assert told in said(capsys, times=LOSES)
    assert told not in said(capsys, problem="no header")


@pytest.mark.parametrize(("seconds", "text"), [(599.4, "599 s"), (601.0, "10.0 min")])
def test_times_to_compare_have_three_digits(
    seconds: float, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"a run takes {text} or" in said(capsys, times=replace(LOSES, seconds_per_run=seconds))


def test_what_cannot_be_compiled_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, problem="run abc cannot be trained: InductorError: no header")
    assert "cannot be compiled here: run abc cannot be trained: InductorError: no header" in text
    assert "true" not in text
