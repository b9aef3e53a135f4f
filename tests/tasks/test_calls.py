"""A training function is held against its study before a run, and called once for each."""

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.spec import ObserveSpec, TaskRun, TaskSpec
from actwise.sweep.worker import Advanced, Assignment, Done, PutBack, Result, Setup, attempt_run
from actwise.tasks import check_call, describe_task
from made.tasks import task_study

HERE = "made.own_training"


def call(function: str, **settings: Any) -> TaskRun:
    return TaskRun(function=f"{HERE}:{function}", settings=settings)


REFUSED = [
    (call("digits", dept=1), "unexpected keyword argument 'dept'; did you mean depth"),
    (call("keyword_only"), "is called as keyword_only(activation, seed): too many positional"),
    (call("NOT_A_FUNCTION"), "training made.own_training:NOT_A_FUNCTION is no function"),
    (call("yeilds"), "has no 'yeilds'; did you mean yields"),
    (call("annotated", lr="fast"), "lr=fast does not fit lr: float"),
    (call("annotated", depth=1.5), "depth=1.5 does not fit depth: int"),
    (call("annotated", depth=True), "depth=on does not fit depth: int"),
    (call("annotated", optimizer="adm"), "optimizer=adm does not fit optimizer: Literal['sgd', 'a"),
    (call("annotated", scheme=3), "scheme=3 does not fit scheme: str | None"),
    (call("annotated", widths=(4, "x")), "widths=[4, x] does not fit widths: list[int] | None"),
    (TaskRun(function="made.nowhere:f"), "there is no module 'made.nowhere' on the Python path"),
    (TaskRun(function="__main__:f"), "code in __main__ cannot be found by another process"),
]


