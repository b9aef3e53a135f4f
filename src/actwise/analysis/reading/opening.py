"""Whatever an analysis takes, as an open store or as results that have been read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...store import RunStore
from ..table import Observations
from .files import read_file, read_table_rows
from .published import read_bank
from .selection import Row, Selection
from .study_results import StudyResults, count_flow


@contextmanager
def open_source(
    given: StudyResults | Observations | RunStore | Sequence[Row] | str | Path, selection: Selection
) -> Iterator[StudyResults | RunStore]:
    """Whatever :func:`analyze` takes, as an open store or as results that have been read."""
    if isinstance(given, StudyResults | RunStore):
        yield given
    elif isinstance(given, Observations):
        yield StudyResults("rows", "observations", "observations", given, count_flow(given))
    elif not isinstance(given, str | Path):
        yield read_table_rows(given, selection)
    elif str(given).startswith("bank:"):
        yield read_bank(str(given).removeprefix("bank:"), selection)
    elif str(given).lower().endswith((".csv", ".tsv")):
        yield read_file(Path(given), selection)
    else:
        with RunStore.open(given) as store:
            yield store
