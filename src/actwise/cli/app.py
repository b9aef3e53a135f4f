"""The tree of commands. Each group is a module of its own; nothing heavy is imported here."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from .. import __version__
from . import (
    analyzing,
    catalogue,
    costs,
    data,
    diagnosing,
    exporting,
    planning,
    recommending,
    reporting,
    running,
    show_activation,
    show_run,
    starting,
    status,
    stores,
    surgery,
    tables,
    watching,
)
from .plain_help import Command, PlainGroup

_Commands = Mapping[str, Callable[..., object]]

app = typer.Typer(
    cls=PlainGroup,
    help="Which activation function should this network use? Factorial studies, with evidence.",
    no_args_is_help=True,
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


def _add(group: typer.Typer, commands: _Commands) -> None:
    for name, command in commands.items():
        group.command(name, cls=Command)(command)


_COMMANDS: _Commands = {
    "demo": running.demo,
    "init": starting.init,
    "plan": planning.plan,
    "run": running.run,
    "audit": surgery.audit,
    "swap": surgery.swap,
    "cost": costs.cost,
    "diagnose": diagnosing.diagnose,
    "recommend": recommending.recommend,
    "status": status.status,
    "watch": watching.watch,
    "table": tables.table,
    "analyze": analyzing.analyze,
    "report": reporting.report,
    "export": exporting.export,
    "import": exporting.import_exports,
}
_GROUPS: Mapping[str, tuple[str, _Commands]] = {
    "list": (
        "What there is to study: activations, models, data sets ...",
        catalogue.COMMANDS,
    ),
    "show": (
        "One activation or one run in full.",
        {"activation": show_activation.show_activation, "run": show_run.show_run},
    ),
    "data": (
        "Data sets: what is here, download, verify.",
        {"list": data.list_data, "fetch": data.fetch, "verify": data.verify},
    ),
    "store": (
        "Copy a store, take runs out of it, clean it up.",
        {"copy": stores.copy, "rm": stores.remove, "gc": stores.collect_garbage},
    ),
}
_add(app, _COMMANDS)
for _name, (_help, _members) in _GROUPS.items():
    _group = typer.Typer(cls=PlainGroup, help=_help, no_args_is_help=True)
    _add(_group, _members)
    app.add_typer(_group, name=_name)
