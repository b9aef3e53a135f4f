"""What a planner answers, which describes users' code in forks of itself."""

import os
import time
from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.sweep.worker import CellQuestion, Refused
from actwise.sweep.worker.describing import Planner
from made.tasks import task_study

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="trainings need forks"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]


@pytest.fixture
def question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CellQuestion:
    """Of a training in a module that raises more than a pipe holds."""
    text = "raise ValueError('long ' * 20_000)\n\n\ndef train(activation, seed):\n    return 1.0\n"
    (tmp_path / "long_words.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    study = task_study(task={"train": "long_words:train"}, factors={"activation": ["relu"]})
    cell, *_ = study.cells()
    return CellQuestion(spec=cell, data_dir=None)


waitpid = os.waitpid


def patient(process: int, options: int) -> tuple[int, int]:
    """Look for a second whether it has ended."""
    for _ in range(100):
        ended, status = waitpid(process, options)
        if ended:
            return ended, status
        time.sleep(0.01)
    return 0, 0


@pytest.mark.parametrize("is_over_first", [False, True])
def test_an_answer_that_is_longer_than_a_pipe_arrives_whole(
    question: CellQuestion, monkeypatch: pytest.MonkeyPatch, *, is_over_first: bool
) -> None:
    if is_over_first:  # the fork, before the rest of what it has said is read
        monkeypatch.setattr(os, "waitpid", patient)
    answer = Planner().answer(question)
    assert isinstance(answer, Refused)
    assert answer.exit_code == SpecError.exit_code
    before, words, after = answer.reason.partition(("long " * 20_000).rstrip())
    assert words and before.endswith("ValueError: ")
    assert after.endswith("(long_words.py, line 1)")
