"""Results as TensorBoard reads them: an event file for each run, in a folder of its own."""

import importlib.util
import io
import itertools
import json
import math
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ...errors import SpecError
from ..database.schema import runs
from ..store import RunStore
from ..tables import epochs_table
from .export import choose_runs
from .output import made_folder, refuse_new_folder, write_file

_TAGS = {
    "train_loss": "train/loss",
    "train_accuracy": "train/accuracy",
    "learning_rate": "train/learning_rate",
    "validation_loss": "validation/loss",
    "validation_accuracy": "validation/accuracy",
    "test_loss": "test/loss",
    "test_accuracy": "test/accuracy",
}
"""Of the columns of epochs; what a training of the user's own gave back keeps its name."""
_RESULTS = ("test_accuracy", "best_test_accuracy", "validation_accuracy", "test_loss")
_LABELS = ("dataset", "model", "regularization", "activation")
_UNSAFE = re.compile(r"[^A-Za-z0-9._+()=-]+")
_MOST_CHARACTERS = 120
_Row = Mapping[str, Any]


def export_tensorboard(
    store: RunStore, folder: Path, *, study: str | None = None, where: Sequence[str] = ()
) -> int:
    """Write curves, final numbers and hyperparameters of runs with a result.

    Args:
        store: Any store, also one that is being written.
        folder: Is made; each run gets a folder in that of its study.
        study: Only this study.
        where: Conditions ``FIELD=VALUE`` on the columns of ``export --what runs``.

    Returns:
        How many runs were written.

    Raises:
        SpecError: if the extra ``tensorboard`` is not installed, if a condition is not
            FIELD=VALUE, or if the folder is there and not empty, or a part of a store.
        UnknownNameError: if the study or a field of a condition is not known.
        OutputError: if it cannot be written; then nothing of it is left.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise SpecError(
            "export --to tensorboard needs TensorBoard: pip install 'actwise[tensorboard]'"
        )
    refuse_new_folder(folder)

    def read(connection: Connection) -> tuple[list[_Row], list[_Row]]:
        chosen = choose_runs(connection, study, where, further=(runs.c.recorded_at,))
        return chosen.to_pylist(), epochs_table(connection, chosen).to_pylist()

    chosen, curves = store.database.read(read)
    names = _folder_names(chosen)
    epochs = iter(curves)
    with made_folder(folder):
        try:
            for row, name in zip(chosen, names, strict=True):
                mine = [next(epochs) for _ in range(row["epochs"])]
                target = folder / row["study"] / name
                target.mkdir(parents=True)
                write_file(target / "events.out.tfevents.0.actwise", _events(row, mine))
        except BaseException:
            for path in folder.iterdir():
                shutil.rmtree(path, ignore_errors=True)
            raise
    return len(names)


def _folder_names(rows: Sequence[_Row]) -> list[str]:
    """What tells runs apart, as far as a file system can say it; the run's id makes it unique."""
    found: dict[tuple[str, str], int] = {}
    names = []
    for row in rows:
        levels = "_".join(_UNSAFE.sub("-", str(row[name])) for name in _LABELS)
        name = f"{levels[:_MOST_CHARACTERS]}_seed{row['seed']}_{row['run_id'][:8]}"
        count = found[row["study"], name] = found.get((row["study"], name), 0) + 1
        names.append(name if count == 1 else f"{name}_{count}")
    return names


def _events(row: _Row, epochs: Sequence[_Row]) -> bytes:
    """The content of one event file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.summary.writer.record_writer import RecordWriter

    end = datetime.fromisoformat(row["recorded_at"]).timestamp()
    start = end - row["train_seconds"]
    status = api_pb2.STATUS_FAILURE if row["status"] == "failed" else api_pb2.STATUS_SUCCESS
    ended = plugin_data_pb2.HParamsPluginData(
        version=metadata.PLUGIN_DATA_VERSION,
        session_end_info=plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=end),
    )
    settings = hparams_pb(_hyperparameters(row), row["run_id"], start)
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=start, file_version="brain.Event:2").SerializeToString())
    writer.write(Event(wall_time=start, summary=settings).SerializeToString())
    for seconds, step, tag, value in _scalars(row, epochs):
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        event = Event(wall_time=start + seconds, step=step, summary=summary)
        writer.write(event.SerializeToString())
    plugin = SummaryMetadata.PluginData(
        plugin_name=metadata.PLUGIN_NAME, content=ended.SerializeToString()
    )
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG, metadata=SummaryMetadata(plugin_data=plugin)
    )
    writer.write(Event(wall_time=end, summary=Summary(value=[value])).SerializeToString())
    return file.getvalue()


def _scalars(row: _Row, epochs: Sequence[_Row]) -> Iterator[tuple[float, int, str, float]]:
    """(seconds since the start, epoch, tag, value) of every number that is known."""
    seconds = 0.0
    # Before its results a row has what the run is; the rows of its epochs repeat it.
    passed_over = {*itertools.takewhile(lambda name: name != "status", row), "epoch", "seconds"}
    for epoch in epochs:
        seconds += epoch["seconds"] or 0.0
        for name, value in epoch.items():
            if name not in passed_over and value is not None:
                yield seconds, epoch["epoch"], _TAGS.get(name, name), value
    for name in _RESULTS:
        if row[name] is not None:
            yield row["train_seconds"], row["epochs"], f"result/{name}", row[name]


def _hyperparameters(row: _Row) -> dict[str, Any]:
    """Every setting of a run, the seed among them, as numbers, truths and texts."""
    spec = json.loads(row["spec"])
    nested = {name: spec.pop(name, None) or {} for name in ("train", "task")}
    settings = nested["task"].pop("settings", {})
    named = spec | {f"{n}.{key}": v for n, part in nested.items() for key, v in part.items()}
    return {name: _plain(v) for name, v in (named | settings).items() if v is not None}


def _plain(value: Any) -> bool | float | str:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return json.dumps(value)
