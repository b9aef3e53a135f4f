"""Tables and reports for people and for other programs. Torch-free."""

import sys
from types import ModuleType
from typing import Any

from .json import analysis_json as analysis_json
from .signal import signal_text as signal_text
from .signal import write_signal as write_signal
from .tables import FORMATS as FORMATS
from .tables import plain as plain
from .tables import render as render
from .tables import table_text as table_text
from .tables import write as write
from .terminal import analysis_text as analysis_text


class _CallableModule(ModuleType):
    """``aw.report(...)`` stays a function although the package of its name is imported."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Write a report; see :func:`.html.report`."""
        from .html import report

        return report(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
