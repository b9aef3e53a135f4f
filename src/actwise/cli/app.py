"""The tree of commands. Each group is a module of its own; nothing heavy is imported here."""

from typing import Annotated

import typer

from .. import __version__
from . import (
    analyzing,
    catalogue,
    data,
    exporting,
    planning,
    reporting,
    running,
    show_activation,
    show_run,
    status,
    stores,
    tables,
)


def _group(help: str) -> typer.Typer:
    return typer.Typer(help=help, no_args_is_help=True)


app = typer.Typer(
    help="Which activation function should this network use? Factorial studies, with evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"actwise {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    pass


app.command("demo")(running.demo)
app.command("plan")(planning.plan)
app.command("run")(running.run)
app.command("status")(status.status)
app.command("table")(tables.table)
app.command("analyze")(analyzing.analyze)
app.command("report")(reporting.report)
app.command("export")(exporting.export)
app.command("import")(exporting.import_exports)

list_app = _group("What there is to study: activations, models, data sets ...")
for name, command in catalogue.COMMANDS.items():
    list_app.command(name)(command)
app.add_typer(list_app, name="list")

show_app = _group("One activation or one run in full.")
show_app.command("activation")(show_activation.show_activation)
show_app.command("run")(show_run.show_run)
app.add_typer(show_app, name="show")

data_app = _group("Data sets: what is here, download, verify.")
data_app.command("list")(data.list_data)
data_app.command("fetch")(data.fetch)
data_app.command("verify")(data.verify)
app.add_typer(data_app, name="data")

store_app = _group("Copy a store, take runs out of it, clean it up.")
store_app.command("copy")(stores.copy)
store_app.command("rm")(stores.remove)
store_app.command("gc")(stores.collect_garbage)
app.add_typer(store_app, name="store")
