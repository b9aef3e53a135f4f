"""Tables as other programs write them: which one wrote a table, and its rows, one a run."""

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..errors import DataError, UnknownNameError
from .csv_file import PlacedRow
from .values import check_columns
from .wording import PARENT


@dataclass(frozen=True)
class Program:
    """How a program names the columns of a table of runs.

    Attributes:
        title: Its name, as people write it.
        marks: Alternatives; each a list of patterns (``a|b_*``) that all match some column.
        settings: Beginnings of columns with what was set.
        notes: Beginnings of columns with what was noted beside it.
        measured: Beginnings of columns with what was measured.
        objective: The column of what was optimised, whatever that is; several begin so.
    """

    title: str
    marks: tuple[tuple[str, ...], ...]
    settings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    objective: str = ""

    def lacks(self, columns: Sequence[str]) -> list[str]:
        """The marks that no column bears, of the alternative that lacks least."""

        def is_borne(mark: str) -> bool:
            return any(fnmatchcase(c, part) for c in columns for part in mark.split("|"))

        borne = {marks: sum(map(is_borne, marks)) / len(marks) for marks in self.marks}
        return [mark for mark in max(borne, key=borne.__getitem__) if not is_borne(mark)]


PROGRAMS: Mapping[str, Program] = {
    "wandb": Program(
        "Weights & Biases",
        (("State", "Name|ID", "Created|Runtime|Sweep|User"), ("config", "summary|summary_*")),
        settings=("config.", "config/"),
        measured=("summary.", "summary/", "summary_metrics."),
    ),
    "optuna": Program(
        "Optuna",
        (("number", "state", "value|values_*", "params_*"),),
        settings=("params_",),
        notes=("user_attrs_",),
        measured=("user_attrs_",),
        objective="value",
    ),
    "mlflow": Program(
        "MLflow",
        (("run_id", "metrics.*", "params.*|tags.*"), ("Run ID", "Source Name|Source Type")),
        settings=("params.",),
        notes=("tags.",),
        measured=("metrics.",),
    ),
    "tensorboard": Program(
        "TensorBoard", (("run", "tag", "step", "value"),), settings=(_OF_RUN := "run.",)
    ),
}
"""By the word for ``--preset``."""
_PARENT_ID = "tags.mlflow.parentRunId"
_CURVE = {"wall time", "step", "value"}
_CHART = re.compile(r".+__(MIN|MAX)")
_IN_NAME = re.compile(r"(?:^|[,;/_ ])([A-Za-z][\w.]*?)=([^,;/]*?)(?=$|[,;/]|_[A-Za-z][\w.]*=)")


def program_of(preset: str | None, columns: Sequence[str], table: str) -> Program | None:
    """The program that is said, or the one whose marks the columns bear; None for neither.

    Raises:
        UnknownNameError: for a preset that is none.
        DataError: for a table that is not of the program that is said, and for one of one curve,
            which is not one row a run.
    """
    if preset is not None and preset not in PROGRAMS:
        raise UnknownNameError("preset", preset, tuple(PROGRAMS))
    if {column.casefold() for column in columns} == _CURVE or any(map(_CHART.fullmatch, columns)):
        raise DataError(
            f"a table with the columns {', '.join(columns[:4])} holds the curve of a chart, one "
            "row a step; what is needed is one row a run: activation, seed, accuracy"
        )
    if preset is None:
        return next((found for found in PROGRAMS.values() if not found.lacks(columns)), None)
    program = PROGRAMS[preset]
    known = (*program.settings, *program.notes, *program.measured)
    lacking = program.lacks(columns)
    # People choose what they download: half of the marks will do.
    is_other = 2 * len(lacking) > len(program.marks[0])
    if is_other and not any(column.startswith(known) for column in columns):
        named = ", ".join(mark.replace("|", " or ") for mark in lacking)
        raise DataError(
            f"{table} is no table of {program.title}: it has no column {named}; leave out preset "
            f"{preset!r}"
        )
    return program


def one_row_a_run(program: Program | None, rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    """The rows without nested values; of one row a run, tag and step they become one a run."""
    flat = [row.with_values(dict(_flat(row))) for row in rows]
    if program is PROGRAMS["tensorboard"]:
        return _last_values(flat)
    parents = {row.get(_PARENT_ID) for row in flat} - {None, ""}
    for row in flat if parents else ():
        if row.get("run_id") in parents:
            row["status"] = PARENT
    return flat


def mark_cut_short(rows: Sequence[PlacedRow], column: str) -> None:
    """Give runs whose curve ends before that of others a status that says so.

    Args:
        rows: From :func:`one_row_a_run`; only those made of one row a step have a curve.
        column: Whose curve.
    """
    ended = [row for row in rows if isinstance(row, _Run) and column in row.steps]
    most = max((row.steps[column] for row in ended), default=0.0)
    for row in ended:
        if row.steps[column] < most:
            row["status"] = f"cut short at step {row.steps[column]:g} of {most:g}"


def _flat(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        inner = _literal(value) if name in ("config", "summary", "summary_metrics") else value
        if isinstance(inner, Mapping):
            for key, found in _flat(inner):
                # What is missing is not there: a number that is none was written down.
                is_nan = isinstance(found, float) and math.isnan(found)
                yield f"{name}.{key}", "nan" if is_nan else found
        else:
            yield name, value


def _literal(value: Any) -> Any:
    """What a cell with the text of a dictionary holds."""
    if not (isinstance(value, str) and value.startswith("{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(_NotFinite().visit(ast.parse(value, mode="eval")))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


class _NotFinite(ast.NodeTransformer):
    """``nan`` and ``inf``, which Python writes and does not read."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(float(node.id)) if node.id in ("nan", "inf") else node


class _Run(PlacedRow):
    """One row a run: what its name says (``activation=relu,seed=0``), each tag's last value."""

    def __init__(self, name: str, first: PlacedRow) -> None:
        said = {_OF_RUN + key: value for key, value in _IN_NAME.findall(name)}
        super().__init__({"run": name, **said}, table=first.table, place=first.place)
        self.steps: dict[str, float] = {}
        """By its tag, that of each value."""


def _last_values(rows: Sequence[PlacedRow]) -> list[PlacedRow]:
    check_columns(rows, ("run", "tag", "step", "value"))
    found: dict[str, _Run] = {}
    for row in rows:
        run, tag = str(row["run"]), str(row["tag"])
        mine = found.get(run) or found.setdefault(run, _Run(run, row))
        try:
            step = float(row["step"])
        except (TypeError, ValueError):
            raise DataError(f"{row.place}: step={row['step']!r} is not a number") from None
        if step >= mine.steps.get(tag, step):
            mine.steps[tag] = step
            mine[tag] = row["value"]
    return [*found.values()]
