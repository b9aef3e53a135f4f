"""Whether compiling pays is measured, and said; nothing decides it silently."""

import json
import sys
from pathlib import Path

import pytest

from actwise.models import make_describe
from actwise.sweep import Plan, RunOptions, make_plan
from actwise.sweep.tries import (
    LEAST_SAVING,
    Calibration,
    CompileAdvice,
    advise_on_compiling,
    calibrate,
    missing_compiler,
)
from made.sweeps import small_study

INLINE = RunOptions(executor="inline")
NEEDS_COMPILER = pytest.mark.skipif(
    missing_compiler("cpu") is not None, reason=f"{missing_compiler('cpu')}"
)


def calibrated(**changes: object) -> tuple[Plan, Calibration]:
    values: dict[str, object] = {
        "model": ("mlp",),
        "activation": ("relu",),
        "regularization": ("none",),
        "seeds": (0,),
    }
    plan = make_plan(small_study(**(values | changes)), make_describe(None))
    return plan, calibrate(plan, INLINE)


def advice_on(*, least: float = 0.0, **changes: object) -> CompileAdvice:
    plan, calibration = calibrated(**changes)
    return advise_on_compiling(plan, calibration, INLINE, shortest_run_seconds=least)


def test_short_runs_are_not_tried_and_that_is_said() -> None:
    advice = advice_on(least=1e6, model=("convnet", "mlp"))
    assert advice.models == ()
    (note,) = advice.notes
    assert "not tried for runs under 1e+06 s: convnet at width 0.125, mlp at width 0.125" in note


def test_without_a_compiler_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "a-compiler-that-is-not-here")
    advice = advice_on()
    assert advice.models == ()
    assert "'a-compiler-that-is-not-here'" in advice.notes[0]


@pytest.mark.parametrize(
    ("found", "missing"), [(object(), None), (None, "the package triton is not installed")]
)
def test_on_cuda_triton_compiles(
    found: object, missing: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def find(name: str) -> object:
        asked.append(name)
        return found

    monkeypatch.setattr("actwise.sweep.tries.compiling.find_spec", find)
    assert missing_compiler("cuda") == missing
    assert asked == ["triton"]


def test_compiling_that_would_not_fit_into_the_memory_is_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "compiler"
    compiler.touch(mode=0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1000000")
    advice = advice_on()
    assert advice.models == ()
    assert "not tried: to compile on all workers takes about" in advice.notes[0]


def test_a_study_that_varies_the_setting_needs_no_advice() -> None:
    plan, calibration = calibrated()
    values = plan.study.model_dump()
    values["factors"]["train.compile"] = (False, True)
    decided = make_plan(type(plan.study).model_validate(values), make_describe(None))
    both = Calibration(calibration.estimate, calibration.cells * 2, "cpu")
    advice = advise_on_compiling(decided, both, INLINE, shortest_run_seconds=0)
    assert (advice.models, len(advice.notes)) == ((), 1)
    assert "set by the study" in advice.notes[0]


@pytest.mark.slow
@pytest.mark.compiler
@NEEDS_COMPILER
def test_one_cell_of_a_model_is_timed_as_it_is_and_compiled() -> None:
    plan, calibration = calibrated(activation=("relu", "elu"), epochs=2000)
    options = RunOptions(executor="process", workers=1)
    advice = advise_on_compiling(plan, calibration, options, shortest_run_seconds=0)
    (found,) = advice.models
    assert (found.model, found.activation, found.problem) == ("mlp", "relu", None)
    times = found.times
    assert times is not None
    saved = 2000 * 256 * (1 / times.images_per_second - 1 / times.compiled_images_per_second)
    assert times.compiled_seconds_per_run == pytest.approx(
        times.seconds_per_run + times.compile_seconds - saved
    )
    pays = times.compiled_seconds_per_run <= (1 - LEAST_SAVING) * times.seconds_per_run
    assert times.is_recommended == pays
    assert json.loads(json.dumps(advice.to_json()))["models"][0]["times"]["compile_seconds"] > 0


@pytest.mark.slow
@pytest.mark.compiler
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the compiler")
def test_a_compiler_that_fails_is_named_and_nothing_is_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken-compiler"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo g++ 12\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    plan, calibration = calibrated()
    options = RunOptions(executor="process", workers=1)
    advice = advise_on_compiling(plan, calibration, options, shortest_run_seconds=0)
    (found,) = advice.models
    assert found.times is None
    assert found.problem is not None
    assert "cannot be trained: torch._inductor.exc.InductorError: " in found.problem
