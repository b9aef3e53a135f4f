"""An analysis for a terminal: what to use on one screen, everything with ``--full``."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from rich.text import Text

from ..analysis import Analysis
from ..numbers import counted
from ..printable import printable
from . import words
from .tables import Fitted, View, text_lines, wrap
from .views import choice_view, conditions_view, sections

MOST_LINES = 40
"""Of the short form, on a terminal wide enough for its names."""
MOST_ROWS = 60
"""Rows of one table with ``--full``; ``--json`` has all."""
_CHOICE_LINES, _NEXT_LINES = 15, 11
"""Of these at most so many for the choices and for the next steps."""
_INDENT = 7


def analysis_text(
    analysis: Analysis, *, command: str = "actwise analyze", full: bool = False
) -> Fitted:
    """What to print on a rich Console; it adapts to the console's width.

    Args:
        analysis: From :func:`actwise.analyze`.
        command: That made it, for the commands that say more.
        full: Everything, not only the first screen.
    """
    named = words.with_labels(analysis)
    return Fitted(lambda width: _lines(named, command, width, full=full))


def _lines(analysis: Analysis, command: str, width: int, *, full: bool) -> Iterator[Text]:
    yield from _first_screen(analysis, command, width, full=full)
    if full:
        yield from _sections(analysis, width)


def _first_screen(analysis: Analysis, command: str, width: int, *, full: bool) -> Iterator[Text]:
    decision = [*_decision(analysis, width, full=full)]
    ending = [] if full else [*_ending(analysis, command, width)]
    room = MOST_LINES - len(decision) - len(ending) - 1
    table, steps = [], [*_next(analysis, width, None if full else _NEXT_LINES)]
    conditions = None if full else conditions_view(analysis)
    if conditions and len(conditions.rows) > len(analysis.decision.networks):
        table = [Text(), *_table(conditions, width)]
    if table and len(table) + len(steps) > room:
        few = [*_next(analysis, width, room - len(table) - 2)]
        table, steps = (table, few) if len(table) + len(few) <= room else ([], steps)
    yield from (*decision, *table, *steps, Text(), *ending)


def _decision(analysis: Analysis, width: int, *, full: bool) -> Iterator[Text]:
    about = (words.study_title(analysis), words.size_text(analysis), words.training_scale(analysis))
    yield from _line("   ".join(filter(None, about)), width)
    for remark in words.remarks(analysis):
        yield from _wrapped(remark, width)
    yield Text()
    is_short = not full and len(analysis.decision.networks) > _CHOICE_LINES / 2
    choice = choice_view(analysis, most_names=2 if is_short else 5)
    colon = ":" if choice else ""
    yield from _wrapped(f"{words.headline(analysis)}{colon}", width, style="bold")
    if choice:
        lines = partial(text_lines, choice, width)
        yield from _first(lines, len(choice.rows), None if full else _CHOICE_LINES)
    yield from _wrapped(" ".join(words.steadiness(analysis)), width)


def _next(analysis: Analysis, width: int, most_lines: int | None) -> Iterator[Text]:
    steps = words.next_steps(analysis)

    def lines(count: int) -> Iterator[Text]:
        for place, step in enumerate(steps[:count]):
            yield from _wrapped(step.sentence, width, name=" " if place else "Next")
            yield from _shell(step.command, width)

    if steps:
        yield Text()
        yield from _first(lines, len(steps), most_lines)


def _first(
    lines: Callable[[int], Iterable[Text]], count: int, most_lines: int | None
) -> Iterator[Text]:
    """The lines of as many things as so many lines hold, one at least, and what is left out."""
    shown = count
    while most_lines is not None and shown > 1 and len([*lines(shown)]) > most_lines:
        shown = min(shown, most_lines + 1) - 1
    yield from lines(shown)
    yield from _left_out(count, shown, "--full")


def _ending(analysis: Analysis, command: str, width: int) -> Iterator[Text]:
    if line := words.claims_line(analysis):
        yield from _wrapped(f"{words.claims_scale(analysis)}: {line}.", width)
    count = len(analysis.findings)
    found = f" ({counted(count, 'finding')})" if count else ""
    report = command.replace(" analyze", " report", 1) + " -o report.html"
    both = Text(f"{'More':{_INDENT}}{command} --full{found}   {report}")
    if len(both) <= width:
        yield both
        return
    yield Text(f"More{found}")
    yield from _shell(f"{command} --full", width)
    yield from _shell(report, width)


def _sections(analysis: Analysis, width: int) -> Iterator[Text]:
    for section in sections(analysis):
        for view in section.views:
            yield Text()
            yield from _table(view, width)
        if section.sentences:
            yield Text()
            yield Text(section.title, style="bold")
            for sentence in section.sentences:
                yield from _wrapped(f"- {sentence}", width)


def _table(view: View, width: int) -> Iterator[Text]:
    yield Text(view.title, style="bold")
    yield from text_lines(view, width, MOST_ROWS)
    yield from _left_out(len(view.rows), MOST_ROWS, "--json")
    yield from _wrapped(view.note, width, style="dim")


def _left_out(count: int, shown: int, where: str) -> Iterator[Text]:
    if count > shown:
        yield Text(f"... and {count - shown:,} more: {where} has all", style="dim")


def _shell(command: str, width: int) -> Iterator[Text]:
    """A command that can be copied: lines that are too long go on after a backslash."""
    line = ""
    for word in map(shlex.quote, shlex.split(command)):
        if line and len(line) + len(word) + 3 > width:
            # Of a word that fills the line the backslash must not fold into one of its own.
            yield Text(f"{line} \\", no_wrap=True, overflow="ignore")
            line = ""
        line = f"{line} {word}" if line else f"{' ' * (_INDENT + 2)}{word}"
    yield from [Text(line, no_wrap=True, overflow="ignore")] if line else []


def _line(text: str, width: int) -> Iterator[Text]:
    """A line with its gaps where it fits."""
    yield from [Text(printable(text))] if len(text) <= width else _wrapped(text, width)


def _wrapped(text: str, width: int, *, name: str = "", style: str = "") -> Iterator[Text]:
    """The lines of a text; one with a name, which may be a blank, is set in."""
    indent = _INDENT if name else 0
    for place, line in enumerate(wrap(printable(text), width - indent)):
        yield from [Text(f"{'' if place else name.strip():{indent}}{line}", style)] if line else []
