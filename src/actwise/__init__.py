"""actwise: which activation function should this network use?

Names below are loaded when they are first used, so that ``import actwise`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .activations import activation as activation
    from .activations import gain as gain
    from .analysis.analyze import analyze as analyze
    from .report.html import report as report
    from .spec import load_study as load_study
    from .store import RunStore as RunStore
    from .sweep import load_model as load_model
    from .sweep.run import run as run
    from .tasks import TaskActivation as TaskActivation

_HOMES = {
    "RunStore": "store",
    "TaskActivation": "tasks",
    "activation": "activations",
    "analyze": "analysis.analyze",
    "gain": "activations",
    "load_model": "sweep",
    "load_study": "spec",
    "report": "report.html",
    "run": "sweep.run",
}
__all__ = [
    "RunStore",
    "TaskActivation",
    "__version__",
    "activation",
    "analyze",
    "gain",
    "load_model",
    "load_study",
    "report",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'actwise' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
