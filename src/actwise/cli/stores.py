"""``actwise store``: copy, take runs out, clean up."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SpecError
from ..numbers import counted
from ..printable import printable
from .options import Artifacts, AsJson, Store
from .output import print_json, print_text, size


def copy(
    destination: Annotated[
        str, typer.Argument(metavar="DEST", help="A new folder, or a URL without a store.")
    ],
    store: Store,
    artifacts: Artifacts = None,
    to_artifacts: Annotated[
        Path | None,
        typer.Option("--to-artifacts", metavar="DIR", help="A new folder, where DEST is a URL."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Copy a store as it is at one moment, while its runs go on; also to a server and back."""
    from ..store import RunStore
    from ..store.database import locate
    from ..store.exchange import copy_store

    if ("://" in destination) is (to_artifacts is None):
        raise SpecError("--to-artifacts DIR goes with a DEST that is a URL, and with no other")
    shown = locate(destination, artifacts=to_artifacts).shown
    with RunStore.open(store, artifacts=artifacts) as opened:
        copied = copy_store(opened, destination, artifacts=to_artifacts)
    if json:
        print_json(asdict(copied))
        return
    print_text(
        f"{counted(copied.num_results, 'result')} and {counted(copied.num_files, 'file')} "
        f"({size(copied.num_bytes)}) copied to {shown}"
    )


def remove(
    store: Store,
    study: Annotated[str, typer.Option("--study", metavar="NAME", help="Which study.")],
    run: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="ID", help="Only this run of it; may be repeated."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    artifacts: Artifacts = None,
    json: AsJson = False,
) -> None:
    """Take a study, or some of its runs, out of a store with their files. Final."""
    from ..store import RunStore
    from ..store import remove as remove_runs

    with RunStore.open(store, artifacts=artifacts) as opened:
        run_ids = [opened.find_run(beginning) for beginning in run] if run else None
        planned = opened.planned(study)
        num_runs = len(run_ids) if run_ids else len({p.run_id for p in planned})
        opened.require_folder()
        if not yes:
            _ask(f"Remove {counted(num_runs, 'run')} of study {study} from {opened}?")
        removed = remove_runs(opened, study, run_ids)
    if json:
        print_json(asdict(removed))
        return
    print_text(
        f"{counted(len(removed.run_ids), 'run')} and {counted(len(removed.files), 'file')} "
        f"removed, {counted(len(removed.shared_run_ids), 'run')} of other studies kept"
    )


def collect_garbage(
    store: Store,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list it.")] = False,
    artifacts: Artifacts = None,
    json: AsJson = False,
) -> None:
    """Delete checkpoints of finished runs and files that belong to no run."""
    from ..store import RunStore
    from ..store import collect_garbage as collect

    with RunStore.open(store, artifacts=artifacts) as opened:
        garbage = collect(opened, dry_run=dry_run)
    if json:
        print_json(asdict(garbage))
        return
    print_text(*(str(path) for path in garbage.files))
    verb = "would go" if dry_run else "deleted"
    print_text(
        f"{counted(len(garbage.files), 'file')} ({size(garbage.num_bytes)}) and "
        f"{counted(len(garbage.run_ids), 'run')} {verb}"
        + ("" if dry_run else f"; the database shrank by {size(garbage.freed_bytes)}")
    )


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise SpecError("store rm cannot ask, since this is no terminal: give --yes")
    typer.confirm(printable(question), abort=True)
