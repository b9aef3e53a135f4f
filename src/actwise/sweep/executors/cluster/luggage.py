"""What a run needs of the driver's machine: where it is looked for on a node, and put if missing.

Users' code travels as the files that count in the ids of runs. A node that has the same files where
the driver has them, as on a network folder, works with those; so what lies beside them is found.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ....usercode import is_installed, search_path
from ...worker import Start

_PLACES = ("ACTWISE_CACHE", "ACTWISE_DATA")
"""Variables that a machine knows better than the driver does."""

Files = Mapping[str, bytes]
"""Of users' code, by their path from a folder of ``sys.path``."""


def start_here(start: Start, files: Files, place: Path) -> Start:
    """What a process of this machine is told, so that it finds what the driver's would.

    Args:
        start: Of the driver's machine.
        files: Of the code that it is for.
        place: Folder of this machine into which they are written if it lacks one of them.
    """
    theirs = [entry for entry in start.import_path if _is_users_folder(entry)]
    if not all(_is_found(name, content, theirs) for name, content in files.items()):
        for name, content in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        theirs.insert(0, str(place))
    folder = start.folder if Path(start.folder).is_dir() else str(place)
    return Start(
        folder=folder,
        import_path=tuple(dict.fromkeys([*theirs, *filter(None, search_path())])),
        environment=environment_here(start),
    )


def environment_here(start: Start) -> dict[str, str]:
    """The variables of the driver, and this machine's own where they name places."""
    own = {name: os.environ[name] for name in _PLACES if name in os.environ}
    return start.environment | own


def _is_users_folder(entry: str) -> bool:
    path = Path(entry)
    return path.is_dir() and not is_installed(path / "any.py")


def _is_found(name: str, content: bytes, folders: list[str]) -> bool:
    """Whether an import finds this file, and not another, in these folders."""
    paths = (Path(folder, name) for folder in folders)
    path = next((path for path in paths if path.is_file()), None)
    return path is not None and path.read_bytes() == content
