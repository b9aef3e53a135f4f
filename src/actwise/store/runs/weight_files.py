"""Where the weights of runs lie: under their lease until it has its result, then under the run.

So a worker whose lease was lost, and that still writes, cannot replace the weights of a result.
"""

import os
from pathlib import Path

from ..database import StoreUnavailableError


def kept_weights(folder: Path, run_id: str) -> Path:
    """File of the weights of a recorded run."""
    return folder / f"{run_id}.safetensors"


def written_weights(folder: Path, run_id: str, token: int) -> Path:
    """File of the weights that were trained under a lease, while its result is not recorded."""
    return folder / f"{run_id}.{token}.safetensors"


def keep_weights(folder: Path, run_id: str, token: int) -> None:
    """Put the weights of a lease, if it wrote any, in their place; durable on return.

    Raises:
        StoreUnavailableError: if the disk refuses; another attempt may do better.
    """
    written = written_weights(folder, run_id, token)
    try:
        if written.exists():
            written.replace(kept_weights(folder, run_id))
            _sync(folder)
    except OSError as error:
        raise StoreUnavailableError(
            f"weights {str(written)!r} cannot be put in their place: {error.strerror}"
        ) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
