"""``actwise watch``: a live page of a store in the browser."""

from typing import Annotated

import typer

from .options import Artifacts, Store, StudyName, Where
from .output import print_text


def watch(
    store: Store,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="0: any that is free.")
    ] = 0,
    study: StudyName = None,
    where: Where = None,
    artifacts: Artifacts = None,
) -> None:
    """Serve a live page of how the runs stand, on this machine alone, until Ctrl-C."""
    import sys

    from ..board import BoardServer
    from ..store import RunStore

    with (
        RunStore.open(store, artifacts=artifacts) as opened,
        BoardServer(opened, port=port, study=study, where=where or []) as server,
    ):
        port = server.server_port
        print_text(
            f"watching {opened} at {server.url}",
            f"from another machine: ssh -L {port}:127.0.0.1:{port} HOST, and the same address",
            "Ctrl-C ends it",
        )
        sys.stdout.flush()
        server.serve_forever()
