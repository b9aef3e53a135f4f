"""Columns of trainings of the user's own: their settings, and the numbers that they gave back."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from ...spec import REQUIRED_FACTORS, RunSpec
from ..database import chunks
from ..database.schema import probes
from ..records import Metrics, unpack_metrics

if TYPE_CHECKING:
    import pyarrow as pa

SETTING, METRIC = "task.", "metric."
"""Before the name of a setting, as ``train.`` is; before that of a number with one of our names."""
_OTHERS = ("train.", SETTING, METRIC)
_TASK = '"task":{"function":'


def is_task(spec: str) -> bool:
    """Whether the JSON of a run's spec, as stores and exports hold it, has a task."""
    return _TASK in spec


def setting_of(name: str) -> str:
    """The name of a setting, or of a number, without what stands before it in tables."""
    return next((name.removeprefix(p) for p in _OTHERS if name.startswith(p)), name)


def in_full(name: str, columns: Collection[str]) -> str:
    """The column that a user means who leaves out ``task.``."""
    return name if name in columns or f"{SETTING}{name}" not in columns else f"{SETTING}{name}"


def own_settings(spec: RunSpec) -> dict[str, Any]:
    """The settings of a run of the user's own by their columns; factors of ours have their own."""
    if spec.task is None:
        return {}
    return {
        f"{SETTING}{name}": value
        for name, value in spec.task.settings.items()
        if name not in REQUIRED_FACTORS or value != getattr(spec, name)
    }


def setting_columns(specs: Sequence[RunSpec], varied: Set[str]) -> dict[str, list[Any]]:
    """The settings that a study varies, and those in which these runs differ."""
    rows = [own_settings(spec) for spec in specs]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        differs = len({repr(value) for value in values}) > 1
        if differs or name.removeprefix(SETTING) in varied:
            columns[name] = values
    return columns


def final_metrics(
    connection: Connection, run_ids: Sequence[str], *, ours: Set[str]
) -> dict[str, list[float | None]]:
    """What each run gave back at its end, by :func:`metric_column`."""
    found = _read_metrics(connection, run_ids)
    ends = {run: {name: curve[-1] for name, curve in m.items()} for run, m in found.items()}
    return {
        metric_column(name, ours): [ends.get(run, {}).get(name) for run in run_ids]
        for name in dict.fromkeys(name for end in ends.values() for name in end)
    }


def metric_curves(
    connection: Connection, epochs: "pa.Table", *, ours: Set[str]
) -> dict[str, list[float | None]]:
    """The same of every row of a table of epochs."""
    run_ids, numbers = (epochs[name].to_pylist() for name in ("run_id", "epoch"))
    found = _read_metrics(connection, dict.fromkeys(run_ids))
    names = dict.fromkeys(name for metrics in found.values() for name in metrics)
    return {
        metric_column(name, ours): [
            found[run][name][number - 1] if name in found.get(run, {}) else None
            for run, number in zip(run_ids, numbers, strict=True)
        ]
        for name in names
    }


def sum_curves(
    connection: Connection, chosen: "pa.Table", responses: Set[str]
) -> Iterator[tuple[str, str, int, int, float]]:
    """Curves of ``responses``, summed label by label: see :class:`actwise.store.CurvePoint`."""
    columns = (chosen[name].to_pylist() for name in ("study", "label", "engine_version", "run_id"))
    labels = {run: key for *key, run in zip(*columns, strict=True)}
    first: dict[tuple[Any, ...], str] = {}
    sums: dict[tuple[Any, ...], list[tuple[int, float]]] = {}
    for run, metrics in _read_metrics(connection, labels).items():
        for name in responses & metrics.keys():
            key = (*labels[run], name)
            first.setdefault(key, run)
            found = sums.setdefault(key, [])
            found += [(0, 0.0)] * (len(metrics[name]) - len(found))
            for place, value in enumerate(metrics[name]):
                count, total = found[place]
                if value is not None:
                    found[place] = (count + 1, total + value)
    for key, found in sums.items():
        for epoch, (count, total) in enumerate(found, start=1):
            if count and len(found) > 1:
                yield first[key], key[-1], epoch, count, total


def metric_column(name: str, ours: Set[str]) -> str:
    """The column of a number that a training of the user's own gave back."""
    return f"{METRIC}{name}" if name in ours or name.startswith(_OTHERS) else name


def _read_metrics(connection: Connection, run_ids: Iterable[str]) -> Mapping[str, Metrics]:
    query = select(probes.c.run_id, probes.c.packed)
    return {
        run_id: metrics
        for chunk in chunks(dict.fromkeys(run_ids))
        for run_id, packed in connection.execute(query.where(probes.c.run_id.in_(chunk)))
        if (metrics := unpack_metrics(packed))
    }
