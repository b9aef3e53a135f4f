"""``actwise table``: the results of a store in the form of the paper's Tables 3 and 4."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Artifacts, Output, Store, StudyName, Where, choose_format
from .output import print_renderables

if TYPE_CHECKING:
    from ..analysis.table import Table


def table(
    store: Store,
    study: StudyName = None,
    where: Where = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, markdown, latex, csv, parquet or json (default: by FILE, or text).",
        ),
    ] = None,
    output: Output = None,
    caption: Annotated[
        str, typer.Option("--caption", metavar="TEXT", help="Of a table in LaTeX.")
    ] = "",
    label: Annotated[
        str,
        typer.Option("--label", metavar="NAME", help="Of a table in LaTeX (default: tab:STUDY)."),
    ] = "",
    artifacts: Artifacts = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Test accuracy of every cell, mean and spread over seeds, the paper's beside it."""
    from ..report import write

    format = choose_format(format, output=output, is_json=json, default="text")
    found = read_table(store, study=study, where=where or (), artifacts=artifacts)
    if format == "text" and output is None and sys.stdout.isatty() and not (caption or label):
        print_table(found)
    else:
        write(found, format, output, caption=caption, label=label)


def read_table(
    store: str,
    *,
    study: str | None = None,
    where: Sequence[str] = (),
    artifacts: Path | None = None,
) -> "Table":
    """The cells of a store, those without a result included, with intervals of their means."""
    from ..analysis.precision import with_intervals
    from ..analysis.reading import Selection, runs_of
    from ..store import RunStore

    with RunStore.open(store, artifacts=artifacts) as opened:
        snapshot = opened.snapshot(study=study, where=where)
    found = runs_of(snapshot, Selection())
    table = with_intervals(found.table, found.observed)
    put_back = (state for state in snapshot.states.values() if state.is_put_back)
    return replace(table, accidents=Counter(state.accident or "" for state in put_back))


def print_table(table: "Table") -> None:
    """A table for people, as wide as their terminal."""
    from ..report import table_text

    print_renderables([table_text(table)])
