"""``actwise export`` and ``actwise import``: results as files, and back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SpecError, UnknownNameError
from ..numbers import counted
from .options import Artifacts, AsJson, Output, Store, StudyName, Where, choose_format
from .output import print_json, print_text


def export(
    store: Store,
    what: Annotated[
        str | None,
        typer.Option(
            "--what",
            metavar="TABLE",
            help="runs (default), epochs, predictions, answers, probes, environments, looks; or "
            "all.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="tensorboard", help="Event files in a new folder DIR, one for each run."
        ),
    ] = None,
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
    from ..store.exchange import export_all, export_table, export_tensorboard, write_table

    if to is not None:
        _check_target(to, output=output, is_table=bool(what or format or json))
        assert output is not None
        with RunStore.open(store, artifacts=artifacts) as opened:
            number = export_tensorboard(opened, output, study=study, where=where or [])
        print_text(f"{counted(number, 'run')} written; tensorboard --logdir {output} shows them")
        return
    what = what or "runs"
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


def _check_target(to: str, *, output: Path | None, is_table: bool) -> None:
    if to != "tensorboard":
        raise UnknownNameError("target of export --to", to, ["tensorboard"])
    if output is None:
        raise SpecError("export --to tensorboard writes a new folder: give -o DIR")
    if is_table:
        raise SpecError("--to tensorboard chooses what is written; --what and --format do too")


def import_exports(
    store: Store,
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR", help="Folders of `export --what all`.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Where data sets lie: adds the answers to their test images that STORE lacks.",
        ),
    ] = None,
    artifacts: Artifacts = None,
    json: AsJson = False,
) -> None:
    """Bring exported results back into a store, as finished runs; ids are checked."""
    from ..store import RunStore
    from ..store.exchange import import_exports, read_exported, store_to_fill
    from ..sweep.answers import Filled, fill_answers

    if not folders and data is None:
        raise SpecError("import needs folders of `export --what all`, or --data for answers")
    exports = [read_exported(folder) for folder in folders or ()]
    with (
        store_to_fill(store, artifacts=artifacts)
        if exports
        else RunStore.open(store, artifacts=artifacts)
    ) as opened:
        imported = import_exports(exports, opened)
        filled = Filled() if data is None else fill_answers(opened, data)
    if json:
        counts = {"added": imported.num_added, "present": imported.num_present}
        print_json({**counts, "answers": filled.added, "lacking": filled.lacking})
        return
    if folders:
        print_text(
            f"{counted(imported.num_added, 'result')} added, {imported.num_present} were there "
            "already"
        )
    if data is not None:
        print_text(f"answers added of {', '.join(filled.added) or 'no data set'}")
    for level, reason in filled.lacking.items():
        print_text(f"the answers of {level} are still lacking: {reason}")
