"""actwise: which activation function should this network use?

Names below are loaded when they are first used, so that ``import actwise`` costs nothing.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .activations import activation as activation
    from .activations import gain as gain
    from .analysis import Analysis as Analysis
    from .analysis.analyze import analyze as analyze
    from .diagnostics import SignalReport as SignalReport
    from .diagnostics import diagnose as diagnose
    from .diagnostics import reestimate as reestimate
    from .recommend import Advice as Advice
    from .recommend import Race as Race
    from .recommend import Trial as Trial
    from .recommend import cost as cost
    from .recommend.run import recommend as recommend
    from .report.html import report as report
    from .spec import load_study as load_study
    from .store import RunStore as RunStore
    from .store.exchange import Runs as Runs
    from .store.exchange import runs as runs
    from .surgery import Audit as Audit
    from .surgery import SwapReport as SwapReport
    from .surgery import audit as audit
    from .surgery import load_filling as load_filling
    from .surgery import parameter_groups as parameter_groups
    from .surgery import swap as swap
    from .sweep import load_model as load_model
    from .sweep.run import run as run
    from .tasks import TaskActivation as TaskActivation

_HOMES = {
    "Advice": "recommend",
    "Analysis": "analysis",
    "Audit": "surgery",
    "Race": "recommend",
    "RunStore": "store",
    "Runs": "store.exchange",
    "SignalReport": "diagnostics",
    "SwapReport": "surgery",
    "TaskActivation": "tasks",
    "Trial": "recommend",
    "activation": "activations",
    "analyze": "analysis.analyze",
    "audit": "surgery",
    "cost": "recommend",
    "diagnose": "diagnostics",
    "gain": "activations",
    "load_filling": "surgery",
    "load_model": "sweep",
    "load_study": "spec",
    "parameter_groups": "surgery",
    "recommend": "recommend.run",
    "reestimate": "diagnostics",
    "report": "report.html",
    "run": "sweep.run",
    "runs": "store.exchange",
    "swap": "surgery",
}
__all__ = [*_HOMES]  # noqa: PLE0604 (the table is the list)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'actwise' has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return ["__version__", *__all__]


class _Package(ModuleType):
    """``report`` and ``recommend`` stay functions although folders have these names."""

    def __setattr__(self, name: str, value: Any) -> None:
        # An import writes the folder here, as an attribute of its package.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
