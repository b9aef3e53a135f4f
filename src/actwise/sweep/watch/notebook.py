"""A sweep live in a notebook: the bars of a terminal, in one output that is replaced."""

import io
import time
from typing import Any

from .bars import RichProgress
from .events import Event, RunEnded, RunProgress, SweepStarted

_COLUMNS = 120
_SECONDS = 0.3
"""Between two pictures of what only goes on."""
_MOST_LINES = 20
_PAGE = '<pre style="white-space:pre;overflow-x:auto;line-height:normal">{code}</pre>'


class NotebookProgress(RichProgress):
    """Bars while it runs; then what went wrong or is to be known, and the end."""

    def __init__(self) -> None:
        super().__init__(io.StringIO(), width=_COLUMNS, record=True, force_jupyter=False)
        self._lines: list[str] = []
        self._handle: Any = None
        self._next_time = 0.0
        self._is_over = False

    def emit(self, event: Event) -> None:
        """Draw what changed."""
        super().emit(event)
        if not isinstance(event, RunProgress) or time.monotonic() >= self._next_time:
            self._draw()

    def close(self) -> None:
        """Take the bars away."""
        if not self._is_over:
            self._is_over = True
            self._draw()

    def _begin(self) -> None:
        """Nothing runs beside: every picture is drawn on an event."""

    def _tell(self, event: Event, line: str) -> None:
        is_counted = isinstance(event, RunEnded) and event.status == "finished"
        if not is_counted and not isinstance(event, SweepStarted):
            self._lines = [*self._lines, line][-_MOST_LINES:]

    def _draw(self) -> None:
        from IPython.display import display

        self._next_time = time.monotonic() + _SECONDS
        for line in self._lines:
            self._console.print(line)
        if not self._is_over:
            self._console.print(self._bars.get_renderable())
        text = self._console.export_text(clear=False)
        html = self._console.export_html(inline_styles=True, code_format=_PAGE)
        shown = {"text/plain": text, "text/html": html}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown, raw=True)