@pytest.mark.parametrize(("task", "sentence"), REFUSED, ids=[s for _, s in REFUSED])
def test_a_function_that_cannot_be_called_so_is_one_sentence(task: TaskRun, sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        check_call(task)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_function_that_can_be_called_so_is_not_called() -> None:
    check_call(call("gives", what="raises"))
    check_call(call("digits", epochs=1, depth=2))
    check_call(call("annotated", lr=1, depth=3, optimizer="adam", scheme="x", widths=(4, 8)))


OTHER_TYPES = """
from collections.abc import Sequence


def train(activation, seed, widths: Sequence[int] = (), depth: "int | complex" = 1):
    return 50.0
"""


def test_a_value_for_an_annotation_that_is_not_known_here_may_be_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other_types.py").write_text(OTHER_TYPES, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    settings: dict[str, Any] = {"widths": (4, "x"), "depth": "deep"}
    check_call(TaskRun(function="other_types:train", settings=settings))


@pytest.mark.parametrize(
    ("level", "sentence"),
    [
        ("elo", "no activation is named 'elo'; did you mean elu"),
        ("made.users_code:sums", "made.users_code:sums returns shape () for inputs of (64,)"),
        ("made.users_code:raises_lines", "raised ValueError: one ("),
    ],
)
def test_an_activation_that_no_training_could_use_is_refused(level: str, sentence: str) -> None:
    study = task_study(factors={"activation": [level]})
    (cell,) = study.cells()
    with pytest.raises(SpecError) as refusal:
        describe_task(cell)
    assert sentence in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_description_has_the_code_of_the_function_and_of_the_users_activation() -> None:
    study = task_study(factors={"activation": ["elu(1.0)", "made.users_code:prints"]})
    ours, users = (describe_task(cell) for cell in study.cells())
    assert ours.activation == "elu"
    assert [level for level, _ in ours.code_digests] == [f"{HERE}:gives"]
    assert [level for level, _ in users.code_digests] == [
        f"{HERE}:gives",
        "made.users_code:prints",
    ]


def attempt(
    folder: Path,
    function: str,
    *,
    seed: int = 0,
    activation: str = "relu",
    on_progress: Callable[[Advanced], None] = lambda advanced: None,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Result:
    """One attempt in this process, as a worker makes it."""
    task = TaskSpec(train=f"{HERE}:{function}", unit="percent", settings=settings)
    study = task_study(task=task.model_dump(), factors={"activation": [activation]})
    (cell,) = study.cells()
    assignment = Assignment(
        run_id="0" * 20,
        token=1,
        spec=cell.model_copy(update={"seed": seed}),
        observe=ObserveSpec(),
        data_digest="0" * 64,
        code_digests=describe_task(cell).code_digests,
        task=task,
    )
    return attempt_run(
        assignment,
        _setup(folder),
        should_stop=should_stop,
        on_progress=on_progress,
    )


def _setup(folder: Path) -> Setup:
    return Setup(
        data_dir=None,
        device="cpu",
        threads=1,
        checkpoints=str(folder),
        weights=str(folder),
        logs=str(folder),
        cpus=None,
        checkpoint_seconds=30.0,
        allow_environment_change=False,
    )


@pytest.mark.parametrize(
    ("what", "last_line"),
    [
        ("raises", "ValueError: on purpose"),
        ("exits", "SystemExit: 7"),
        ("ends its own way", "EndOfIt: on purpose"),
        ("cannot be shown", "ShownByNobodyError: <exception str() failed>"),
        ("ends a generator", "GeneratorExit"),
        ("interrupts", "RuntimeError: the training raised KeyboardInterrupt"),
        ("text", "accuracy='high'; expected a number"),
        ("true", "accuracy=True; expected a number"),
        ("not a number", "accuracy is not finite at the end"),
        ("nothing", "returned nothing"),
        ("an empty dict", "returned an empty dict"),
        (
            "other keys",
            "which the study analyses; there is acc",
        ),
        ("no name", "names a number 3"),
        ("its setting", "names a number 'what', which is one of its settings"),
        ("too much", "accuracy=101 is no percentage"),
        ("a list", "accuracy=[1.0]; expected a number"),
    ],
)
def test_what_is_no_result_is_a_failed_run(tmp_path: Path, what: str, last_line: str) -> None:
    result = attempt(tmp_path, "gives", what=what)
    assert isinstance(result, Done)
    assert result.record.status == "failed"
    assert last_line in (result.record.traceback or "").strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("what", "last_line"),
    [
        ("nothing at all", "ended without yielding a dict"),
        ("text", "yielded accuracy='high'"),
        ("raises", "ValueError: on purpose"),
        ("no response", "last yielded no number named 'accuracy'"),
        ("returns", "returns something at its end, which would not be looked at; yield it"),
    ],
)
def test_a_generator_that_ends_in_no_result_is_a_failed_run(
    tmp_path: Path, what: str, last_line: str
) -> None:
    result = attempt(tmp_path, "yields", what=what)
    assert isinstance(result, Done)
    assert result.record.status == "failed"
    assert last_line in (result.record.traceback or "").strip().splitlines()[-1]


def test_numbers_and_time_are_recorded(tmp_path: Path) -> None:
    result = attempt(tmp_path, "gives", what="more")
    assert isinstance(result, Done)
    record = result.record
    assert (record.status, record.epochs, record.test_accuracy) == ("finished", (), None)
    assert next(iter(record.metrics.items())) == ("accuracy", (3.0,))
    assert record.metrics["loss"] == (0.5,)
    assert record.train_seconds > 0
    assert record.environment["fingerprint"]["device"] == "cpu"


def test_what_is_yielded_is_an_epoch_with_its_time_and_shown(tmp_path: Path) -> None:
    progress: list[Advanced] = []
    result = attempt(tmp_path, "yields", seed=3, on_progress=progress.append)
    assert isinstance(result, Done)
    assert result.record.metrics == {"accuracy": (4.0, 5.0), "epoch": (1.0, None)}
    assert [epoch.epoch for epoch in result.record.epochs] == [1, 2]
    assert [(p.epoch, p.epochs, p.metrics["accuracy"]) for p in progress] == [
        (1, None, 4.0),
        (2, None, 5.0),
    ]


def test_seeds_are_blocks_for_what_torch_draws(tmp_path: Path) -> None:
    def drawn(seed: int, activation: str) -> Any:
        result = attempt(tmp_path, "gives", seed=seed, activation=activation, what="draws")
        assert isinstance(result, Done)
        return result.record.metrics

    assert drawn(1, "relu") == drawn(1, "prelu") != drawn(2, "relu")


def test_parameters_that_need_channels_are_asked_for_in_the_runs_traceback(tmp_path: Path) -> None:
    result = attempt(tmp_path, "gives", activation="prelu", what="slopes")
    assert isinstance(result, Done)
    assert "call it with channels=N" in (result.record.traceback or "")


def test_a_run_is_not_begun_after_a_stop(tmp_path: Path) -> None:
    result = attempt(tmp_path, "gives", should_stop=lambda: True)
    assert isinstance(result, PutBack)
    assert (result.is_accident, result.reason) == (False, "stopped; it begins anew")


@pytest.mark.parametrize(
    "how", ["exits", "raises", "cancels", "gives what is no result", "ends early"]
)
def test_what_users_code_makes_of_a_stop_is_the_stop(tmp_path: Path, how: str) -> None:
    should_stop = threading.Event()
    main = threading.main_thread().ident or 0

    def stop() -> None:
        should_stop.set()
        signal.pthread_kill(main, signal.SIGINT)

    result = attempt(
        tmp_path,
        "stops_its_own_way",
        on_progress=lambda advanced: threading.Timer(0.1, stop).start(),
        should_stop=should_stop.is_set,
        how=how,
    )
    assert isinstance(result, PutBack)
    assert (result.is_accident, result.reason) == (False, "stopped; it begins anew")


def test_code_that_changed_since_the_plan_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "changing.py").write_text("def train(activation, seed):\n    return 1.0\n")
    task = TaskRun(function="changing:train")
    check_call(task)
    (tmp_path / "changing.py").write_text("def train(activation, seed):\n    return 2.0\n")
    with pytest.raises(SpecError, match=r"changing\.py changed after this process imported it"):
        check_call(task)
    del sys.modules["changing"]
