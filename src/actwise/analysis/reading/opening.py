"""Whatever an analysis takes, as an open store or as results that have been read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from ...errors import DataError
from ...rows import refuse_twins
from ...store import RunStore
from ..table import Observations
from .files import read_file, read_table_rows
from .published import read_bank
from .selection import Row, Selection
from .study_results import StudyResults, count_flow


class PandasFrame(Protocol):
    """A DataFrame of pandas, as far as it is used here."""

    def to_dict(self, orient: Literal["records"]) -> list[dict[str, Any]]:
        """One dictionary a row."""


class PolarsFrame(Protocol):
    """A DataFrame of polars, as far as it is used here."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary a row."""


Results: TypeAlias = (
    StudyResults | Observations | RunStore | PandasFrame | PolarsFrame | Sequence[Row] | str | Path
)
"""Whatever :func:`analyze` takes."""


@contextmanager
def open_source(given: Results, selection: Selection) -> Iterator[StudyResults | RunStore]:
    """Whatever :func:`analyze` takes, as an open store or as results that have been read."""
    if isinstance(given, StudyResults | RunStore):
        yield given
    elif isinstance(given, Observations):
        yield StudyResults("rows", "observations", "observations", given, count_flow(given))
    elif not isinstance(given, str | Path):
        yield read_table_rows(_rows(given), selection)
    elif str(given).startswith("bank:"):
        yield read_bank(str(given).removeprefix("bank:"), selection)
    elif str(given).lower().endswith((".csv", ".tsv")):
        yield read_file(Path(given), selection)
    else:
        with RunStore.open(given) as store:
            yield store


def _rows(given: Any) -> Sequence[Row]:
    """Rows at hand; those of a pandas DataFrame with the named levels of its index.

    Raises:
        DataError: for what has no rows, or whose columns have no names of their own.
    """
    if isinstance(given, Sequence):
        return given
    if hasattr(given, "to_dicts"):
        rows: list[Row] = given.to_dicts()
        return rows
    if not (hasattr(given, "to_dict") and hasattr(given, "columns")):
        raise DataError(
            f"rows of runs are a list of dictionaries or a DataFrame, not {type(given).__name__}"
        )
    if given.columns.nlevels > 1:
        raise DataError(
            "the DataFrame has several levels of names above its columns; join them, as in "
            "frame.columns = ['_'.join(names) for names in frame.columns]"
        )
    named = [name is not None for name in given.index.names]
    if len(named) > 1 and not all(named):
        raise DataError(
            "the DataFrame has several levels in its index, not all with a name; "
            "frame.reset_index() makes them columns"
        )
    if any(named):
        given = given.reset_index(allow_duplicates=True)
    refuse_twins(given.columns, "the DataFrame" + " with its index" * any(named))
    present: PandasFrame = given.astype(object).where(given.notna(), None)
    return present.to_dict(orient="records")
