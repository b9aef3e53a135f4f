"""What all HTML pages share: the environment of their templates, their style, their pictures."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..numbers import counted
from ..printable import printable
from .figures import NARROW, WIDE, Drawing, svg_style, to_svg

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_ROWS = 400
"""Rows of one table in a report; ``analyze --json`` has them all."""
_FOLDER = Path(__file__).parent / "templates"


@cache
def make_environment() -> "Environment":
    """Of the templates, compiled once a process; every text is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_values(*, command: str, now: datetime | None) -> dict[str, Any]:
    """What every template asks for: style, provenance, and how pictures and counts are shown.

    Args:
        command: What made the page.
        now: The time that it bears; None: this moment, UTC.
    """
    from markupsafe import Markup

    style = page_style()
    return {
        # Both are ours: the style sheet is a file beside this one, pictures escape their texts.
        "style": Markup(style),
        "picture": Markup,
        "digest": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "counted": counted,
        "command": command,
        "version": __version__,
        "most_rows": MOST_ROWS,
        "now": (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
    }


def page_style() -> str:
    """The style sheet of every page, with the colours of pictures."""
    return template_text("report.css") + svg_style(root=":root")


def template_text(name: str) -> str:
    """A file that lies beside the templates, as it is."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def both_widths(draw: Callable[[float], list[Drawing]]) -> dict[str, list[str]]:
    """Pictures for a wide window, which they share, and for a narrow one; empty without any."""
    narrow = draw(NARROW)
    wide = draw(max(NARROW, WIDE / max(1, len(narrow))))
    both = {"wide": wide, "narrow": narrow} if narrow else {}
    return {name: [to_svg(drawing) for drawing in found] for name, found in both.items()}


def _shown(value: Any) -> Any:
    """What a page shows of a value; markup is ours."""
    return value if hasattr(value, "__html__") else printable(str(value), keep="\n")
