"""A sweep and its mistakes in a notebook: one output that is replaced, and one sentence."""

import re

import pytest

pytestmark = [pytest.mark.docs, pytest.mark.slow]

BEGIN = """
from actwise.sweep.watch import *
sink = choose_progress(is_json=False)
sink.emit(SweepStarted(study="<b>mine", num_runs=9, num_done=5, workers=2, logs="S/logs"))
run = dict(run_id="a", label="vgg16 relu")
sink.emit(RunStarted(**run, attempt=1))
"""
END = """
sink.emit(Note("something <i>to know"))
sink.emit(RunEnded(**run, status="finished", test_accuracy=91.6, train_seconds=12.3))
sink.emit(RunEnded(run_id="b", label="elu", status="failed", test_accuracy=None,
    train_seconds=1.0, reason="ValueError: no"))
sink.emit(SweepEnded(finished=6, diverged=1, failed=1, left=1, exit_code=1, put_back=0))
sink.close()
"""
OWN = """
import actwise as aw
from torch import nn
class Act(nn.Module): ...
factors = {"dataset": ["digits"], "model": ["mlp"], "regularization": ["none"], "activation": [Act]}
aw.run({"name": "mine", "factors": factors}, "nowhere")
"""


def test_a_kernel_shows_bars_then_the_end_and_of_an_error_its_sentence() -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    from nbformat import v4

    cells = [v4.new_code_cell(text) for text in (BEGIN, BEGIN + END, OWN)]
    notebook = v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    (begun,), (ended,), told = (cell["outputs"] for cell in notebook["cells"])
    assert re.search("study <b>mine ━+.* 5/9 runs\n  vgg16 relu +━+ starting", text_of(begun))
    assert text_of(ended).splitlines() == [
        "something <i>to know",
        "elu: failed, ValueError: no",
        "6 finished, 1 diverged, 1 failed, 1 left",
    ]
    assert "<b>" not in begun["data"]["text/html"] and "<i>" not in ended["data"]["text/html"]
    (error,) = (output for output in told if output["output_type"] == "error")
    (sentence,) = error["traceback"]
    assert sentence.startswith("SpecError: activation __main__:Act: code in __main__ cannot be")
    assert "%%writefile my_module.py" in sentence


def text_of(output: dict[str, dict[str, str]]) -> str:
    return output["data"]["text/plain"]
