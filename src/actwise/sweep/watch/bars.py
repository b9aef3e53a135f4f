"""A sweep live on a terminal: a bar for all runs, and a line for each in flight."""

from typing import Any, TextIO

from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from ...printable import printable, printable_console
from .events import (
    Event,
    RunEnded,
    RunEndedElsewhere,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepEnded,
    SweepStarted,
)
from .words import (
    Counter,
    describe_epoch,
    describe_event,
    describe_rate,
    describe_seconds,
    fold,
    shorten_middle,
)

_WIDE = 120
"""Columns of a terminal that holds a long bar beside the names of runs and how they stand."""
_BESIDE, _LEAST_NAME = 50, 24
"""Columns of a bar and of how a run stands, beside its name; the least of a name."""


class RichProgress:
    """Bars that stay at the bottom; runs that end scroll by above them."""

    def __init__(self, stream: TextIO, **options: Any) -> None:
        """Nothing is drawn before the first event; ``stream`` is a terminal, the rest is rich's."""
        self._console = printable_console(stream, **options)
        self._bars = Progress(
            # Where a name shortened in its middle is too long still, it folds; the rest does not.
            TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold")),
            BarColumn(bar_width=40 if self._console.width >= _WIDE else 10),
            TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
            console=self._console,
            # Runs redirect the streams themselves, into their logs.
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
        )
        self._counter = Counter()
        self._all: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}

    def emit(self, event: Event) -> None:
        """Draw what changed."""
        self._counter.count(event)
        if isinstance(event, SweepStarted):
            self._begin()
            self._all = self._bars.add_task(
                f"study {event.study}", total=event.num_runs, state=f"{self._counter} runs"
            )
        if isinstance(event, RunStarted):
            self._tasks[event.run_id] = self._bars.add_task(
                f"  {shorten_middle(event.label, max(_LEAST_NAME, self._console.width - _BESIDE))}",
                total=1.0,
                state="compiling" if event.is_compiling else "starting",
            )
        elif isinstance(event, RunProgress):
            self._show_run(event)
        elif isinstance(event, RunEnded | RunPutBack) and event.run_id in self._tasks:
            self._bars.remove_task(self._tasks.pop(event.run_id))
        if self._all is not None and isinstance(event, SweepStarted | RunEnded | RunEndedElsewhere):
            self._bars.update(
                self._all, completed=self._counter.done, state=f"{self._counter} runs"
            )
        if isinstance(event, SweepEnded):
            self.close()
        if isinstance(event, RunProgress | RunStarted):
            return
        width = self._console.width
        line = describe_event(event, width=width)
        if line is not None:
            self._tell(event, fold(printable(line), width))

    def close(self) -> None:
        """Take the bars away and give the cursor back."""
        self._bars.stop()

    def _begin(self) -> None:
        self._bars.start()

    def _tell(self, event: Event, line: str) -> None:
        self._console.print(line, soft_wrap=True)

    def _show_run(self, event: RunProgress) -> None:
        if event.epochs is None:
            self._bars.update(self._tasks[event.run_id], state=describe_epoch(event))
        else:
            fraction = (event.epoch - 1 + event.batch / event.batches) / event.epochs
            loss = "" if event.loss is None else f" loss {event.loss:.3f}"
            state = f"{describe_epoch(event)}{loss} {describe_rate(event)}"
            self._bars.update(self._tasks[event.run_id], completed=fraction, state=state)
        if self._all is not None and event.seconds_left is not None:
            left = f"{self._counter} runs, about {describe_seconds(event.seconds_left)} left"
            self._bars.update(self._all, state=left)
