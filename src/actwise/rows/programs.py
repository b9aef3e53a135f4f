"""Tables as other programs write them: which one wrote a table, and its rows, one a run."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DataError, UnknownNameError
from .csv_file import PlacedRow


@dataclass(frozen=True)
class Program:
    """How a program names the columns of a table of runs.

    Attributes:
        title: Its name, as people write it.
        marks: Alternatives; each a list of patterns that all match some column.
        settings: Beginnings of columns with what was set.
        notes: Beginnings of columns with what was noted beside it.
        measured: Beginnings of columns with what was measured.
        objective: The column of what was optimised, whatever that is.
    """

    title: str
    marks: tuple[tuple[str, ...], ...]
    settings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    objective: str | None = None

    def wrote(self, columns: Sequence[str]) -> bool:
        return any(
            all(any(re.fullmatch(mark, column) for column in columns) for mark in marks)
            for marks in self.marks
        )


PROGRAMS: Mapping[str, Program] = {
    "wandb": Program(
        "Weights & Biases",
        (("State", "Name|ID", "Created|Runtime|Sweep|User"), ("name", "config", "summary")),
        settings=("config.", "config/"),
        measured=("summary.", "summary/", "summary_metrics."),
    ),
    "optuna": Program(
        "Optuna",
        (("number", "state", "values?(_.*)?", "params_.*"),),
        settings=("params_",),
        notes=("user_attrs_",),
        measured=("user_attrs_",),
        objective="value",
    ),
    "mlflow": Program(
        "MLflow",
        (("run_id", "metrics[.].*", "(params|tags)[.].*"), ("Run ID", "Source Name|Source Type")),
        settings=("params.",),
        notes=("tags.",),
        measured=("metrics.",),
    ),
    "tensorboard": Program("TensorBoard", (("run", "tag", "step", "value"),)),
}
"""By the word for ``--preset``."""
_CURVE = {"wall time", "step", "value"}
_CHART = re.compile(r".+__(MIN|MAX)")
_IN_NAME = re.compile(r"(?:^|[,;/_ ])([A-Za-z][\w.]*?)=([^,;/]*?)(?=$|[,;/]|_[A-Za-z][\w.]*=)")


def program_of(preset: str | None, columns: Sequence[str]) -> Program | None:
    """The program that is said, or the one whose marks the columns bear; None for neither.

    Raises:
        UnknownNameError: for a preset that is none.
        DataError: for a table of one curve, which is not one row a run.
    """
    if preset is not None and preset not in PROGRAMS:
        raise UnknownNameError("preset", preset, tuple(PROGRAMS))
    if {column.casefold() for column in columns} == _CURVE or any(map(_CHART.fullmatch, columns)):
        raise DataError(
            f"a table with the columns {', '.join(columns[:4])} holds the curve of a chart, one "
            "row a step; what is needed is one row a run: activation, seed, accuracy"
        )
    if preset is not None:
        return PROGRAMS[preset]
    return next((program for program in PROGRAMS.values() if program.wrote(columns)), None)


def one_row_a_run(program: Program | None, rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    """The rows without nested values; of one row a run, tag and step they become one a run."""
    flat = [PlacedRow(dict(_flat(row)), table=row.table, place=row.place) for row in rows]
    is_long = program is PROGRAMS["tensorboard"] and bool(flat) and program.wrote([*flat[0]])
    return _last_values(flat) if is_long else flat


def _flat(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        inner = _literal(value) if name in ("config", "summary", "summary_metrics") else value
        if isinstance(inner, Mapping):
            yield from ((f"{name}.{key}", found) for key, found in _flat(inner))
        else:
            yield name, value


def _literal(value: Any) -> Any:
    """What a cell with the text of a dictionary holds."""
    if not (isinstance(value, str) and value.startswith("{")):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def _last_values(rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    """One row a run: what its name says (``activation=relu,seed=0``), each tag's last value."""
    found: dict[str, PlacedRow] = {}
    steps: dict[tuple[str, str], float] = {}
    for row in rows:
        run, tag = str(row["run"]), str(row["tag"])
        values = {"run": run, **dict(_IN_NAME.findall(run))}
        mine = found.setdefault(run, PlacedRow(values, table=row.table, place=row.place))
        try:
            step = float(row["step"])
        except (TypeError, ValueError):
            raise DataError(f"{row.place}: step={row['step']!r} is not a number") from None
        if step >= steps.get((run, tag), step):
            steps[run, tag] = step
            mine[tag] = row["value"]
    columns = dict.fromkeys(name for row in found.values() for name in row)
    for row in found.values():
        for name in columns:
            row.setdefault(name, "")
    return [*found.values()]
