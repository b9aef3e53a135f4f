"""A store as tables: one row a run and label, and what was measured in these runs.

Only runs with a result are exported (finished, diverged, failed). Rows stand in the order of the
plans, so that two stores with the same results give the same tables. Tables are Arrow's.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, select

from ...spec import RunSpec, TrainSpec
from ..database.schema import environments, epochs, predictions, probes, runs, study_runs, to_json
from ..plans import read_studies, read_versions
from ..records import PROBE_COLUMNS, unpack_predictions, unpack_probes
from ..runs import read_answers, read_data_digests
from .arrow import array_of, class_lists, read_of_runs, read_table
from .tasks import final_metrics, is_task, metric_curves, setting_columns

if TYPE_CHECKING:
    import pyarrow as pa

LABELS = (
    study_runs.c.study,
    study_runs.c.dataset,
    study_runs.c.model,
    study_runs.c.width,
    study_runs.c.regularization,
    study_runs.c.activation,
    runs.c.seed,
)
_RESULT = (
    runs.c.status,
    runs.c.test_accuracy,
    runs.c.best_test_accuracy,
    runs.c.reestimated_accuracy,
    runs.c.validation_accuracy,
    runs.c.train_accuracy,
    runs.c.test_loss,
    runs.c.num_epochs.label("epochs"),
    runs.c.train_seconds,
    runs.c.images_per_second,
    runs.c.parameters,
    environments.c.device,
    runs.c.attempts,
    runs.c.weights_sha256,
    runs.c.predictions_sha256,
    environments.c.fingerprint_id.label("environment"),
)
RUN_COLUMNS = (
    study_runs.c.run_id,
    study_runs.c.is_aliased.label("aliased"),
    *(runs.c.spec_hash, runs.c.engine_version),
    *LABELS,
    *_RESULT,
    study_runs.c.asked.label("spec"),
)
"""Of the table of runs, without the further factors."""
_LINE = "label of the line"
RESTORED = (runs.c.environment_id, runs.c.observed, runs.c.traceback, runs.c.recorded_at)
"""What an import needs beside the columns that people read."""
OUTDATED = "outdated"
"""The column of runs before a change of users' code or data; only where there are any."""
_OURS = {OUTDATED} | {
    str(column.key) for column in (*RUN_COLUMNS, *RESTORED, *study_runs.c, *epochs.c)
}


def runs_table(
    connection: Connection,
    study: str | None,
    *,
    further: Sequence[ColumnElement[Any]] = (),
    has_metrics: bool = True,
) -> "pa.Table":
    """One row per (study, label, run), a column per further factor.

    Further factors are the ``train.FIELD`` and the settings of users' trainings that a study
    varies, and those in which the runs differ otherwise: tables must not average over them. What
    users' trainings gave back has a column each, unless ``has_metrics`` is false. The columns
    asked for with ``further`` follow at the end. Where runs of a label were trained with other code
    or data than it stands for now, a column ``outdated`` tells them.
    """
    query = (
        select(*RUN_COLUMNS, *further, study_runs.c.label.label(_LINE))
        .join(runs, runs.c.run_id == study_runs.c.run_id)
        .join(environments, environments.c.environment_id == runs.c.environment_id)
        .where(runs.c.status != "pending")
        .order_by(study_runs.c.study, study_runs.c.position)
    )
    if study is not None:
        query = query.where(study_runs.c.study == study)
    table = read_table(connection, query)
    lines = [table[name].to_pylist() for name in ("study", _LINE, "run_id")]
    run_ids = lines[-1]
    table = table.drop_columns(_LINE)
    if left_out := read_versions(connection, study).left_out:
        are_outdated = [line in left_out for line in zip(*lines, strict=True)]
        table = table.add_column(2, OUTDATED, [are_outdated])
    specs = _specs(table["spec"].to_pylist(), table["seed"].to_pylist())
    spec_json = [to_json(spec.model_dump(mode="json")) for spec in specs]
    table = table.set_column(table.schema.get_field_index("spec"), "spec", [spec_json])
    for name, values in _further_factors(connection, study, specs).items():
        table = table.add_column(table.schema.get_field_index("status"), name, [array_of(values)])
    if has_metrics and any(spec.task for spec in specs):
        found = final_metrics(connection, run_ids, ours=_OURS)
        for name, values in found.items():
            place = table.schema.get_field_index("test_accuracy")
            table = table.add_column(place, name, [array_of(values)])
    return table


