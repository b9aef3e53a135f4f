"""What trains runs, and what it and its driver say to each other.

``python -m actwise.sweep.worker`` is a worker process. Names that need torch are loaded when they
are first used: a driver imports none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .assignment import make_assignment as make_assignment
from .assignment import make_setup as make_setup
from .batch_clock import BatchClock as BatchClock
from .protocol import WORKERS_LOG as WORKERS_LOG
from .protocol import Advanced as Advanced
from .protocol import Answer as Answer
from .protocol import Assignment as Assignment
from .protocol import CellQuestion as CellQuestion
from .protocol import Costed as Costed
from .protocol import CostQuestion as CostQuestion
from .protocol import Described as Described
from .protocol import Done as Done
from .protocol import Message as Message
from .protocol import Order as Order
from .protocol import PutBack as PutBack
from .protocol import Refused as Refused
from .protocol import Result as Result
from .protocol import Round as Round
from .protocol import Setup as Setup
from .protocol import Start as Start
from .protocol import StepTimes as StepTimes
from .protocol import Stop as Stop
from .protocol import Tried as Tried
from .protocol import Work as Work
from .protocol import WorkerQuestion as WorkerQuestion
from .protocol import decode as decode
from .protocol import encode as encode
from .protocol import is_told_at_start as is_told_at_start
from .run_log import streams_to as streams_to

if TYPE_CHECKING:
    from .accidents import accident as accident
    from .attempt import attempt_run as attempt_run
    from .process_state import ProcessState as ProcessState
    from .process_state import is_coloured as is_coloured
    from .process_state import peak_memory_bytes as peak_memory_bytes

_NEED_TORCH = {
    "ProcessState": "process_state",
    "accident": "accidents",
    "attempt_run": "attempt",
    "is_coloured": "process_state",
    "peak_memory_bytes": "process_state",
}


def __getattr__(name: str) -> Any:
    if name not in _NEED_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_NEED_TORCH[name]}", __name__), name)
