"""Whatever an analysis takes, as an open store or as results that have been read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from ...errors import DataError
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


def _rows(given: PandasFrame | PolarsFrame | Sequence[Row]) -> Sequence[Row]:
    if isinstance(given, Sequence):
        return given
    names = [name for name in ("to_dicts", "to_dict") if hasattr(given, name)]
    if not names:
        raise DataError(
            f"rows of runs are a list of dictionaries or a DataFrame, not {given!r:.60}"
        )
    read = getattr(given, names[0])
    rows: list[Row] = read() if names[0] == "to_dicts" else read(orient="records")
    return rows
