"""A study's results as cells: mean and spread over seeds, and what is missing.

A cell is every setting but the seed. Nothing is averaged over settings that differ: what differs
between the cells becomes a factor of the table, what does not is its scope. A run that stands in
several studies, or under one label twice, counts once.
"""

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from ...errors import SpecError
from ...spec import REQUIRED_FACTORS, RunSpec, TrainSpec
from ...store import Outdated, StoredRun
from ...store.tables import OUTDATED, array_of, in_full, keep_where, own_settings
from .response import TEST_ACCURACY, Response

Setting = bool | int | float | str | tuple[float, ...] | None
_Key = tuple[tuple[str, Setting], ...]

SETTINGS = (
    *REQUIRED_FACTORS,
    "width",
    *(f"train.{name}" for name in TrainSpec.model_fields),
    "engine_version",
)
"""Names of everything that tells cells of our trainings apart."""


@dataclass(frozen=True)
class TableCell:
    """The runs of one cell.

    Attributes:
        settings: As asked for: :data:`SETTINGS`; of a training of the user's own, which has no
            width and no protocol, its own settings.
        values: The response of each finished run, by seed.
        num_diverged: Runs that ended with a non-finite loss: results, not in the mean.
        num_failed: Runs that ended with an exception.
        num_missing: Runs that are planned and have no result.
        is_aliased: Whether another label stands for the same network and data.
        interval: Of the mean, 95 %, in percent; see ``precision.means``. None without.
    """

    settings: Mapping[str, Setting]
    values: tuple[float, ...] = ()
    num_diverged: int = 0
    num_failed: int = 0
    num_missing: int = 0
    is_aliased: bool = False
    interval: tuple[float, float] | None = None

    def __getitem__(self, setting: str) -> Setting:
        """The value of a setting; None where the cell has no such."""
        return self.settings.get(setting)

    @property
    def num_finished(self) -> int:
        """Runs in the mean."""
        return len(self.values)

    @property
    def num_runs(self) -> int:
        """Runs planned or recorded, whatever became of them."""
        return self.num_finished + self.num_diverged + self.num_failed + self.num_missing

    @property
    def mean(self) -> float | None:
        """Mean over the finished runs; None without one."""
        return math.fsum(self.values) / len(self.values) if self.values else None

    @property
    def sd(self) -> float | None:
        """Sample standard deviation (n - 1) over the finished runs; None below two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True)
class Table:
    """Cells in the order of their plans.

    Attributes:
        studies: Names of the studies that the runs were asked for in.
        seeds: Every seed planned or recorded, rising.
        environments: Numerics fingerprints of the runs, each with its seeds, rising.
        error: What the intervals of the means rest on; "" where none can be told, None where
            nobody asked for them.
        response: What ``values`` are.
        outdated: Runs that are left out, since code or data of users changed.
        mixtures: What is to be said of runs that are not, though they may be no replicates.
        labels: Names of levels for readers; the cells hold the levels themselves.
        accidents: Why the last attempt of runs without a result ended, and of how many.
    """

    cells: tuple[TableCell, ...]
    studies: tuple[str, ...]
    seeds: tuple[int, ...]
    environments: Mapping[str, tuple[int, ...]]
    error: str | None = None
    response: Response = TEST_ACCURACY
    outdated: tuple[Outdated, ...] = ()
    mixtures: tuple[str, ...] = ()
    accidents: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def levels(self) -> Mapping[str, tuple[Setting, ...]]:
        """The values of every setting, in order of first appearance; 1 and true are two."""
        names = dict.fromkeys(name for cell in self.cells for name in cell.settings)
        return {name: _distinct(cell[name] for cell in self.cells) for name in names}

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Dataset, model, regularization, activation, and every other setting that differs."""
        varying = (name for name, values in self.levels.items() if len(values) > 1)
        return tuple(dict.fromkeys((*REQUIRED_FACTORS, *varying)))

    @cached_property
    def scope(self) -> Mapping[str, Setting]:
        """The settings that all cells share, beside those that are factors."""
        return {n: values[0] for n, values in self.levels.items() if n not in self.factors}


