"""A result as a few lines of text, and as HTML for a notebook: decision, table and figure.

The HTML is inert and stands beside what others show: no script, no identifiers, all rules of its
style inside one class, every text escaped by the template. It has a paper of its own, light or dark
as the notebook is, so that it can be read on any.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ..printable import printable
from . import words
from .figures import Drawing, nested_svg_style, to_svg
from .page import make_environment, template_text
from .tables import View, text_lines, wrap

MOST_CHARACTERS = 1_400
"""Of the text; a line says what is left out."""
MOST_ROWS = 20
"""Of the table in HTML."""
_MOST_LINES, _WIDTH = 8, 88
"""Rows of the table in the text, and its columns."""


@dataclass(frozen=True, kw_only=True)
class Display:
    """What is shown of one result.

    Attributes:
        about: What it is of; "" for nothing to say.
        decision: The sentence that matters.
        before, after: Sentences above and below the table.
        table: Its main table.
        draw: Its figures; asked for only by a notebook.
        values: All of it as plain values, where the result cannot say that itself.
    """

    about: str
    decision: str
    before: Sequence[str] = ()
    table: View | None = None
    after: Sequence[str] = ()
    draw: Callable[[], list[Drawing]] = list
    values: Callable[[], dict[str, object]] = dict

    def text(self) -> str:
        """At most :data:`MOST_CHARACTERS` in whole lines, without control characters."""
        found: list[str] = []
        for line in self._lines():
            if sum(map(len, found)) + len(found) + len(line) > MOST_CHARACTERS:
                return "\n".join([*found, "..."])
            found.append(line)
        return "\n".join(found)

    def html(self) -> str:
        """One element of the class ``actwise``."""
        from markupsafe import Markup

        template = make_environment().get_template("notebook.html.j2")
        return template.render(
            shown=self,
            words=words,
            most_rows=MOST_ROWS,
            # Both are ours: the style sheet is a file, and pictures escape their texts.
            style=Markup(_style()),
            pictures=[Markup(to_svg(drawing)) for drawing in self.draw()],
        )

    def _lines(self) -> Iterator[str]:
        for sentence in filter(None, (self.about, self.decision, *self.before)):
            yield from wrap(printable(sentence), _WIDTH)
        if self.table is not None:
            yield from (line.plain for line in text_lines(self.table, _WIDTH, _MOST_LINES))
            if (left := len(self.table.rows) - _MOST_LINES) > 0:
                yield f"... and {left:,} more: .to_frame()"
        for sentence in self.after:
            yield from wrap(printable(sentence), _WIDTH)


@cache
def _style() -> str:
    return f".actwise.actwise{{{template_text('notebook.css')}{nested_svg_style()}}}"
