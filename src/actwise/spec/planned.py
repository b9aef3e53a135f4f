"""PlannedRun: one line of a plan, under the label that the study asked for."""

from dataclasses import dataclass
from typing import Any

from .run import RunSpec


@dataclass(frozen=True)
class PlannedRun:
    """A run as a study asks for it, and what it really is.

    Two labels whose networks and data are the same (``bn`` and ``bn+dropout`` for a ResNet
    without dropout sites) carry the same ``run_id`` at the same seed: aliased cells, trained once.

    Attributes:
        spec: The settings as asked.
        cell_hash: What the replicates of a cell share.
        spec_hash: What is trained, whatever the engine.
        run_id: ``spec_hash`` as trained by this engine.
        settings: The canonical settings that are hashed.
        is_aliased: Whether another label of the same plan has the same cell.
        parameters: Learned values of the network.
    """

    spec: RunSpec
    cell_hash: str
    spec_hash: str
    run_id: str
    settings: dict[str, Any]
    is_aliased: bool
    parameters: int