def make_table(
    rows: Iterable[Mapping[str, Any]],
    planned: Iterable[StoredRun] = (),
    response: Response = TEST_ACCURACY,
    outdated: Iterable[Outdated] = (),
) -> Table:
    """Cells from results and plans.

    Args:
        rows: Rows of ``export --what runs``; outdated ones are passed over.
        planned: What those studies planned (:meth:`RunStore.planned`); a planned run without a
            row is missing. Absent = only what has a result.
        response: What the cells are made of; a column of the rows, where they have one.
        outdated: What is left out, and why, for who reads the table.

    Raises:
        SpecError: if rows lack a column of the export, or a label is damaged.
    """
    groups: dict[str, _Group] = {}
    studies: dict[str, None] = {}
    environments: dict[str, set[int]] = {}
    for line in planned:
        group = _group(groups, line.asked, line.engine_version)
        group.planned[line.run_id] = line.seed
        group.is_aliased |= line.is_aliased
        studies[line.study] = None
    for row in rows:
        if row.get(OUTDATED):
            continue
        try:
            group = _group(groups, _without_seed(row["spec"]), row["engine_version"])
            value = row.get(response.column) if response.is_task else row[response.column]
            group.results[row["run_id"]] = (row["seed"], row["status"], value)
            group.is_aliased |= row["aliased"]
            studies[row["study"]] = None
            environments.setdefault(row["environment"], set()).add(row["seed"])
        except KeyError as error:
            raise SpecError(f"the table of runs has no column {error}; is it an export?") from None
    return Table(
        cells=tuple(group.cell() for group in groups.values()),
        studies=tuple(studies),
        seeds=tuple(sorted({seed for group in groups.values() for seed in group.seeds()})),
        environments={name: tuple(sorted(environments[name])) for name in sorted(environments)},
        response=response,
        outdated=tuple(outdated),
    )


def select_planned(planned: Sequence[StoredRun], where: Sequence[str]) -> list[StoredRun]:
    """The lines of a plan that stand beside rows chosen by ``--where``.

    A condition on a setting, the seed or the study chooses among the lines. Where one is about
    results (``status=diverged``), no line without a result can meet it: the plan counts for
    nothing.

    Raises:
        SpecError: if a condition is not FIELD=VALUE.
        UnknownNameError: if no line of the plan has such a value.
    """
    if not where:
        return list(planned)
    import pyarrow as pa

    columns: dict[str, list[Any]] = {
        "study": [line.study for line in planned],
        "run_id": [line.run_id for line in planned],
        "seed": [line.seed for line in planned],
    }
    settings = [planned_settings(line) for line in planned]
    for name in dict.fromkeys((*SETTINGS, *(name for known in settings for name in known))):
        columns[name] = [known.get(name) for known in settings]
    if any(
        in_full(condition.partition("=")[0].strip(), columns) not in columns for condition in where
    ):
        return []
    arrays = {name: array_of(values) for name, values in columns.items()}
    lines = pa.table({**arrays, "position": range(len(planned))})
    known = {name: _distinct(array.to_pylist()) for name, array in arrays.items()}
    return [planned[i] for i in keep_where(lines, where, known=known)["position"].to_pylist()]


def planned_settings(line: StoredRun) -> dict[str, Setting]:
    """All settings of a line of a plan but its seed, defaults filled in."""
    _, key = _named(line.asked, line.engine_version)
    return dict(key)


@dataclass
class _Group:
    """What is known of one cell, by run id, while rows come in."""

    settings: _Key
    planned: dict[str, int] = field(default_factory=dict)
    results: dict[str, tuple[int, str, float | None]] = field(default_factory=dict)
    is_aliased: bool = False

    def seeds(self) -> set[int]:
        return {*self.planned.values(), *(seed for seed, _, _ in self.results.values())}

    def cell(self) -> TableCell:
        results = sorted(self.results.values(), key=lambda result: result[0])
        statuses = [status for _, status, _ in results]
        return TableCell(
            settings=dict(self.settings),
            values=tuple(
                value for _, status, value in results if status == "finished" and value is not None
            ),
            num_diverged=statuses.count("diverged"),
            num_failed=statuses.count("failed"),
            num_missing=len(self.planned.keys() - self.results.keys()),
            is_aliased=self.is_aliased,
        )


def _group(groups: dict[str, _Group], asked: str, engine_version: int) -> _Group:
    """The group of a label: by the text of its settings, since 1, 1.0 and true are equal."""
    name, key = _named(asked, engine_version)
    return groups.setdefault(name, _Group(key))


@lru_cache(maxsize=65_536)
def _named(asked: str, engine_version: int) -> tuple[str, _Key]:
    """All settings, defaults filled in, and before them their text."""
    spec = RunSpec.model_validate({**json.loads(asked), "seed": 0})
    settings = {name: getattr(spec, name) for name in REQUIRED_FACTORS}
    if spec.task is not None:
        settings |= own_settings(spec)
    else:
        settings["width"] = spec.width
        settings |= {f"train.{name}": getattr(spec.train, name) for name in TrainSpec.model_fields}
    key = (*settings.items(), ("engine_version", engine_version))
    return repr(key), key


def _without_seed(spec_json: str) -> str:
    """The label in a row's spec: replicates get one text, so that it is parsed once."""
    settings = json.loads(spec_json)
    del settings["seed"]
    return json.dumps(settings, sort_keys=True)


def _distinct(values: Iterable[Setting]) -> tuple[Setting, ...]:
    """Each once; those that differ in their type alone are two."""
    return tuple({repr(value): value for value in values}.values())
