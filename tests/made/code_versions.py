"""Studies of users' code that is changed between two starts; nothing is trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from actwise.analysis.reading import Selection, runs_of
from actwise.models import make_describe
from actwise.spec import Description, RunSpec, StudySpec, parse_study
from actwise.store import RunStore
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.plan import find_todo
from actwise.tasks import describe_task
from made.runs import leased, made_record
from made.tasks import task_record

NET = """
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.hidden = nn.Linear(1024, 8)
        self.head = nn.Linear(8, num_classes)

    def forward(self, x):
        return self.head(F.relu(self.hidden(x.flatten(1))))
"""
CODE = {
    "mynet": NET,
    "myact": "from myhelper import slope\n\ndef act(x):\n    return x.relu() + slope * x\n",
    "myhelper": "slope = 0.1\n",
    "mytrain": "from myhelper import slope\n\ndef train(activation, seed):\n    return slope\n",
}
Write = Callable[[Mapping[str, str]], None]
"""Writes modules of a project, by their names."""


def study_of(what: Any, seeds: str, **settings: Any) -> StudySpec:
    values: dict[str, Any] = {"name": "mine", "seeds": seeds, **settings}
    if isinstance(what, str):
        values |= {"task": {"train": what, "unit": "none"}, "factors": {"activation": ["relu"]}}
    else:
        usual = {"dataset": ["digits"], "model": ["mlp"], "regularization": ["none"]}
        if "mynet:Net" in what.get("model", ()):
            usual["regularization"] = ["own"]
        values["factors"] = {**usual, "activation": ["relu"], **what}
    return parse_study(values, source="test")


def start(
    folder: Path, study: StudySpec, value: float, *, accept: Sequence[str] = (), data: str = ""
) -> None:
    """What ``run`` does but for the training: what is left has the result ``value``."""
    described = describe_task if study.task else make_describe(None)

    def describe(spec: RunSpec) -> Description:
        return replace(described(spec), **({"data_digest": data * 64} if data else {}))

    plan = make_plan(study, describe)
    with RunStore.open(folder, create=True) as store:
        todo = find_todo(plan, store, RunOptions(accept_code_digests=tuple(accept)))
        store.add_study(study, todo.planned)
        for run in todo.runs:
            record = (
                task_record(run.run_id, {"accuracy": (value,)})
                if study.task
                else made_record(run.run_id, test_accuracy=value)
            )
            store.record(leased(store, run.run_id), record)


def table(folder: Path, study: str | None = None) -> tuple[tuple[float, ...], int, list[str]]:
    """Of the one cell its values and its missing runs, and what is left out."""
    with RunStore.open(folder) as store:
        found = runs_of(store.snapshot(study=study), Selection(study=study)).table
    (cell,) = found.cells
    return cell.values, cell.num_missing, [*map(str, found.outdated)]
