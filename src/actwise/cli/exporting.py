"""``actwise export`` and ``actwise import``: results as files, and back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SpecError
from .options import Artifacts, Json, Output, Store, StudyName, Where, choose_format
from .output import count, print_json, print_text


def export(
    store: Store,
    what: Annotated[
        str,
        typer.Option(
            "--what",
            metavar="TABLE",
            help="runs, epochs, predictions, probes, environments, looks; or all, into a folder.",
        ),
    ] = "runs",
    format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="csv, parquet or json (default: by FILE, or csv)."
        ),
    ] = None,
    output: Output = None,
    study: StudyName = None,
    where: Where = None,
    artifacts: Artifacts = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Write a table of results; `--what all -o DIR` writes all that `import` reads back."""
    from ..store import RunStore
    from ..store.exchange import export_all, export_table, write_table

    if what == "all" and output is None:
        raise SpecError("export --what all writes a new folder: give -o DIR")
    if what == "all" and study is not None:
        raise SpecError("export --what all keeps all plans; choose runs by --where study=NAME")
    if what == "all" and format not in (None, "parquet"):
        raise SpecError(f"export --what all writes Parquet files; --format {format} has no effect")
    with RunStore.open(store, artifacts=artifacts) as opened:
        if what == "all":
            assert output is not None
            files = [str(path) for path in export_all(opened, output, where=where or [])]
            print_json(files) if json else print_text(*files)
            return
        table = export_table(opened, what, study=study, where=where or [])
    format = choose_format(format, output=output, is_json=json, default="csv")
    if output is None and format == "parquet" and sys.stdout.isatty():
        raise SpecError("export --format parquet is binary: give -o FILE")
    write_table(table, output or sys.stdout.buffer, format)


def import_exports(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR", help="Folders of `export --what all`.")
    ],
    store: Store,
    artifacts: Artifacts = None,
    json: Json = False,
) -> None:
    """Bring exported results back into a store, as finished runs; ids are checked."""
    from ..store import RunStore
    from ..store.exchange import import_folders, read_exported

    for folder in folders:  # Before a store is made for nothing.
        read_exported(folder)
    with RunStore.open(store, create=True, artifacts=artifacts) as opened:
        imported = import_folders(folders, opened)
    if json:
        print_json({"added": imported.num_added, "present": imported.num_present})
        return
    print_text(
        f"{count(imported.num_added, 'result')} added, {imported.num_present} were there already"
    )
