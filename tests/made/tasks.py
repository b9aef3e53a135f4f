"""Stores of users' own trainings, made without training anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actwise.registry import parse_level
from actwise.spec import NO_DATA, Description, PlannedRun, RunSpec, StudySpec, parse_study
from actwise.store import RunStore
from actwise.store.database import now
from actwise.store.records import EpochRecord, Metrics, RunRecord, pack_metrics
from actwise.store.runs.results import write_results
from actwise.sweep import make_plan
from made.runs import ENVIRONMENT

Values = Callable[[PlannedRun], Metrics]
CODE = ("made.own_training:gives", "0" * 64)


def task_values(**changes: Any) -> dict[str, Any]:
    """A study of ``gives``; what is changed in ``task`` comes over it."""
    task = {"train": "made.own_training:gives", "unit": "percent"} | changes.pop("task", {})
    factors = changes.pop("factors", {})
    return {
        "name": "own",
        "seeds": "0..2",
        "task": task,
        "factors": {"activation": ["relu", "elu"]} | factors,
        **changes,
    }


def task_study(**changes: Any) -> StudySpec:
    return parse_study(task_values(**changes), source="test")


def task_plan(study: StudySpec) -> list[PlannedRun]:
    return list(make_plan(study, _describe).runs)


def task_record(run_id: str, metrics: Metrics, *, num_epochs: int = 0) -> RunRecord:
    """A finished run that gave back ``metrics``."""
    nan = float("nan")
    return RunRecord(
        run_id=run_id,
        status="finished",
        epochs=tuple(
            EpochRecord(epoch=e, train_loss=nan, train_accuracy=nan, learning_rate=nan, seconds=1.0)
            for e in range(1, num_epochs + 1)
        ),
        train_seconds=2.0,
        environment=ENVIRONMENT,
        observed=("probes",),
        probes=pack_metrics(metrics),
    )


def fill_task_store(
    folder: Path, study: StudySpec, values: Values, *, num_epochs: int = 0
) -> list[PlannedRun]:
    """A store with all runs of a study finished, but for those of no values."""
    planned = task_plan(study)
    records = [
        task_record(run.run_id, metrics, num_epochs=num_epochs)
        for run in planned
        if (metrics := values(run))
    ]
    with RunStore.open(folder, create=True) as store:
        store.add_study(study, planned)
        if records:
            with store.database.writing() as connection:
                time = now(connection)
                write_results(connection, [(record, time) for record in records])
    return planned


def _describe(spec: RunSpec) -> Description:
    return Description(
        model=spec.model,
        regularization=spec.regularization,
        activation=str(parse_level(spec.activation, kind="activation")),
        data_digest=NO_DATA,
        code_digests=(CODE,),
        input_shape=(0, 0, 0),
        num_classes=0,
        num_train=0,
        num_test=0,
        parameters=0,
        macs=0,
        memory_bytes=0,
    )
