"""Breaking long names where a reader would: at spaces, else after a colon, a plus or a comma."""

import re

from rich.cells import cell_len, chop_cells

_PIECE = re.compile(r"[^:+,]*[:+,]+|[^:+,]+")


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns; only a word that is wider than a line is cut.

    Nothing is left out, so that two names never look alike; lines of the text stay lines.
    """
    return [line for part in text.split("\n") for line in _wrapped(part, width)]


def widest_word(text: str) -> int:
    """Columns below which :func:`wrap` would have to cut a word."""
    return max((cell_len(p) for word in text.split() for p in _PIECE.findall(word)), default=0)


def widest_line(text: str) -> int:
    """Columns of the text as it is."""
    return max(map(cell_len, text.split("\n")))


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
        elif cell_len(word) <= width:
            lines.append(word)
        else:
            lines += _broken(word, width)
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _broken(word: str, width: int) -> list[str]:
    lines = [""]
    for piece in _PIECE.findall(word):
        if cell_len(lines[-1] + piece) <= width:
            lines[-1] += piece
        else:
            lines += chop_cells(piece, width)
    return [line for line in lines if line]