def epochs_table(connection: Connection, chosen: "pa.Table") -> "pa.Table":
    """The curve of every row of a runs table: its labels, then the fields of EpochRecord."""
    run_ids = chosen["run_id"].to_pylist()
    curves = read_of_runs(connection, epochs, run_ids)
    table = _labelled(chosen, curves)
    if any(map(is_task, chosen["spec"].to_pylist())):
        for name, values in metric_curves(connection, table, ours=_OURS).items():
            table = table.append_column(name, [array_of(values)])
    return table


def _labelled(chosen: "pa.Table", found: "pa.Table") -> "pa.Table":
    """Of every row of a runs table all rows of its run in ``found``, behind its labels."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, run_id in enumerate(found["run_id"].to_pylist()):
        rows_of[run_id].append(row)
    spans = [rows_of[run_id] for run_id in chosen["run_id"].to_pylist()]
    before_results = chosen.column_names[: chosen.column_names.index("status")]
    labels = [n for n in before_results if n not in ("aliased", "spec_hash", "engine_version")]
    table = chosen.select(labels).take(np.repeat(np.arange(len(spans)), [len(s) for s in spans]))
    found = found.drop_columns("run_id").take(np.fromiter(chain(*spans), dtype=np.int64))
    for name in found.column_names:
        table = table.append_column(name, found[name])
    return table


def predictions_table(connection: Connection, chosen: "pa.Table") -> "pa.Table":
    """Per run its predicted class of every test image in canonical order (``classes``)."""
    packed = read_of_runs(connection, predictions, chosen["run_id"].to_pylist())
    classes = [unpack_predictions(value) for value in packed["packed"].to_pylist()]
    return packed.drop_columns("packed").append_column("classes", class_lists(classes))


def answers_table(connection: Connection, chosen: "pa.Table") -> "pa.Table":
    """Per data set of these runs the true class of every test image in canonical order."""
    import pyarrow as pa

    digests = read_data_digests(connection, dict.fromkeys(chosen["run_id"].to_pylist()))
    found = read_answers(connection, sorted(set(digests.values())))
    names = sorted(found)
    return pa.table(
        {
            "data_digest": pa.array(names, pa.string()),
            "num_classes": pa.array([found[name].num_classes for name in names], pa.int64()),
            "labels": class_lists([found[name].labels for name in names]),
        }
    )


def probes_table(connection: Connection, chosen: "pa.Table") -> "pa.Table":
    """Signal flow of every row of a runs table: its labels, then the fields of ProbeRow."""
    import pyarrow as pa

    packed = packed_probes_table(connection, chosen).to_pylist()
    rows = [(run["run_id"], row) for run in packed for row in unpack_probes(run["packed"])]
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    columns = {"run_id": pa.array([run_id for run_id, _ in rows], pa.string())}
    for name, kind in PROBE_COLUMNS.items():
        columns[name] = pa.array([getattr(row, name) for _, row in rows], kinds[kind])
    return _labelled(chosen, pa.table(columns))


def packed_probes_table(connection: Connection, chosen: "pa.Table") -> "pa.Table":
    """Per run what the store keeps in the place of probes (``packed``)."""
    return read_of_runs(connection, probes, chosen["run_id"].to_pylist())


def _specs(asked: Iterable[str], seeds: Iterable[int]) -> list[RunSpec]:
    """The spec of every row; a label is parsed once, however many seeds it has."""
    by_label: dict[str, RunSpec] = {}
    specs = []
    for text, seed in zip(asked, seeds, strict=True):
        if text not in by_label:
            by_label[text] = RunSpec.model_validate({**json.loads(text), "seed": seed})
        specs.append(by_label[text].model_copy(update={"seed": seed}))
    return specs


def _further_factors(
    connection: Connection, study: str | None, specs: Sequence[RunSpec]
) -> dict[str, list[Any]]:
    """Values of the further factors, by column name, in the order of TrainSpec."""
    varied = {
        factor
        for stored in read_studies(connection)
        if study in (None, stored.study)
        for factor in stored.spec.factors
    }
    columns: dict[str, list[Any]] = {}
    for name in TrainSpec.model_fields:
        values = [None if spec.task else getattr(spec.train, name) for spec in specs]
        ours = {value for value, spec in zip(values, specs, strict=True) if spec.task is None}
        if f"train.{name}" in varied or len(ours) > 1:
            columns[f"train.{name}"] = values
    return columns | setting_columns(specs, varied)
