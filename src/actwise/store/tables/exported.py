"""The columns of every exported table that an import reads, as the database has them."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ARRAY, Column, ColumnElement, Integer, Label

from ..database.schema import answers, epochs, probes
from .beside import ENVIRONMENT_COLUMNS, LOOK_COLUMNS, STUDY_COLUMNS, STUDY_RUN_COLUMNS
from .runs import RESTORED, RUN_COLUMNS

Columns = Mapping[str, Column[object]]
"""By the names that they have in the table."""


def _classes(name: str) -> Column[object]:
    """Class indices, which the database has packed."""
    return Column(name, ARRAY(Integer), nullable=False)


def _by_name(columns: Iterable[ColumnElement[object]]) -> Columns:
    found = {}
    for column in columns:
        stored = column.element if isinstance(column, Label) else column
        assert isinstance(stored, Column), "tables of an export hold columns of the database"
        found[column.key or stored.name] = stored
    return found


EXPORTED: Mapping[str, Columns] = {
    "studies": _by_name(STUDY_COLUMNS),
    "study_runs": _by_name(STUDY_RUN_COLUMNS),
    "environments": _by_name(ENVIRONMENT_COLUMNS),
    "runs": _by_name((*RUN_COLUMNS, *RESTORED)),
    # Labels would be read for every epoch of every run.
    "epochs": _by_name(epochs.c),
    "predictions": _by_name((probes.c.run_id, _classes("classes"))),
    "answers": _by_name((answers.c.data_digest, answers.c.num_classes, _classes("labels"))),
    "probes": _by_name(probes.c),
    "looks": _by_name(LOOK_COLUMNS),
}
"""By the names of the tables."""
