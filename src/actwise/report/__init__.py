"""Tables and reports for people and for other programs. Torch-free."""

import sys
from types import ModuleType
from typing import Any

from .formats import FORMATS as FORMATS
from .formats import render as render
from .formats import write as write
from .text import text_renderables as text_renderables


class _CallableModule(ModuleType):
    """``aw.report(...)`` stays a function although the package of its name is imported."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Write a report; see :func:`.html.report`."""
        from .html import report

        return report(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
